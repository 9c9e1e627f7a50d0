"""WebSockets: allowed hosts, origins, ids, proxies, errors and log lines."""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated, Any

import httpx2
import pytest
import websockets.sync.client as websockets
from fastapi import (
    APIRouter,
    Depends,
    HTTPException,
    Query,
    Request,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from fastapi.requests import HTTPConnection
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse, WebSocketTestSession
from starlette.types import Message
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.framework import App
from ..support.serving import running_server
from ..support.settings import IsolatedSettings

URL = "ws://localhost/sockets/echo"
UNTRUSTED_HOST = "The Host header is not one of ALLOWED_HOSTS."
UNTRUSTED_ORIGIN = "The Origin header is not one of CORS_ORIGINS."
ORIGIN = "https://app.example.com"
ID = "01890a5d-ac96-774b-bcce-b302099a8057"

router = APIRouter(prefix="/sockets")


class Closed(ProblemError):
    status = 409
    detail = "The room is closed."
    headers = {"Retry-After": "5"}


async def room(connection: HTTPConnection) -> str:
    """Return the name of a room, or raise the error that the name stands for."""
    name = connection.query_params.get("room", "hall")
    if name == "closed":
        raise Closed
    if name == "crashed":
        raise RuntimeError("an internal detail")
    if name == "unknown":
        raise HTTPException(404, "There is no such room.")
    if name == "forbidden":
        raise WebSocketException(1008)
    return name


@router.websocket("/echo")
@router.websocket("/echo/{name}")
async def echo(websocket: WebSocket, name: Annotated[str, Depends(room)]) -> None:
    await websocket.accept(headers=[(b"x-room", name.encode())])
    while True:
        await websocket.send_text(await websocket.receive_text())


@router.websocket("/numbered")
async def numbered(websocket: WebSocket, number: Annotated[int, Query()]) -> None:
    await websocket.accept()
    await websocket.send_bytes(bytes(number))
    await websocket.send_bytes(b"")
    await websocket.close()


@router.websocket("/described")
async def described(websocket: WebSocket) -> None:
    await websocket.accept()
    url, client = str(websocket.url_for("described")), websocket.client
    await websocket.send_json({"url": url, "client": client and client.host})
    await websocket.close()


@router.websocket("/failing")
async def failing(websocket: WebSocket, error: str) -> None:
    errors = {"crash": RuntimeError("an internal detail"), "closed": Closed()}
    await websocket.accept()
    if error == "late":
        await websocket.close()
        raise Closed
    raise errors[error]


@router.websocket("/silent")
async def silent(websocket: WebSocket) -> None:
    pass


def make_app(**settings: object) -> App:
    app = create_app(IsolatedSettings.model_validate(settings))
    app.include_router(router)
    return app


def make_client(app: App, address: str = "127.0.0.1") -> TestClient:
    return TestClient(app, client=(address, 50000))


@pytest.fixture
def client(production_settings: dict[str, object]) -> Iterator[TestClient]:
    with make_client(make_app(**production_settings)) as client:
        yield client


def rejection(client: TestClient, url: str, *headers: tuple[str, str]) -> WebSocketDenialResponse:
    """Return the response to a rejected handshake."""
    sent = httpx2.Headers(headers)
    with (
        pytest.raises(WebSocketDenialResponse) as rejected,
        client.websocket_connect(url, headers=sent),
    ):
        pass
    return rejected.value


def accept_headers(socket: WebSocketTestSession) -> dict[bytes, bytes]:
    """Return the headers of the accepted handshake."""
    return dict(socket.extra_headers or [])


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_connection_is_logged_once_with_its_id(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"X-Request-ID": ID, "traceparent": f"00-{trace}-b7ad6b7169203331-01"}

    with client.websocket_connect(f"{URL}/bob?room=cellar", headers=headers) as socket:
        socket.send_text("é")
        assert socket.receive_text() == "é"
        assert accept_headers(socket)[b"x-request-id"] == ID.encode()
        assert accept_headers(socket)[b"x-room"] == b"cellar"

    (line,) = log_lines(capsys)
    assert line.pop("duration_ms") > 0
    del line["time"], line["logger"]
    assert line == {
        "level": "INFO",
        "message": "request",
        "request_id": ID,
        "trace_id": trace,
        "method": "WEBSOCKET",
        "route": "/sockets/echo/{name}",
        "status": 101,
        "bytes": 2,
        "client": "127.0.0.1",
    }


def test_connection_closed_by_the_service_is_logged(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    with client.websocket_connect("ws://localhost/sockets/numbered?number=3") as socket:
        assert socket.receive_bytes() == b"\0\0\0"
        assert socket.receive_bytes() == b""
        with pytest.raises(WebSocketDisconnect):
            socket.receive_bytes()

    (line,) = log_lines(capsys)
    assert (line["status"], line["bytes"]) == (101, 3)


def test_log_level_disables_the_connection_line(
    production_settings: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        make_client(make_app(log_level="WARNING", **production_settings)) as client,
        client.websocket_connect(URL),
    ):
        pass

    assert log_lines(capsys) == []


@pytest.mark.parametrize(
    ("path", "headers", "status", "detail"),
    [
        ("/sockets/echo", [("Host", "evil.example")], 400, UNTRUSTED_HOST),
        ("/sockets/echo", [("Host", "localhost"), ("Host", "evil.example")], 400, UNTRUSTED_HOST),
        ("/livez", [("Host", "evil.example")], 400, UNTRUSTED_HOST),
        ("/sockets/echo", [("Origin", "https://evil.example")], 403, UNTRUSTED_ORIGIN),
        ("/sockets/echo", [("Origin", "null")], 403, UNTRUSTED_ORIGIN),
        ("/sockets/echo", [("Origin", "https://localhost.evil")], 403, UNTRUSTED_ORIGIN),
        ("/sockets/echo", [("Origin", "ftp://localhost")], 403, UNTRUSTED_ORIGIN),
        ("/sockets/echo", [("Origin", "")], 403, UNTRUSTED_ORIGIN),
        (
            "/sockets/echo",
            [("Origin", "http://localhost"), ("Origin", ORIGIN)],
            403,
            UNTRUSTED_ORIGIN,
        ),
        ("/sockets/echo?room=closed", [], 409, "The room is closed."),
        ("/sockets/echo?room=unknown", [], 404, "There is no such room."),
        ("/sockets/echo?room=crashed", [], 500, None),
        ("/sockets/echo?room=forbidden", [], 403, None),
        ("/sockets/numbered?number=one", [], 422, None),
        ("/livez", [], 404, None),
        ("/unknown", [], 404, None),
    ],
)
def test_rejected_handshake_is_a_problem_and_is_logged(
    client: TestClient,
    path: str,
    headers: list[tuple[str, str]],
    status: int,
    detail: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"ws://localhost{path}"

    response = rejection(client, url, *headers, ("X-Request-ID", ID))

    assert response.status_code == status
    problem = response.json()
    assert (problem["status"], problem.get("detail")) == (status, detail)
    assert problem["request_id"] == response.headers["X-Request-ID"] == ID
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Frame-Options"] == "DENY"
    line = log_lines(capsys)[-1]
    assert (line["method"], line["status"], line["request_id"]) == ("WEBSOCKET", status, ID)


def test_rejection_contains_headers_and_validation_errors(client: TestClient) -> None:
    closed = rejection(client, f"{URL}?room=closed")
    invalid = rejection(client, "ws://localhost/sockets/numbered?number=one")

    assert closed.headers["Retry-After"] == "5"
    (error,) = invalid.json()["errors"]
    assert (error["location"], error["pointer"]) == ("query", "/number")


def test_unhandled_error_is_logged_once(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    rejection(client, f"{URL}?room=crashed")

    assert [record.message for record in caplog.records] == ["unhandled error", "request"]
    assert "an internal detail" in caplog.text


@pytest.mark.parametrize("origin", [ORIGIN, "http://localhost", "https://localhost", None])
def test_same_origin_and_allowed_origins_can_connect(
    origin: str | None, production_settings: dict[str, object]
) -> None:
    headers = {"Origin": origin} if origin else {}

    with (
        make_client(make_app(cors_origins=[ORIGIN], **production_settings)) as client,
        client.websocket_connect(URL, headers=headers) as socket,
    ):
        socket.send_text("a")
        assert socket.receive_text() == "a"


def test_wildcard_origin_allows_any_origin() -> None:
    with (
        make_client(make_app(cors_origins=["*"])) as client,
        client.websocket_connect(URL, headers={"Origin": "https://any.example"}) as socket,
    ):
        assert accept_headers(socket)[b"x-room"] == b"hall"


def test_rejection_in_debug_mode_contains_the_traceback() -> None:
    with make_client(make_app(debug=True, cors_origins=[ORIGIN])) as client:
        response = rejection(client, f"{URL}?room=crashed", ("Origin", ORIGIN))

    assert "an internal detail" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/shop/sockets/described", "/sockets/described"])
def test_trusted_proxies_and_the_root_path_are_applied(
    path: str, production_settings: dict[str, object]
) -> None:
    settings = {"root_path": "/shop", "trusted_proxies": ["127.0.0.1"], **production_settings}
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}

    with (
        make_client(make_app(**settings), "::ffff:127.0.0.1") as client,
        client.websocket_connect(f"ws://localhost{path}", headers=headers) as socket,
    ):
        assert socket.receive_json() == {
            "url": "wss://localhost/shop/sockets/described",
            "client": "203.0.113.7",
        }


def test_rejection_over_tls_has_hsts(production_settings: dict[str, object]) -> None:
    app = make_app(trusted_proxies=["127.0.0.1"], **production_settings)

    with make_client(app) as client:
        plain = rejection(client, "ws://localhost/unknown")
        secure = rejection(client, "ws://localhost/unknown", ("X-Forwarded-Proto", "wss"))

    assert "Strict-Transport-Security" not in plain.headers
    assert "Strict-Transport-Security" in secure.headers


@pytest.mark.parametrize(("error", "code"), [("crash", 1011), ("closed", 1008), ("late", 1000)])
def test_error_closes_an_open_connection(
    client: TestClient, error: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"ws://localhost/sockets/failing?error={error}"

    with client.websocket_connect(url) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_text()

    assert closed.value.code == code
    assert log_lines(capsys)[-1]["status"] == 101


def connect(app: App, path: str, **scope_items: Any) -> list[Message]:
    """Connect to the ASGI application; return the messages that it sends."""
    sent: list[Message] = []
    scope = {
        "type": "websocket",
        "path": path,
        "query_string": scope_items.pop("query_string", b""),
        "headers": [(b"host", b"localhost")],
        **scope_items,
    }

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append({**message})
        if message.get("code") == 1011:
            raise OSError("the client has disconnected")

    asyncio.run(app(scope, receive, send))
    return sent


def test_handshake_is_closed_without_response_support(
    production_settings: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(**production_settings)

    assert connect(app, "/unknown", extensions={}) == [{"type": "websocket.close", "code": 1008}]
    (line,) = log_lines(capsys)
    assert (line["status"], line["client"]) == (403, None)


def test_disconnect_before_the_close_raises_no_error(
    production_settings: dict[str, object],
) -> None:
    sent = connect(make_app(**production_settings), "/sockets/failing", query_string=b"error=crash")

    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]


def test_endpoint_that_sends_nothing_is_logged_with_status_500(
    production_settings: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        connect(make_app(**production_settings), "/sockets/silent", client=["127.0.0.1", 1]) == []
    )

    (line,) = log_lines(capsys)
    assert (line["route"], line["status"]) == ("/sockets/silent", 500)


def test_server_accepts_and_rejects_handshakes(
    production_settings: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    with running_server(make_app(**production_settings), ws="auto") as port:
        url = f"ws://localhost:{port}/sockets/echo"
        with websockets.connect(
            url, origin=Origin(f"http://localhost:{port}"), additional_headers={"X-Request-ID": ID}
        ) as socket:
            socket.send("é")
            assert socket.recv() == "é"
            assert socket.response
            assert socket.response.headers["X-Request-ID"] == ID
        with pytest.raises(InvalidStatus) as rejected:
            websockets.connect(url, origin=Origin("https://evil.example"))

    response = rejected.value.response
    assert response.status_code == 403
    assert response.headers["X-Frame-Options"] == "DENY"
    assert json.loads(response.body)["request_id"] == response.headers["X-Request-ID"]
    logged = log_lines(capsys)
    assert [(line["route"], line["status"]) for line in logged if "route" in line] == [
        ("/sockets/echo", 101),
        (None, 403),
    ]


def test_dependency_works_for_requests_and_websockets(
    production_settings: dict[str, object],
) -> None:
    app = make_app(**production_settings)

    async def read(request: Request, name: Annotated[str, Depends(room)]) -> str:
        return name

    app.add_api_route("/room", read)
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/room").json() == "hall"
