# mypy: ignore-errors
from my_service.about import service

from .support.framework import client_for


def test_view_is_called_once(app, monkeypatch):
    calls = []
    describe = service.describe
    monkeypatch.setattr(service, "describe", lambda settings: calls.append(settings) or describe(settings))

    with client_for(app) as client:
        responses = [client.get("/api/v1/about") for _ in range(3)]

    assert [response.status_code for response in responses] == [200] * 3
    assert responses[0].json() == responses[2].json()
    assert len({response.headers["X-Request-ID"] for response in responses}) == 3
    assert len(calls) == 1


def test_cached_view_is_in_the_document(app):
    with client_for(app) as client:
        assert "/api/v1/about" in client.get("/openapi.json").json()["paths"]
