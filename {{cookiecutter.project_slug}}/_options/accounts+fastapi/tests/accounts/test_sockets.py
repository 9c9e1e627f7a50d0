"""WebSockets that require an account."""

from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest
from fastapi import WebSocket
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from {{ cookiecutter.package_name }}.accounts import dependencies

from ..support.framework import App, client_for
from ..support.sessions import rolled_back
from .account_requests import ACCOUNTS, authorization, read_me, sign_up

URL = "ws://localhost/sockets/me"


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    async def greet(websocket: WebSocket, user: Any) -> None:
        await websocket.accept()
        await websocket.send_text(user.email)
        await websocket.receive_text()

    greet.__annotations__["user"] = dependencies.DetachedUser
    app.add_api_websocket_route("/sockets/me", greet)
    with client_for(app) as client, rolled_back(app, client):
        yield client


def test_authenticated_client_can_connect(client: httpx2.Client) -> None:
    tokens = sign_up(client)

    with cast(TestClient, client).websocket_connect(URL, headers=authorization(tokens)) as socket:
        assert socket.receive_text() == read_me(client, tokens).json()["email"]


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, "Bearer"),
        ({"Authorization": "Bearer no.such.token"}, 'Bearer error="invalid_token"'),
    ],
)
def test_unauthenticated_client_is_rejected(
    client: httpx2.Client, headers: dict[str, str], challenge: str
) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as rejected,
        cast(TestClient, client).websocket_connect(URL, headers=headers),
    ):
        pass

    assert rejected.value.status_code == rejected.value.json()["status"] == 401
    assert rejected.value.headers["WWW-Authenticate"] == challenge


def test_revoked_login_is_rejected(client: httpx2.Client) -> None:
    tokens = sign_up(client)
    client.post(f"{ACCOUNTS}/logout-everywhere", headers=authorization(tokens))

    with (
        pytest.raises(WebSocketDenialResponse) as rejected,
        cast(TestClient, client).websocket_connect(URL, headers=authorization(tokens)),
    ):
        pass

    assert rejected.value.status_code == 401
