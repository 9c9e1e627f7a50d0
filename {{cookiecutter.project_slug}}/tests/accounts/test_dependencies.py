"""What endpoints may ask of accounts."""

from collections.abc import Iterator

import httpx2
import pytest

from ..conftest import App
from ..framework import client_for
from ..sessions import rolled_back, route_statements
from .endpoints import route_news, route_reports
from .people import authorization, sign_up

PROMOTE = "UPDATE users SET scope = 'other reports:read'"


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    route_reports(app, "/reports", "reports:read")
    route_news(app, "/news")
    route_statements(app, "/promote", [PROMOTE], "POST")
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
