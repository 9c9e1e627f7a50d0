"""The pages of accounts: registration, logins, passwords."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx2
import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings

from ..accounts import account_requests as api
from ..support.framework import App
from ..support.sessions import rolled_back, route_statements
from .account_pages import log_in, register
from .browser import browser_of, links
from .subjects import route_subjects

BrowserWith = Callable[..., AbstractContextManager[httpx2.Client]]
NEW_PASSWORD = "another password for the tests"


@pytest.fixture
def user(app: App) -> Iterator[httpx2.Client]:
    """Yield a browser, in a transaction that is rolled back after the test."""
    with browser_of(app) as browser, rolled_back(app, browser):
        yield browser


@pytest.fixture
def browser_with(settings: Settings) -> BrowserWith:
    """Return a function that yields a browser of an application with other settings."""

    @contextmanager
    def make_browser(**changes: object) -> Iterator[httpx2.Client]:
        app = create_app(settings.model_copy(update=changes))
        with browser_of(app) as browser, rolled_back(app, browser):
            yield browser

    return make_browser


def is_logged_in(browser: httpx2.Client) -> bool:
    """Return whether the page of the account is shown."""
    return browser.get("/account").status_code == 200


def leave(browser: httpx2.Client) -> dict[str, str]:
    """Remove the cookies of a browser, and return them as those of another one."""
    cookies = dict(browser.cookies)
    browser.cookies.clear()
    return cookies


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the security events that were logged."""
    return [vars(each)["event"] for each in caplog.records if hasattr(each, "event")]


def test_user_registers_logs_in_and_logs_out(user: httpx2.Client) -> None:
    email = register(user)
    assert "Your account was created." in user.get("/login").text

    response = log_in(user, email)
    assert (response.status_code, response.headers["Location"]) == (303, "/")
    home = user.get("/")
    assert "/logout" in links(home, "action")
    assert email in user.get("/account").text

    left = user.post("/logout")
    assert (left.status_code, left.headers["Location"]) == (303, "/")
    home = user.get("/")
    assert "You are logged out." in home.text
    assert "/login" in links(home)
    assert not is_logged_in(user)


def test_page_gets_the_account_of_the_session(app: App, user: httpx2.Client) -> None:
    route_subjects(app)
    assert user.get("/optional-subject").text == "None"
    assert user.get("/subject").headers["Location"] == "/login?next=/subject"

    email = register(user)
    tokens = api.log_in(user, email).json()
    log_in(user, email)

    own = api.read_me(user, tokens).json()["id"]
    assert user.get("/optional-subject").text == own
    assert user.get("/subject").text == f"{own} {own}"


def test_browser_stores_no_page_of_the_account(user: httpx2.Client) -> None:
    log_in(user, register(user))

    pages = [user.get("/account"), user.get("/account/password"), user.post("/account/password")]

    assert [each.status_code for each in pages] == [200, 200, 422]
    assert {each.headers["Cache-Control"] for each in pages} == {"no-store"}
    assert user.get("/").headers["Cache-Control"] == "private, no-cache"


def test_log_out_ends_the_login_and_not_only_the_cookie(user: httpx2.Client) -> None:
    log_in(user, register(user))
    copied = dict(user.cookies)

    user.post("/logout")
    user.cookies.update(copied)

    assert not is_logged_in(user)


def test_wrong_password_and_unknown_address_look_alike(user: httpx2.Client) -> None:
    email = register(user)

    wrong = log_in(user, email, "wrong")
    unknown = log_in(user, api.new_email())
    disabled = log_in(user, "no address")

    assert (wrong.status_code, unknown.status_code, disabled.status_code) == (400, 400, 422)
    for page in (wrong, unknown):
        assert "The e-mail address or the password is incorrect.</span>" in page.text
        assert api.PASSWORD not in page.text
    assert f'value="{email}"' in wrong.text
    assert "Must be an e-mail address." in disabled.text


