# mypy: ignore-errors
"""Requests to the event stream of the recipe."""

import json
from importlib import import_module
from pathlib import Path

import pytest

PROGRESS = Path(__file__).parents[1] / "my_service" / "progress"
MODULE = next(path.stem for path in PROGRESS.glob("*.py") if path.stem in ("router", "views"))


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr(import_module(f"my_service.progress.{MODULE}"), "INTERVAL", 0)


def events(text):
    """Return the fields of each event, without comments."""
    parts = [event.splitlines() for event in text.strip().split("\n\n")]
    fields = [dict(line.split(": ", 1) for line in part if not line.startswith(":")) for part in parts]
    return [{**each, "data": json.loads(each["data"])} for each in fields]


def test_stream_sends_all_events(client):
    response = client.get("/api/v1/progress")

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert events(response.text) == [
        {"id": str(number), "event": "progress", "data": {"percent": 25 * number}} for number in (1, 2, 3, 4)
    ]


def test_stream_continues_after_the_last_event(client):
    response = client.get("/api/v1/progress", headers={"Last-Event-ID": "3"})

    assert events(response.text) == [{"id": "4", "event": "progress", "data": {"percent": 100}}]


def test_invalid_id_is_rejected(client):
    assert client.get("/api/v1/progress", headers={"Last-Event-ID": "last"}).status_code == 422
