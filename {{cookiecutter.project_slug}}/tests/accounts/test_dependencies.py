"""What endpoints may ask of accounts."""

from collections.abc import Iterator

import httpx2
import pytest

from ..conftest import App, scopes
from ..framework import client_for
from ..sessions import rolled_back, route_statements
from .endpoints import route_news, route_reports
from .people import authorization, sign_up

PROMOTE = "UPDATE users SET scope = 'other reports:read'"


@pytest.fixture
def client(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx2.Client]:
    monkeypatch.setitem(scopes.SCOPES, "reports:read", "Read reports.")
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


def test_scope_has_to_be_declared(app: App) -> None:
    with pytest.raises(ValueError, match=r"'reports:raed' is not a scope; .* declares: "):
        route_reports(app, "/reports", "reports:raed")


def test_document_describes_the_declared_scopes(client: httpx2.Client) -> None:
    document = client.get("/openapi.json").json()

    (scheme,) = document["components"]["securitySchemes"].values()
    described = scheme["flows"]["password"]["scopes"]
    assert described | {"reports:read": "Read reports."} == scopes.SCOPES
