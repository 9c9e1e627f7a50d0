"""The documentation page in a real browser, under the policy that it is served with, and without any other host."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support import browser as browsers
from tests.support.extension import extended_server
from tests.support.rendering import FRAMEWORKS, Workplace
from tests.support.server import Server

pytestmark = pytest.mark.browser

COUNT_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} blocked ${event.blockedURI}`));
"""


@pytest.mark.parametrize("root_path", ["", "/shop"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_page_works_under_its_own_policy(framework: str, root_path: str, workplace: Workplace, tmp_path: Path) -> None:
    project = workplace.render(framework=framework, project_name='Shop & "<Tools>"', project_slug="my-service")

    with (
        extended_server(project, framework, ROOT_PATH=root_path) as server,
        browsers.browser() as browser,
    ):
        context = browser.new_context(viewport={"width": 1200, "height": 1500})
        context.set_default_timeout(20_000)
        context.add_init_script(COUNT_VIOLATIONS)
        use(context.new_page(), server, root_path)
        context.close()


def use(page: Page, server: Server, root_path: str) -> None:
    """Open the page, look something up, create something; nothing may complain, and nobody else be asked."""
    home = f"http://127.0.0.1:{server.port}{root_path}"
    requested: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: requested.add(request.url))
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))

    page.goto(f"{home}/docs")
    expect(page).to_have_title('Shop & "<Tools>"')
    _, document = server.get("/openapi.json")
    operations = [operation for path in document["paths"].values() for operation in path if operation != "parameters"]
    expect(page.locator(".opblock")).to_have_count(len(operations))

    read = page.locator(".opblock", has_text="List Things")
    read.locator(".opblock-summary-control").click()
    read.get_by_role("button", name="Try it out").click()
    read.get_by_placeholder("start").fill("lantern")
    read.get_by_role("button", name="Execute").click()
    expect(read.locator(".live-responses-table")).to_contain_text('"lantern"')

    create = page.locator(".opblock", has_text="Create Thing")
    create.locator(".opblock-summary-control").click()
    create.get_by_role("button", name="Try it out").click()
    create.locator("textarea").fill('{"name": ""}')
    create.get_by_role("button", name="Execute").click()
    expect(create.locator(".live-responses-table")).to_contain_text('"pointer": "/name"')

    page.screenshot(path=f"{server.folder}/docs.png", full_page=True)
    assert [each for each in complaints if "422" not in each] == []
    assert page.evaluate("window.violations") == []
    assert {url.partition("?")[0].removeprefix(home) for url in requested} == {
        "/docs",
        "/docs/start.js",
        "/docs/swagger-ui-bundle.js",
        "/docs/swagger-ui.css",
        "/openapi.json",
        "/api/v1/things",
    }


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_page_authorizes_who_logs_in_on_it(framework: str, workplace: Workplace) -> None:
    project = workplace.render(framework=framework, auth="accounts", project_slug="my-service")
    account = {"email": f"reader-of-{framework}@example.com", "password": "an otter reads slowly"}

    with extended_server(project, framework) as server, browsers.browser() as browser:
        server.post("/api/v1/accounts", json.dumps(account), "application/json")
        page = browser.new_page()
        page.set_default_timeout(20_000)
        page.add_init_script(COUNT_VIOLATIONS)
        page.goto(f"http://127.0.0.1:{server.port}/docs")

        page.locator(".auth-wrapper .authorize").first.click()
        page.get_by_label("username:").fill(account["email"])
        page.get_by_label("password:").fill(account["password"])
        page.locator(".modal-ux .authorize").click()
        expect(page.locator(".modal-ux")).to_contain_text("Logout")
        page.get_by_role("button", name="Close").click()

        own = page.locator(".opblock", has_text="/accounts/me").first
        own.locator(".opblock-summary-control").click()
        own.get_by_role("button", name="Try it out").click()
        own.get_by_role("button", name="Execute").click()
        expect(own.locator(".live-responses-table")).to_contain_text(account["email"])
        assert page.evaluate("window.violations") == []
