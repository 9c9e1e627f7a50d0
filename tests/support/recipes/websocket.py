# mypy: ignore-errors
"""A connection to the WebSocket of the recipe."""

import pytest
from starlette.websockets import WebSocketDisconnect


def test_messages_are_sent_back(client):
    with client.websocket_connect("ws://localhost/api/v1/chat") as socket:
        for text in ("hello", "again"):
            socket.send_json({"text": text})
            assert socket.receive_json() == {"text": text}


def test_invalid_message_closes_the_connection(client):
    with client.websocket_connect("ws://localhost/api/v1/chat") as socket:
        socket.send_text("{")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()

    assert closed.value.code == 1007
