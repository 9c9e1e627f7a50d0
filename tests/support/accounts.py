"""People with accounts of a running service."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.support.server import Server

ACCOUNTS = "/api/v1/accounts"
PASSWORD = "a password of the tests alone"


def register(server: Server) -> str:
    """Make an account, and return its address, which nobody has had."""
    email = f"{uuid4().hex}@example.com"
    server.post(ACCOUNTS, json.dumps({"email": email, "password": PASSWORD}), "application/json")
    return email


def log_in(server: Server, email: str) -> dict[str, Any]:
    """Return the tokens of a login."""
    return grant(server, username=email, password=PASSWORD)


def grant(server: Server, **form: str) -> dict[str, Any]:
    """Ask for tokens; raise HTTPError where they are refused."""
    tokens: dict[str, Any] = server.post(f"{ACCOUNTS}/token", urlencode(form), "application/x-www-form-urlencoded")
    return tokens
