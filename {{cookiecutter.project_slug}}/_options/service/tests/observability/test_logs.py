"""Log lines: their format, the request line, the ids of the request, and masked secrets."""

import json
import logging
import re
from collections.abc import Callable
from time import perf_counter, sleep
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.observability import logs
from {{ cookiecutter.package_name }}.web.schemas import Schema

from ..support.framework import App, client_for, raise_conflict, route, route_body, route_variable
from ..support.settings import PACKAGE, SECRET_KEY, IsolatedSettings

logger = logging.getLogger(__name__)

TRACE = "0af7651916cd43dd8448eb211c80319c"
CANARY = "canary-in-a-coal-mine"


class Login(Schema):
    password: int


def log_and_crash() -> NoReturn:
    logger.info("paid %s", "twice", extra={"amount": 2, "color_message": "colored"})
    raise RuntimeError(f"leaked {SECRET_KEY}")


def take_time() -> str:
    sleep(0.02)
    return ""


def validate() -> NoReturn:
    Login.model_validate({"password": CANARY})
    raise AssertionError("unreachable")


@pytest.fixture
def lines(
    production_settings: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that sends a request in production and returns the log lines."""

    def get_lines(path: str, *, method: str = "GET", **request: Any) -> list[dict[str, Any]]:
        app = create_app(IsolatedSettings.model_validate(production_settings))
        for function in (log_and_crash, take_time, validate, raise_conflict):
            route(app, f"/{function.__name__}", function)
        route_body(app, "/login", Login)
        route_variable(app, "/things/{variable}", str)
        capsys.readouterr()
        with client_for(app) as client:
            client.request(method, path, **request)
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return get_lines


GetLines = Callable[..., list[dict[str, Any]]]


def test_each_request_is_logged(lines: GetLines) -> None:
    (line,) = lines("/things/1?secret=2", headers={"X-Request-ID": "mine"})

    assert line.pop("time").endswith("Z")
    assert 0 < line.pop("duration_ms") < 10_000
    assert line == {
        "level": "INFO",
        "logger": f"{PACKAGE}.observability.requests",
        "message": "request",
        "request_id": "mine",
        "method": "GET",
        "route": "/things/{variable}",
        "status": 200,
        "bytes": 3,
        "client": "127.0.0.1",
    }


def test_duration_is_in_milliseconds(lines: GetLines) -> None:
    started = perf_counter()
    (line,) = lines("/take_time")

    assert 20 <= line["duration_ms"] <= (perf_counter() - started) * 1000


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("HEAD", "/things/1", "/things/{variable}", 200),
        ("GET", "/api/v1/about", "/api/v1/about", 200),
        ("GET", "/raise_conflict", "/raise_conflict", 409),
        ("GET", "/unknown", None, 404),
    ],
)
def test_request_line_contains_the_route_not_the_path(
    lines: GetLines, method: str, path: str, route: str | None, status: int
) -> None:
    (line,) = lines(path, method=method)

    assert (line["method"], line["route"], line["status"]) == (method, route, status)
    assert (line["bytes"] == 0) is (method == "HEAD")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"headers": {"Host": "evil.example"}}, 400),
        ({"method": "POST", "content": b"x" * 2_000_000}, 413),
    ],
    ids=["untrusted host", "too large"],
)
def test_rejected_request_is_logged(lines: GetLines, request_: dict[str, Any], status: int) -> None:
    (line,) = lines("/livez", **request_)

    assert (line["status"], line["route"]) == (status, None)


def test_every_line_of_a_request_contains_its_ids(lines: GetLines) -> None:
    headers = {"X-Request-ID": "mine", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}

    paid, failed, request = lines("/log_and_crash", headers=headers)

    for line in (paid, failed, request):
        assert (line["request_id"], line["trace_id"]) == ("mine", TRACE)
    assert (paid["message"], paid["amount"]) == ("paid twice", 2)
    assert "color_message" not in paid
    assert failed["level"] == "ERROR"
    assert "in log_and_crash\n" in failed["exception"]
    assert request["status"] == 500


@pytest.mark.parametrize(
    "traceparent",
    [
        f"00-{TRACE}-b7ad6b7169203331",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"01-{TRACE}-b7ad6b7169203331-01",
        "invalid",
    ],
)
def test_invalid_traceparent_is_ignored(lines: GetLines, traceparent: str) -> None:
    (line,) = lines("/livez", headers={"traceparent": traceparent})

    assert "trace_id" not in line


def test_secrets_are_not_logged(lines: GetLines) -> None:
    headers = {"Authorization": f"Bearer {CANARY}", "Cookie": f"session={CANARY}"}

    logged = lines(f"/log_and_crash?key={CANARY}", headers=headers)
    logged += lines("/login", method="POST", json={"password": CANARY}, headers=headers)

    assert [line["message"] for line in logged].count("request") == 2
    assert CANARY not in str(logged)
    assert SECRET_KEY not in str(logged)
    assert "leaked **********" in str(logged)


URLS = {
    # Each URL, with the spellings of its secret.
    "queue://user:hunter2@host/name": ["hunter2"],
    "queue://user:p%40ss%2Fword%3A1@host/name": ["p%40ss%2Fword%3A1", "p@ss/word:1"],
    "queue://:p@ss word+1@host": ["p@ss word+1", "p%40ss%20word%2B1", "p%40ss+word%2B1"],
    "queue://host/name?user=me&ssl_password=a%20b%22c%5Cd": ['a b"c\\d', "a%20b%22c%5Cd"],
    "queue://host?x=1&access_token=abcdef": ["abcdef"],
}

# A masked secret, quoted or not, in JSON or in plain text.
MASKED = r"""no login with [\\"']*\*{10}[\\"']*(?=[,}]|\s\w+=|$)"""


@pytest.mark.parametrize(("url", "spellings"), URLS.items())
@pytest.mark.parametrize("environment", ["development", "test"])
def test_secrets_in_urls_are_not_logged(
    url: str, spellings: list[str], environment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Queue(IsolatedSettings):
        plain_url: str
        secret_urls: tuple[SecretStr, ...]

    settings = {"environment": environment, "secret_key": SECRET_KEY}
    create_app(Queue.model_validate(settings | {"plain_url": url, "secret_urls": []}))
    log_spellings(spellings)
    create_app(Queue.model_validate(settings | {"plain_url": "", "secret_urls": ["", url]}))
    log_spellings([*spellings, url])

    logged = capsys.readouterr().err
    masked = re.findall(MASKED, logged, re.MULTILINE)
    assert len(masked) == logged.count("no login with") == 4 * len(spellings) + 2


def log_spellings(spellings: list[str]) -> None:
    """Log each spelling as it is and as a Python literal."""
    for spelling in spellings:
        logger.info("no login with %s", spelling)
        logger.info("no login with %r", spelling)


def test_invalid_data_is_not_logged(lines: GetLines) -> None:
    failed, _ = lines("/validate")

    assert "Login\npassword\n" in failed["exception"]
    assert CANARY not in str(failed)


def test_development_logs_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    app = create_app(IsolatedSettings())
    route(app, "/log_and_crash", log_and_crash)

    with client_for(app) as client:
        client.get("/log_and_crash", headers={"X-Request-ID": "mine"})

    paid, *failed, request = capsys.readouterr().err.splitlines()
    assert paid.endswith(
        "INFO     tests.observability.test_logs: paid twice amount=2 request_id=mine"
    )
    assert " ERROR " in failed[0]
    assert failed[1] == "Traceback (most recent call last):"
    assert " request method=GET route=/log_and_crash status=500 duration_ms=" in request


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 1), ("INFO", 1), ("WARNING", 0)])
def test_log_level_disables_the_request_line(
    level: str,
    count: int,
    production_settings: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = create_app(IsolatedSettings.model_validate({"log_level": level, **production_settings}))

    with client_for(app) as client:
        client.get("/livez")

    assert capsys.readouterr().err.count('"message":"request"') == count


def test_second_configuration_adds_no_handler(capsys: pytest.CaptureFixture[str], app: App) -> None:
    create_app(IsolatedSettings())

    logging.getLogger().warning("once")

    assert capsys.readouterr().err.count("once") == 1


def test_line_that_cannot_be_written_breaks_nothing(
    capsys: pytest.CaptureFixture[str], app: App
) -> None:
    (handler,) = (each for each in logging.getLogger().handlers if each.name == logs.HANDLER)

    handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("text",)}))

    assert "--- Logging error ---" in capsys.readouterr().err
