"""Clients that disconnect before their response."""

from threading import Event

import pytest

from {{ cookiecutter.package_name }} import create_app

from ..support.framework import asgi_app, route, route_body
from ..support.serving import Client, logged_statuses, record_disconnect, running_server
from ..support.settings import IsolatedSettings


@pytest.mark.parametrize("body", [b"", b"[1,"], ids=["before the response", "during the body"])
def test_disconnect_is_logged_with_status_499(
    body: bytes,
    production_settings: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = create_app(IsolatedSettings.model_validate(production_settings))
    begun, left = Event(), record_disconnect(monkeypatch, "/echo" if body else "/wait")

    def wait() -> str:
        begun.set()
        assert left.wait(10)
        return "late"

    route(app, "/wait", wait)
    route_body(app, "/echo", list[int])

    with running_server(asgi_app(app)) as port, Client(port) as client:
        if body:
            client.send("POST /echo HTTP/1.1", "Content-Length: 9", body=body)
        else:
            client.send("GET /wait HTTP/1.1")
            assert begun.wait(10)
        client.socket.close()
        assert left.wait(10)

    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
    assert logged_statuses(capsys.readouterr().err) == [499]
