"""People with accounts."""

from typing import Any
from uuid import uuid4

import httpx2

ACCOUNTS = "/api/v1/accounts"
TOKEN = f"{ACCOUNTS}/token"
PASSWORD = "a password of the tests alone"


def register(client: httpx2.Client, **changes: Any) -> httpx2.Response:
    """Make an account of an address that nobody has had."""
    return client.post(ACCOUNTS, json={"email": an_address(), "password": PASSWORD} | changes)


def an_address() -> str:
    """Return an address that nobody has had."""
    return f"{uuid4().hex}@example.com"


def log_in(client: httpx2.Client, email: str, password: str = PASSWORD) -> httpx2.Response:
    """Give a password."""
    return client.post(TOKEN, data={"username": email, "password": password})


def refresh(client: httpx2.Client, tokens: dict[str, Any]) -> httpx2.Response:
    """Renew a login."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return client.post(TOKEN, data=form)


def sign_up(client: httpx2.Client) -> dict[str, Any]:
    """Make an account and log in; return the tokens."""
    response = register(client)
    assert response.status_code == 201, response.text
    tokens: dict[str, Any] = log_in(client, response.json()["email"]).json()
    return tokens


def authorization(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the header of requests with an access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def read_me(client: httpx2.Client, tokens: dict[str, Any]) -> httpx2.Response:
    """Ask whose a token is."""
    return client.get(f"{ACCOUNTS}/me", headers=authorization(tokens))
