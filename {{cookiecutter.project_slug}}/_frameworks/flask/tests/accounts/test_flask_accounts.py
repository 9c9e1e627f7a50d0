"""What Flask's views may ask of accounts."""

from collections.abc import Iterator
from importlib import import_module

import httpx2
import pytest

from ..conftest import PACKAGE, App
from ..framework import client_for, operation
from ..sessions import rolled_back, route_statements
from .people import authorization, sign_up

dependencies = import_module(f"{PACKAGE}.accounts.dependencies")


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    def read_reports() -> str:
        return str(dependencies.active_user().email)

    def read_news() -> bool:
        return dependencies.maybe_user() is not None

    reader = dependencies.scoped("reports:read")
    reports = operation(app, read_reports, security=reader)
    news = operation(app, read_news, security=dependencies.maybe_user)
    app.add_url_rule("/reports", view_func=reports)
    app.add_url_rule("/news", view_func=news)
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
