"""Dependencies of endpoints on an account: required, optional, with scopes."""

from collections.abc import Iterator
from types import SimpleNamespace

import httpx2
import pytest

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import scopes
from {{ cookiecutter.package_name }}.config import Settings

from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import rolled_back, route_statements
from .account_requests import ACCOUNTS, TOKEN, authorization, read_me, sign_up
from .endpoints import route_identities, route_news, route_reports, set_request_state

PROMOTE = "UPDATE users SET scope = 'other reports:read'"


@pytest.fixture
def client(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx2.Client]:
    monkeypatch.setitem(scopes.SCOPES, "reports:read", "Read reports.")
    route_reports(app, "/reports", "reports:read")
    route_news(app, "/news")
    route_statements(app, "/promote", [PROMOTE], "POST")
    with client_for(app) as client, rolled_back(app, client):
        yield client


def test_scope_is_required(client: httpx2.Client) -> None:
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
    client.post(f"{ACCOUNTS}/logout", headers=reader)
    assert client.get("/news", headers=reader).status_code == 401
    assert client.get("/news").json() is False


def test_identity_is_the_id_of_the_account(app: App, client: httpx2.Client) -> None:
    route_identities(app, "reports:read")
    reader = authorization(sign_up(client))
    account_id = client.get(f"{ACCOUNTS}/me", headers=reader).json()["id"]

    anonymous = [client.get(path) for path in ("/required", "/optional", "/stream")]
    assert [each.status_code for each in anonymous] == [401, 200, 401]
    assert anonymous[1].json() is None
    for path in ("/required", "/optional"):
        assert client.get(path, headers=reader).json() == account_id


def test_identity_of_a_stream_requires_its_scope(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(scopes.SCOPES, "reports:read", "Read reports.")
    own = create_app(settings.model_copy(update={"database_url": make_database()}))
    route_identities(own, "reports:read")
    route_statements(own, "/promote", [PROMOTE], "POST")

    with client_for(own) as client:
        reader = authorization(sign_up(client))
        assert client.get("/stream", headers=reader).status_code == 403
        client.post("/promote")
        account_id = client.get("/required", headers=reader).json()
        assert client.get("/stream", headers=reader).json() == account_id


def test_document_describes_required_authentication(client: httpx2.Client) -> None:
    security = client.get("/openapi.json").json()["paths"]["/reports"]["get"]["security"]

    assert security == [{"OAuth2PasswordBearer": []}]


def test_undeclared_scope_raises_an_error(app: App) -> None:
    with pytest.raises(ValueError, match=r"'reports:raed' is not a scope; .* declares: "):
        route_reports(app, "/reports", "reports:raed")


def test_document_describes_the_declared_scopes(settings: Settings) -> None:
    with client_for(create_app(settings)) as client:
        document = client.get("/openapi.json").json()

    flow = {"tokenUrl": TOKEN.removeprefix("/"), "scopes": scopes.SCOPES}
    assert document["components"]["securitySchemes"] == {
        "OAuth2PasswordBearer": {"type": "oauth2", "flows": {"password": flow}}
    }


@pytest.mark.parametrize(
    "user", [None, SimpleNamespace(id=1, email="alice@example.com", scope="reports:read")]
)
def test_application_state_and_cookies_do_not_authenticate(
    app: App, user: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(scopes.SCOPES, "reports:read", "Read reports.")
    route_reports(app, "/reports", "reports:read")
    values = dict.fromkeys(["user", "current_user", "claims", "login", "attempts_left"], user)
    set_request_state(app, values)

    with client_for(app) as client, rolled_back(app, client):
        tokens = sign_up(client)
        cookie = {"Cookie": f"session={tokens['access_token']}"}

        assert read_me(client, tokens).json()["email"].endswith("@example.com")
        assert client.get("/reports", headers=authorization(tokens)).status_code == 403
        for headers in ({}, cookie):
            assert client.get(f"{ACCOUNTS}/me", headers=headers).status_code == 401
            assert client.get("/reports", headers=headers).status_code == 401
            assert client.post(f"{ACCOUNTS}/logout", headers=headers).status_code == 401


def test_revoked_token_is_rejected_before_validation(client: httpx2.Client) -> None:
    reader = authorization(sign_up(client))
    client.post(f"{ACCOUNTS}/logout", headers=reader)

    for method, path in (
        ("GET", "/news"),
        ("GET", "/reports"),
        ("GET", f"{ACCOUNTS}/me"),
        ("PUT", f"{ACCOUNTS}/me/password"),
        ("POST", f"{ACCOUNTS}/logout"),
        ("POST", f"{ACCOUNTS}/logout-everywhere"),
    ):
        response = client.request(method, path, headers=reader, json={})
        assert response.status_code == 401, path
        assert "RateLimit" not in response.headers


def test_denied_access_is_logged(client: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    tokens = sign_up(client)
    user_id = read_me(client, tokens).json()["id"]
    caplog.clear()

    client.get("/reports", headers=authorization(tokens))
    client.post(f"{ACCOUNTS}/logout", headers=authorization(tokens))
    client.get("/news", headers=authorization(tokens))

    events = [vars(each) for each in caplog.records if hasattr(each, "event")]
    assert [(each["event"], str(each["user_id"])) for each in events] == [
        ("scope missing: reports:read", user_id),
        ("logged out", user_id),
        ("token refused", user_id),
    ]
    assert events[1]["login_id"] == events[2]["login_id"]
