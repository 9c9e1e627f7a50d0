# mypy: ignore-errors
"""Requests to the invitations of the recipe."""

import time
from threading import get_ident

import my_service
import pytest

# FastAPI passes the error on to the middleware.
MESSAGE = "unhandled error" if hasattr(my_service, "FastAPI") else "the background task failed"


@pytest.fixture
def wait_for(caplog):
    """Return a function that waits until a message is in the log, and returns its record."""
    caplog.set_level("INFO")

    def wait(message):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for record in caplog.records:
                if message in record.getMessage():
                    return record
            time.sleep(0.01)
        raise AssertionError(f"no {message!r} in {caplog.text}")

    return wait


def test_task_runs_in_a_thread_of_its_own(client, wait_for):
    response = client.post("/api/v1/invitations", json={"name": "alice"})

    assert (response.status_code, response.json()) == (202, {"name": "alice"})
    record = wait_for("invitation sent")
    assert record.characters == 5
    assert record.thread != get_ident()


def test_error_of_a_task_is_logged(client, wait_for, monkeypatch):
    def fail(invitation):
        raise ConnectionError("the mail server is down")

    monkeypatch.setattr("my_service.invitations.service.send", fail)

    assert client.post("/api/v1/invitations", json={"name": "alice"}).status_code == 202
    assert "the mail server is down" in str(wait_for(MESSAGE).exc_info[1])


def test_rejected_request_starts_no_task(client, monkeypatch):
    called = []
    monkeypatch.setattr("my_service.invitations.service.send", called.append)

    assert client.post("/api/v1/invitations", json={}).status_code == 422
    assert called == []
