"""The pages of e-mail addresses and forgotten passwords, with the links that jobs send."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..accounts import account_requests as api
from ..accounts.sent_mail import Post, with_mail
from ..support.databases import make_database
from .account_pages import log_in, register
from .browser import browser_of, links

NEW_PASSWORD = "another password for the tests"
SENT = "If this is the address of an account, a link was sent to it."


@pytest.fixture(scope="module")
def database_url() -> SecretStr:
    return make_database("email_pages")


@pytest.fixture
def settings(settings: Settings, database_url: SecretStr, tmp_path: Path) -> Settings:
    return with_mail(settings, database_url, tmp_path)


@pytest.fixture
def user(settings: Settings) -> Iterator[httpx2.Client]:
    """Yield a browser whose requests commit."""
    with browser_of(create_app(settings)) as browser:
        yield browser


@pytest.fixture
def post(settings: Settings, tmp_path: Path) -> Post:
    return Post(settings, tmp_path)


@pytest.fixture
def email(user: httpx2.Client, post: Post) -> str:
    """Register an account, and remove its first message."""
    email = register(user)
    post.messages()
    user.cookies.clear()
    return email


def forget(browser: httpx2.Client, email: str) -> httpx2.Response:
    return browser.post("/forgot-password", data={"email": email})


def reset(browser: httpx2.Client, email: str, password: str = NEW_PASSWORD) -> httpx2.Response:
    data = {"username": email, "new_password": password}
    return browser.post("/reset-password", data=data)


def open_link(browser: httpx2.Client, link: str) -> httpx2.Response:
    """Open the link of a message, and follow the redirect to a URL without the token."""
    first = browser.get(link)
    assert first.status_code == 303
    assert first.headers["Location"] == link.partition("?")[0]
    return browser.get(first.headers["Location"])


def is_confirmed(browser: httpx2.Client) -> bool:
    return ">Confirmed<" in browser.get("/account/email").text


def test_address_is_confirmed_by_the_button_and_not_by_the_link(
    user: httpx2.Client, post: Post
) -> None:
    email = register(user)
    link = post.link()
    log_in(user, email)
    assert "/account/email" in links(user.get("/account"))

    page = open_link(user, link)
    assert page.status_code == 200
    assert not is_confirmed(user)
    assert user.post("/confirm-email").headers["Location"] == "/"

    assert "Your e-mail address is confirmed." in user.get("/").text
    assert is_confirmed(user)
    open_link(user, link)
    again = user.post("/confirm-email")
    assert again.status_code == 422
    assert "The link is invalid, expired or used" in again.text


def test_confirmation_can_be_sent_again(user: httpx2.Client, post: Post, email: str) -> None:
    log_in(user, email)
    (action,) = [each for each in links(user.get("/account/email"), "action") if "email" in each]

    assert user.post(action).headers["Location"] == "/account/email"

    assert "A link was sent to your address." in user.get("/account/email").text
    open_link(user, post.link())
    user.post("/confirm-email")
    page = user.get("/account/email")
    assert action not in links(page, "action")


def test_address_is_changed_by_the_link(user: httpx2.Client, post: Post, email: str) -> None:
    log_in(user, email)
    typed = {"current_password": api.PASSWORD, "new_email": (new := api.new_email())}
    assert user.get("/account/email/change").text.count("required=") == 2

    wrong = user.post("/account/email/change", data=typed | {"current_password": "wrong"})
    assert "The current password is incorrect.</span>" in wrong.text
    assert post.messages() == []
    sent = user.post("/account/email/change", data=typed)
    assert sent.headers["Location"] == "/account/email"
    assert email in user.get("/account/email").text
    open_link(user, post.link())
    user.post("/confirm-email")

    assert new in user.get("/account/email").text
    assert log_in(user, email).status_code == 400


@pytest.mark.parametrize("path", ["", "/change", "/confirmation"])
def test_pages_of_the_address_require_a_login(user: httpx2.Client, path: str) -> None:
    send = user.post if path == "/confirmation" else user.get

    response = send(f"/account/email{path}")

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login")


def test_forgotten_password_is_reset(user: httpx2.Client, post: Post, email: str) -> None:
    log_in(user, email)
    assert "/forgot-password" in links(user.get("/login"))
    assert user.get("/forgot-password").status_code == 200
    assert forget(user, email).headers["Location"] == "/login"
    assert SENT in user.get("/login").text

    link = post.link()
    form = open_link(user, link)
    assert 'autocomplete="new-password"' in form.text
    assert form.headers["Cache-Control"] == "no-store"
    assert user.get("/account").status_code == 200
    weak = reset(user, email, "password1234")
    assert weak.status_code == 422
    assert "Too easy to guess; use more words.</span>" in weak.text
    assert reset(user, email).headers["Location"] == "/login"

    page = user.get("/login")
    assert "Your password was changed." in page.text
    assert "/logout" not in links(page, "action")
    assert user.get("/account").status_code == 303
    assert log_in(user, email).status_code == 400
    assert log_in(user, email, NEW_PASSWORD).status_code == 303
    assert open_link(user, link).status_code == 422


def test_login_of_another_browser_ends_with_the_reset(
    user: httpx2.Client, post: Post, email: str
) -> None:
    log_in(user, email)
    other = dict(user.cookies)
    user.cookies.clear()
    forget(user, email)
    open_link(user, post.link())

    reset(user, email)

    user.cookies.update(other)
    assert user.get("/account").status_code == 303


def test_form_resets_no_other_password_than_that_of_its_page(
    user: httpx2.Client, post: Post, email: str
) -> None:
    other = register(user)
    post.messages()
    user.cookies.clear()
    forget(user, other)
    open_link(user, post.link())
    forget(user, email)
    open_link(user, post.link())

    response = reset(user, other)

    assert response.status_code == 409
    assert "Another link was opened after this page." in response.text
    assert log_in(user, email).status_code == 303


def test_link_that_confirms_replaces_no_link_that_resets(
    user: httpx2.Client, post: Post, email: str
) -> None:
    forget(user, email)
    open_link(user, post.link())

    user.get("/confirm-email?token=unknown")

    assert reset(user, email).status_code == 303


def test_page_does_not_reveal_accounts(user: httpx2.Client, post: Post, email: str) -> None:
    pages = []
    for address in (email, api.new_email()):
        user.cookies.clear()
        response = forget(user, address)
        assert response.status_code == 303
        names = sorted(set(response.headers) - {"set-cookie", "x-request-id"})
        pages.append((response.content, names, user.get("/login").text))

    assert pages[0] == pages[1]
    assert SENT in pages[0][2]
    assert post.recipients() == [f"{email} Reset your password"]


@pytest.mark.parametrize("path", ["/confirm-email", "/reset-password"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=unknown", "?token=" + "x" * 3000])
def test_invalid_link_is_an_error_page(user: httpx2.Client, path: str, query: str) -> None:
    user.get(f"{path}{query}")

    pages = [user.post(path, data={"new_password": NEW_PASSWORD})]
    pages += [user.get(path)] if path == "/reset-password" else []

    for page in pages:
        assert page.status_code == 422
        assert "The link is invalid, expired or used" in page.text


@pytest.mark.parametrize("path", ["/confirm-email", "/reset-password"])
def test_long_token_is_invalid_and_is_not_kept(user: httpx2.Client, path: str) -> None:
    page = user.get(f"{path}?token={'x' * 201}")

    assert page.status_code == 422
    assert "The link is invalid, expired or used" in page.text
    assert "Set-Cookie" not in page.headers


def test_form_of_another_site_confirms_and_resets_nothing(
    user: httpx2.Client, post: Post, email: str
) -> None:
    forget(user, email)
    open_link(user, post.link())
    user.headers["Sec-Fetch-Site"] = "cross-site"

    assert reset(user, email).status_code == 403
    assert user.post("/confirm-email").status_code == 403
    assert forget(user, email).status_code == 403

    user.headers["Sec-Fetch-Site"] = "same-origin"
    assert reset(user, email).status_code == 303


def test_forgotten_password_needs_an_address(user: httpx2.Client) -> None:
    response = forget(user, "no address")

    assert response.status_code == 422
    assert "Must be an e-mail address." in response.text


def test_links_lead_to_this_service_by_default() -> None:
    defaults = {name: field.default for name, field in Settings.model_fields.items()}

    assert defaults["client_url"] == f"http://{defaults['host']}:{defaults['port']}"
