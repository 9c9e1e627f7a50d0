"""The way of a person through the pages of a service, in a real browser."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from tests.support.databases import own_database_of
from tests.support.environments import environment
from tests.support.interpreters import PYTHONS
from tests.support.server import Server

# What a project needs to have all pages.
ANSWERS = {
    "database": "sqlite",
    "example": "posts",
    "auth": "accounts",
    "jobs": "database",
    "mail": "smtp",
    "pages": "html",
}
EMAIL = "reader@example.com"
PASSWORD = "three unrelated words of a test"
NEW_PASSWORD = "some more unrelated words of it"
BODY = "Flour, water and salt.\n\nNothing else."
SHOW_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`${event.effectiveDirective} blocked ${event.blockedURI}`));
"""
SECONDS_TO_SEND = 20
# Browsers report each response that is an error, as a form that is invalid.
RESPONSES = "Failed to load resource: the server responded with a status of"


@contextmanager
def pages_service(project: Path) -> Iterator[Server]:
    """Run a server and a worker in development, with a database of their own, whose messages are files."""
    command = f"python -m {package_of(project)}"
    server = Server(
        f"{command} serve",
        folder=project,
        binaries=environment(project, PYTHONS[0]),
        ENVIRONMENT="development",
        LOG_LEVEL="WARNING",
        REGISTRATION="true",
        **own_database_of(project),
    )
    server.environment["CLIENT_URL"] = f"http://127.0.0.1:{server.port}"
    with server, server.log.open("a") as log:
        python = environment(project, PYTHONS[0]) / "python"
        worker = subprocess.Popen(
            [python, *command.split()[1:], "worker"], cwd=project, env=server.environment, stdout=log, stderr=log
        )
        try:
            yield server
        finally:
            worker.terminate()
            worker.wait()


def package_of(project: Path) -> str:
    (path,) = project.glob("*/metadata.py")
    return path.parent.name


@dataclass
class Journey:
    """A browser at a service: what it complains of and asks for, and the pages that were seen, by their names."""

    browser: Browser
    server: Server
    has_script: bool
    look: Callable[[Page, str], None] = lambda page, name: None
    complaints: list[str] = field(default_factory=list)
    requested: set[str] = field(default_factory=set)
    documents: dict[Page, Response] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def __enter__(self) -> Self:
        self.resources = ExitStack()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.resources.close()

    def window(self, context: BrowserContext | None = None) -> Page:
        """Open a window, by default one that shares no cookies with the others."""
        if context is None:
            context = self.browser.new_context(java_script_enabled=self.has_script)
            self.resources.callback(context.close)
            context.set_default_timeout(5_000)
            context.add_init_script(SHOW_VIOLATIONS)
        page = context.new_page()
        page.on("request", lambda request: self.requested.add(request.url))
        page.on("response", lambda response: self.keep(page, response))
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        return page

    def see(self, page: Page, name: str, *, heading: str) -> None:
        """Expect a page, and keep it."""
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        self.pages[name] = self.documents[page].text()
        self.look(page, name)

    def keep(self, page: Page, response: Response) -> None:
        """Keep the last document of a window."""
        if response.request.resource_type == "document":
            self.documents[page] = response

    def link(self, subject: str) -> str:
        """Wait for a message, and return the link in it."""
        deadline = time.monotonic() + SECONDS_TO_SEND
        while True:
            for path in (self.server.folder / "instance" / "mail").glob("*.eml"):
                message = message_from_bytes(path.read_bytes(), policy=default)
                if message["Subject"] == subject:
                    text = message.get_body(("plain",))
                    assert text
                    (link,) = re.findall(r"http\S+", text.get_content())
                    return str(link)
            assert time.monotonic() < deadline, self.server.said()
            time.sleep(0.1)

    def surprises(self) -> list[str]:
        """Return the complaints, but not those of responses that the journey asked for."""
        return [each for each in self.complaints if RESPONSES not in each]


def travel(journey: Journey) -> None:
    """Register, confirm, log in, write, meet a conflict, publish, log out everywhere, and forget the password."""
    page = journey.window()
    page.goto(f"{journey.home}/")
    journey.see(page, "home", heading="My Service")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.goto(f"{journey.home}/nothing")
    journey.see(page, "error", heading="Not Found")
    page.get_by_role("link", name="Go to the home page").click()

    register(journey, page)
    confirm(journey, page)
    log_in(journey, page)
    write(journey, page)
    meet_conflict(journey, page)
    publish(journey, page)
    log_out_everywhere(journey, page)
    reset_password(journey, page)


