"""Requests of browsers to the pages of accounts."""

import httpx2

from ..accounts.account_requests import PASSWORD, new_email


def register(browser: httpx2.Client) -> str:
    """Register an account by its form; return its e-mail address."""
    email = new_email()
    response = browser.post("/register", data={"email": email, "password": PASSWORD})
    assert response.status_code == 303, response.text
    return email


def log_in(
    browser: httpx2.Client, email: str, password: str = PASSWORD, path: str = "/login"
) -> httpx2.Response:
    """Log in by the form."""
    return browser.post(path, data={"email": email, "password": password})
