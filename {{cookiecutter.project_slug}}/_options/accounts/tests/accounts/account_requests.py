"""Requests to the account endpoints."""

from typing import Any
from uuid import uuid4

import httpx2

ACCOUNTS = "/api/v1/accounts"
TOKEN = f"{ACCOUNTS}/token"
PASSWORD = "a password used only in tests"


def register(client: httpx2.Client, **changes: Any) -> httpx2.Response:
    """Register an account with a new email address."""
    return client.post(ACCOUNTS, json={"email": new_email(), "password": PASSWORD} | changes)


def new_email() -> str:
    """Return a unique email address."""
    return f"{uuid4().hex}@example.com"


def log_in(client: httpx2.Client, email: str, password: str = PASSWORD) -> httpx2.Response:
    """Log in with a password."""
    return client.post(TOKEN, data={"username": email, "password": password})


def refresh(client: httpx2.Client, tokens: dict[str, Any]) -> httpx2.Response:
    """Exchange a refresh token for new tokens."""
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    return client.post(TOKEN, data=form)


def sign_up(client: httpx2.Client) -> dict[str, Any]:
    """Register an account and log in; return the tokens."""
    response = register(client)
    assert response.status_code == 201, response.text
    tokens: dict[str, Any] = log_in(client, response.json()["email"]).json()
    return tokens


def authorization(tokens: dict[str, Any]) -> dict[str, str]:
    """Return the Authorization header with an access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def read_me(client: httpx2.Client, tokens: dict[str, Any]) -> httpx2.Response:
    """Request the account of an access token."""
    return client.get(f"{ACCOUNTS}/me", headers=authorization(tokens))
