"""What FastAPI's endpoints may ask of accounts."""

from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends

from ..conftest import PACKAGE, App
from ..framework import client_for
from ..sessions import rolled_back, route_statements
from .people import authorization, sign_up

dependencies = import_module(f"{PACKAGE}.accounts.dependencies")


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    async def read_reports(user: Any) -> str:
        return str(user.email)

    async def read_news(user: Any) -> bool:
        return user is not None

    reader = Annotated[Any, Depends(dependencies.scoped("reports:read"))]
    read_reports.__annotations__["user"] = reader
    read_news.__annotations__["user"] = dependencies.MaybeUser
    app.add_api_route("/reports", read_reports)
    app.add_api_route("/news", read_news)
    promote = "UPDATE users SET scope = 'other reports:read'"
    route_statements(app, "/promote", [promote], "POST")
    with client_for(app) as client, rolled_back(app, client):
        yield client


def test_scope_is_needed(client: httpx2.Client) -> None:
    reader = authorization(sign_up(client))

    assert client.get("/reports").status_code == 401
    assert client.get("/reports", headers=reader).status_code == 403
    client.post("/promote")
    assert client.get("/reports", headers=reader).json().endswith("@example.com")


def test_account_is_optional(client: httpx2.Client) -> None:
    reader = authorization(sign_up(client))

    assert client.get("/news").json() is False
    assert client.get("/news", headers=reader).json() is True
    assert client.get("/news", headers={"Authorization": "Bearer no.such.token"}).status_code == 401
    security = client.get("/openapi.json").json()["paths"]["/reports"]["get"]["security"]
    assert security == [{"OAuth2PasswordBearer": []}]
