# mypy: ignore-errors
"""Errors that are reported to Sentry."""

import pytest
import sentry_sdk
from my_service import create_app
from sentry_sdk.transport import Transport

from ..support.framework import client_for, route


class MemoryTransport(Transport):
    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        if event := envelope.get_event():
            self.events.append(event)


def fail():
    raise ZeroDivisionError("secret-free message")


@pytest.fixture
def transport(monkeypatch, settings):
    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.example.com/1")
    return MemoryTransport()


def test_unhandled_error_is_reported_once_with_the_id_of_the_request(transport, settings):
    app = create_app(settings.model_copy(update={"environment": "staging"}))
    if hasattr(app, "config"):
        app.config["TESTING"] = False
    sentry_sdk.get_client().transport = transport
    route(app, "/fail", fail)

    with client_for(app) as client:
        response = client.get("/fail")
        missing = client.get("/missing")
    sentry_sdk.get_client().close()

    assert (response.status_code, missing.status_code) == (500, 404)
    (event,) = transport.events
    assert event["tags"]["request_id"] == response.headers["X-Request-ID"]
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False
    assert event["request"]["url"] == "http://localhost/fail"
    assert event["transaction"]
    assert event["environment"] == "staging"


def test_nothing_is_reported_without_a_dsn(app):
    assert sentry_sdk.get_client().transport is None
