# mypy: ignore-errors
"""Responses of a project with an extension that caches them."""

from my_service import create_app

from .support.framework import client_for


def test_view_is_called_once_for_each_application(client, settings, monkeypatch):
    first = client.get("/api/v1/about")
    monkeypatch.setattr("my_service.about.service.NAME", "another")

    assert first.status_code == 200
    assert client.get("/api/v1/about").json() == first.json()
    with client_for(create_app(settings)) as other:
        assert other.get("/api/v1/about").json()["name"] == "another"