def register(journey: Journey, page: Page) -> None:
    page.get_by_role("link", name="Log in").click()
    journey.see(page, "login", heading="Log in")
    page.get_by_role("link", name="Create an account").click()
    journey.see(page, "registration", heading="Create an account")
    fill(page, Email=EMAIL, Password="password1234")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Email")).to_have_value(EMAIL)
    journey.see(page, "registration with an error", heading="Create an account")
    fill(page, Password=PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("status")).to_contain_text("Your account was created.")


def confirm(journey: Journey, page: Page) -> None:
    page.goto(journey.link("Confirm your e-mail address"))
    journey.see(page, "confirmation", heading="Confirm the address")
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_role("status")).to_have_text("Your e-mail address is confirmed.")


def log_in(journey: Journey, page: Page) -> None:
    # To write needs a login, after which the way goes on.
    page.goto(f"{journey.home}/posts/new")
    expect(page).to_have_url(re.compile(r"/login\?next=/posts/new$"))
    fill(page, Email=EMAIL, Password="not the password of it")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    journey.see(page, "login with an error", heading="Log in")
    fill(page, Password=PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{journey.home}/posts/new")


def write(journey: Journey, page: Page) -> None:
    journey.see(page, "new post", heading="Write a post")
    fill(page, Slug="On bread", Title="On <bread> & butter", Body=BODY)
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_label("Slug")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Body")).to_have_value(BODY)
    journey.see(page, "new post with an error", heading="Write a post")
    fill(page, Slug="on-bread")
    page.get_by_role("button", name="Save as a draft").click()
    journey.see(page, "draft", heading="On <bread> & butter")


def meet_conflict(journey: Journey, page: Page) -> None:
    """Edit a post in two windows of one browser."""
    other = journey.window(page.context)
    other.goto(page.url)
    for each in (page, other):
        each.get_by_role("link", name="Edit").click()
    journey.see(page, "edit", heading="Edit the post")
    fill(page, Title="On bread")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("On bread")

    fill(other, Title="On butter")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert")).to_contain_text("nothing was saved")
    expect(other.get_by_label("Title")).to_have_value("On butter")
    journey.see(other, "conflict", heading="Edit the post")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("On butter")
    other.close()


def publish(journey: Journey, page: Page) -> None:
    page.reload()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published on")).to_be_visible()
    page.get_by_text("Delete this post").click()
    expect(page.get_by_role("button", name="Delete it")).to_be_visible()
    journey.see(page, "post", heading="On butter")
    page.get_by_role("link", name="Posts").click()
    journey.see(page, "posts", heading="Posts")
    stranger = journey.window()
    stranger.goto(f"{journey.home}/posts")
    stranger.get_by_role("link", name="On butter").click()
    expect(stranger.get_by_text("Flour, water and salt.")).to_be_visible()
    expect(stranger.get_by_role("link", name="Edit")).to_have_count(0)


def log_out_everywhere(journey: Journey, page: Page) -> None:
    """Change the password, and end the logins of all browsers in one of them."""
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Change the password").click()
    journey.see(page, "password", heading="Change the password")
    fill(page, Current_password=PASSWORD, New_password=NEW_PASSWORD)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status")).to_contain_text("The password was changed")

    other = journey.window()
    other.goto(f"{journey.home}/login")
    fill(other, Email=EMAIL, Password=NEW_PASSWORD)
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("link", name="Account")).to_be_visible()
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="Since")).to_have_count(2)
    journey.see(page, "account", heading="Account")
    page.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_role("status")).to_have_text("You are logged out everywhere.")
    other.get_by_role("link", name="Account").click()
    expect(other).to_have_url(re.compile(r"/login\?next=/account$"))


def reset_password(journey: Journey, page: Page) -> None:
    page.goto(f"{journey.home}/login")
    page.get_by_role("link", name="I forgot my password").click()
    journey.see(page, "forgotten password", heading="Forgotten password")
    fill(page, Email=EMAIL)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("a link was sent to it")
    link = journey.link("Reset your password")
    page.goto(link)
    journey.see(page, "new password", heading="New password")
    assert "token" not in page.url
    fill(page, New_password=PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password was changed")
    fill(page, Email=EMAIL, Password=PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="E-mail address").click()
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    journey.see(page, "address", heading="E-mail address")
    page.get_by_role("link", name="Change the address").click()
    journey.see(page, "change of the address", heading="Change the address")
    page.goto(link)
    journey.see(page, "used link", heading="Unprocessable Content")


def fill(page: Page, **values: str) -> None:
    """Fill in fields by their labels."""
    for label, value in values.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