def test_registration_explains_errors(user: httpx2.Client) -> None:
    email = register(user)
    typed = {"email": email, "password": api.PASSWORD}

    taken = user.post("/register", data=typed)
    weak = user.post("/register", data=typed | {"password": "password1234"})
    short = user.post("/register", data=typed | {"password": "short"})

    assert (taken.status_code, weak.status_code, short.status_code) == (409, 422, 422)
    assert "The e-mail address is already registered.</span>" in taken.text
    assert "Too easy to guess; use more words.</span>" in weak.text
    assert "Use at least 12 characters.</span>" in short.text
    assert 'autocomplete="new-password"' in short.text
    assert "password1234" not in weak.text


def test_registration_is_offered(user: httpx2.Client) -> None:
    assert "/register" in links(user.get("/login"))
    form = user.get("/register")

    assert form.status_code == 200
    assert form.text.count("required=") == 2


def test_session_lasts_as_long_as_its_login(
    browser_with: BrowserWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = 24 * 60 * 60
    with browser_with(refresh_token_lifetime=60 * days) as browser:
        log_in(browser, register(browser))
        later = time.time() + 40 * days
        monkeypatch.setattr(time, "time", lambda: later)

        assert is_logged_in(browser)


def test_registration_can_be_disabled(browser_with: BrowserWith) -> None:
    with browser_with(registration=False) as browser:
        pages = (
            browser.get("/register"),
            browser.post("/register", data={"email": "a@example.com", "password": NEW_PASSWORD}),
            browser.post("/register", data={}),
        )

        assert [page.status_code for page in pages] == [403, 403, 403]
        assert "Registration is disabled." in pages[0].text
        assert "/register" not in links(browser.get("/login"))


def test_too_many_attempts_are_an_error_page(browser_with: BrowserWith) -> None:
    with browser_with(account_from_address_limit="1 per hour") as browser:
        pages = [log_in(browser, "alice@example.com") for _ in range(2)]

    assert [page.status_code for page in pages] == [400, 429]
    assert "Too many attempts; retry later." in pages[1].text
    assert int(pages[1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/account", "/account/password"])
def test_page_of_accounts_continues_after_the_login(user: httpx2.Client, path: str) -> None:
    email = register(user)

    asked = user.get(f"{path}?a=1")
    assert asked.status_code == 303
    assert asked.headers["Location"].startswith("/login?next=")
    response = log_in(user, email, path=asked.headers["Location"])

    assert response.headers["Location"] == f"{path}?a=1"


@pytest.mark.parametrize("path", ["/logout", "/account/password", "/account/logins/end"])
def test_form_of_accounts_requires_a_login(user: httpx2.Client, path: str) -> None:
    response = user.post(path)

    assert (response.status_code, response.headers["Location"]) == (303, "/login")


def test_login_stays_on_the_site(user: httpx2.Client) -> None:
    email = register(user)

    response = log_in(user, email, path="/login?next=//evil.example")

    assert response.headers["Location"] == "/"


def test_login_of_another_site_is_rejected(user: httpx2.Client) -> None:
    email = register(user)

    user.headers["Sec-Fetch-Site"] = "cross-site"

    assert log_in(user, email).status_code == 403
    assert user.post("/logout").status_code == 403


def test_login_begins_a_new_session(user: httpx2.Client) -> None:
    emails = [register(user) for _ in range(2)]
    log_in(user, emails[0])
    log_in(user, emails[1])

    page = user.get("/account")

    assert emails[1] in page.text
    assert emails[0] not in page.text


def test_logins_are_listed_and_ended_one_by_one(
    user: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    email = register(user)
    log_in(user, email)
    first = leave(user)
    log_in(user, email)

    page = user.get("/account")
    (end,) = [
        action for action in links(page, "action") if action.endswith("/end") and "-" in action
    ]
    assert page.text.count("This one") == 1
    assert user.post(end).headers["Location"] == "/account"
    assert "login ended" in events(caplog)

    assert "The login has ended." in user.get("/account").text
    leave(user)
    user.cookies.update(first)
    assert not is_logged_in(user)


def test_login_of_another_account_is_not_ended(
    user: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    emails = [register(user) for _ in range(2)]
    log_in(user, emails[0])
    log_in_again = leave(user)
    log_in(user, emails[0])
    (end,) = [action for action in links(user.get("/account"), "action") if "-" in action]
    leave(user)
    log_in(user, emails[1])

    assert user.post(end).status_code == 303
    assert "login ended" not in events(caplog)
    leave(user)
    user.cookies.update(log_in_again)
    assert is_logged_in(user)


def test_log_out_everywhere_ends_all_logins(user: httpx2.Client) -> None:
    email = register(user)
    log_in(user, email)
    first = leave(user)
    tokens = api.log_in(user, email).json()
    log_in(user, email)

    assert user.post("/account/logins/end").headers["Location"] == "/"

    assert not is_logged_in(user)
    leave(user)
    user.cookies.update(first)
    assert not is_logged_in(user)
    leave(user)
    assert api.read_me(user, tokens).status_code == 401


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET is_active = false",
        "UPDATE logins SET expires_at = created_at",
        "DELETE FROM users",
    ],
)
def test_session_ends_with_its_account_and_its_login(
    app: App, user: httpx2.Client, statement: str
) -> None:
    route_statements(app, "/change", [statement], "POST")
    log_in(user, register(user))
    assert is_logged_in(user)

    user.post("/change")

    assert user.post("/account/password", data={}).status_code == 303
    assert user.get("/account").status_code == 303
    assert "/login" in links(user.get("/"))


def test_password_is_changed(user: httpx2.Client) -> None:
    email = register(user)
    log_in(user, email)
    other = leave(user)
    log_in(user, email)
    typed = {"current_password": api.PASSWORD, "new_password": NEW_PASSWORD}
    form = user.get("/account/password")
    assert form.text.count('type="password"') == 2

    wrong = user.post("/account/password", data=typed | {"current_password": "wrong"})
    weak = user.post("/account/password", data=typed | {"new_password": "password1234"})
    changed = user.post("/account/password", data=typed)

    assert (wrong.status_code, weak.status_code) == (422, 422)
    assert "The current password is incorrect.</span>" in wrong.text
    assert changed.headers["Location"] == "/account"
    assert "The password was changed" in user.get("/account").text
    leave(user)
    user.cookies.update(other)
    assert not is_logged_in(user)
    leave(user)
    assert log_in(user, email, NEW_PASSWORD).status_code == 303


def test_session_cookie_is_for_this_host_and_https(user: httpx2.Client) -> None:
    response = log_in(user, register(user))

    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}


def test_api_ignores_the_session(user: httpx2.Client) -> None:
    log_in(user, register(user))
    assert is_logged_in(user)

    assert user.get(f"{api.ACCOUNTS}/me").status_code == 401
    assert user.post(f"{api.ACCOUNTS}/logout").status_code == 401
    assert is_logged_in(user)


def test_pages_ignore_tokens(user: httpx2.Client) -> None:
    tokens = api.sign_up(user)
    user.headers.update(api.authorization(tokens))

    assert api.read_me(user, tokens).status_code == 200
    assert user.get("/account").status_code == 303


def test_session_survives_a_rotation_of_keys(browser_with: BrowserWith, settings: Settings) -> None:
    old, new = settings.secret_key, SecretStr("a new signing key of these tests")
    with browser_with() as browser:
        browser.get("/login")
        log_in(browser, register(browser))
        register(browser)
        message = dict(browser.cookies)
    shown = []
    for fallbacks in ((old,), ()):
        with browser_with(secret_key=new, secret_key_fallbacks=fallbacks) as browser:
            browser.cookies.update(message)
            shown.append("Your account was created." in browser.get("/login").text)

    assert shown == [True, False]
