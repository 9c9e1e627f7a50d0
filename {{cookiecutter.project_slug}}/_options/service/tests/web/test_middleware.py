"""The middleware: body size, allowed hosts, CORS, TLS, trusted proxies, the root path."""

import json
from typing import Any, NoReturn

import httpx2
import pytest
from pydantic import ValidationError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.web.allowed_hosts import AllowedHosts

from ..support.framework import (
    App,
    client_for,
    repeated_header,
    route,
    route_body,
    route_connection,
    route_upload,
)
from ..support.settings import IsolatedSettings

ORIGIN = "https://app.example.com"


def crash() -> NoReturn:
    raise RuntimeError("an internal detail")


def make_app(**settings: object) -> App:
    return create_app(IsolatedSettings.model_validate(settings))


def logged_client(line: str) -> Any:
    return json.loads(line)["client"]


@pytest.mark.parametrize("path", ["/echo", "/livez", "/unknown"])
def test_too_large_body_is_rejected(path: str) -> None:
    app = make_app(max_body_size=10)
    route_body(app, "/echo", list[int])

    with client_for(app) as client:
        response = client.post(path, content=b"[123456789]")

    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.json() == {
        "type": "about:blank",
        "title": "Content Too Large",
        "status": 413,
        "request_id": response.headers["X-Request-ID"],
    }


def test_body_of_the_maximum_size_is_accepted() -> None:
    app = make_app(max_body_size=11)
    route_body(app, "/echo", list[int])

    with client_for(app) as client:
        response = client.post(
            "/echo", content=b"[123456789]", headers={"Content-Type": "application/json"}
        )

    assert response.json() == [123456789]


class UploadSettings(IsolatedSettings):
    """Settings with another limit for one path."""

    max_body_size: int = 10

    def body_limit(self, path: str) -> int:
        """Return the limit of a path."""
        return {"/lower": 9, "/higher": 11}.get(path, super().body_limit(path))


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/lower", 9, 204), ("/lower", 10, 413), ("/higher", 11, 204), ("/higher", 12, 413)],
)
def test_path_has_a_limit_of_its_own(path: str, size: int, status: int) -> None:
    app = create_app(UploadSettings())
    route_upload(app, path)

    with client_for(app) as client:
        response = client.post(path, content=bytes(size))

    assert response.status_code == status


@pytest.mark.parametrize("length", [4, 10], ids=["complete", "truncated"])
def test_unexpected_body_does_not_change_the_response(length: int, client: httpx2.Client) -> None:
    headers = {"Content-Length": str(length)}

    response = client.post("/unknown", content=b"body", headers=headers)

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("host", "is_trusted"),
    [
        ("example.com", True),
        ("EXAMPLE.com:8000", True),
        ("www.example.com", False),
        ("below.example.org", True),
        ("far.below.example.org:1", True),
        ("example.org", True),
        ("notexample.org", False),
        ("[::1]:8000", False),
        ("example.com.", False),
        ("example.com/", False),
        ("user@example.com", False),
        ("example.com:123456", False),
        ("example.com:", False),
        ("example.com,example.com", False),
        ("*", False),
        ("", False),
    ],
)
def test_host_matches_the_allowed_hosts(host: str, is_trusted: bool) -> None:
    assert (host in AllowedHosts(["example.com", "*.example.org"])) is is_trusted


def test_ip_address_may_be_an_allowed_host() -> None:
    hosts = AllowedHosts(["[::1]", "my_service"])

    assert "[::1]:8000" in hosts
    assert "my_service" in hosts
    assert "[::2]:8000" not in hosts


def test_wildcard_matches_any_valid_host() -> None:
    hosts = AllowedHosts(["*"])

    assert "anything.example:80" in hosts
    assert "[::1]" in hosts
    assert "two words" not in hosts
    assert "*" not in hosts


@pytest.mark.parametrize("hosts", [("localhost", "evil.example"), ("evil.example", "localhost")])
def test_two_host_headers_are_rejected(hosts: tuple[str, str]) -> None:
    app = make_app()
    route_connection(app, "/connection")

    with client_for(app) as client:
        response = client.get("/connection", headers=repeated_header("Host", *hosts))

    assert response.status_code == 400
    assert response.json()["detail"] == "The Host header is not one of ALLOWED_HOSTS."


def test_urls_contain_the_validated_host() -> None:
    app = make_app(allowed_hosts=["*.example.org"])
    route_connection(app, "/connection")

    with client_for(app) as client:
        response = client.get("/connection", headers={"Host": "www.example.org:8000"})

    assert response.json()["url"] == "http://www.example.org:8000/connection"


@pytest.mark.parametrize(
    ("environment", "address", "scheme", "is_strict"),
    [
        ("production", "127.0.0.1", "https", True),
        ("staging", "::ffff:127.0.0.1", "wss", True),
        ("production", "127.0.0.1", "http", False),
        ("production", "192.0.2.1", "https", False),
        ("development", "127.0.0.1", "https", False),
    ],
    ids=["TLS", "IPv6 socket", "no TLS", "untrusted proxy", "development"],
)
def test_hsts_is_sent_over_tls_outside_development(
    environment: str,
    address: str,
    scheme: str,
    is_strict: bool,
    production_settings: dict[str, object],
) -> None:
    app = make_app(
        **{**production_settings, "environment": environment, "trusted_proxies": ["127.0.0.1"]}
    )

    with client_for(app, address) as client:
        for path in ("/livez", "/unknown"):
            response = client.get(path, headers={"X-Forwarded-Proto": scheme})

            expected = "max-age=31536000; includeSubDomains" if is_strict else None
            assert response.headers.get("Strict-Transport-Security") == expected


def test_hsts_is_sent_without_a_proxy(production_settings: dict[str, object]) -> None:
    with client_for(make_app(**production_settings)) as client:
        response = client.get("https://localhost/livez")

    assert "includeSubDomains" in response.headers["Strict-Transport-Security"]
    assert response.headers["X-Frame-Options"] == "DENY"


def test_allowed_origins_can_read_responses_and_errors() -> None:
    app = make_app(cors_origins=[ORIGIN], cors_credentials=True)
    route(app, "/crash", crash)
    requests: list[tuple[int, str, dict[str, str]]] = [
        (200, "/livez", {}),
        (404, "/unknown", {}),
        (500, "/crash", {}),
        (413, "/livez", {"Content-Length": "2000000"}),
        (400, "/livez", {"Host": "evil.example"}),
    ]

    with client_for(app) as client:
        for status, path, headers in requests:
            response = client.get(path, headers={"Origin": ORIGIN, **headers})

            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert response.headers["Access-Control-Allow-Credentials"] == "true"
            exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
            assert {
                "ETag",
                "Location",
                "Retry-After",
                "WWW-Authenticate",
                "X-Request-ID",
            } <= set(exposed)


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example", None)])
def test_preflight_succeeds_only_for_allowed_origins(origin: str, allowed: str | None) -> None:
    preflight = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }

    with client_for(make_app(cors_origins=[ORIGIN])) as client:
        response = client.options("/livez", headers=preflight)

    assert response.headers.get("Access-Control-Allow-Origin") == allowed
    if allowed:
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Headers"] == "content-type"
        assert response.headers["Access-Control-Max-Age"] == "600"
        assert "PUT" in response.headers["Access-Control-Allow-Methods"]


def test_rejected_preflight_fails() -> None:
    preflight = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Host": "evil.example",
    }

    with client_for(make_app(cors_origins=[ORIGIN])) as client:
        response = client.options("/livez", headers=preflight)

    assert response.status_code == 400
    assert "Access-Control-Allow-Methods" not in response.headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://[::1]:3000", True), ("http://::3000", False), ("http://1:3000", False)],
)
def test_origins_are_compared_exactly(origin: str, allowed: bool) -> None:
    with client_for(make_app(cors_origins=["http://[::1]:3000"])) as client:
        response = client.get("/livez", headers={"Origin": origin})

    assert ("Access-Control-Allow-Origin" in response.headers) is allowed


def test_wildcard_origin_excludes_credentials() -> None:
    with client_for(make_app(cors_origins=["*"])) as client:
        response = client.get("/livez", headers={"Origin": ORIGIN})

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    ("proxies", "client_address"),
    [
        ((), "127.0.0.1"),
        (("10.0.0.0/8",), "127.0.0.1"),
        (("127.0.0.1", "10.0.0.0/8"), "203.0.113.7"),
    ],
    ids=["no proxy", "untrusted proxy", "trusted proxy"],
)
def test_only_trusted_proxies_set_the_client_address(
    proxies: tuple[str, ...],
    client_address: str,
    production_settings: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.1.2.3"}
    app = make_app(trusted_proxies=proxies, **production_settings)

    with client_for(app) as client:
        client.get("/livez", headers=forwarded)

    assert logged_client(capsys.readouterr().err) == client_address


def test_application_and_log_use_the_same_client_address(
    production_settings: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(trusted_proxies=["127.0.0.1", "10.0.0.0/8"], **production_settings)
    route_connection(app, "/connection")
    forwarded = repeated_header("X-Forwarded-For", "198.51.100.1", "203.0.113.7:5001, 10.1.2.3")

    with client_for(app, "::ffff:127.0.0.1") as client:
        response = client.get("/connection", headers=[*forwarded, ("X-Forwarded-Proto", "https")])

    assert response.json() == {"client": "203.0.113.7", "url": "https://localhost/connection"}
    assert logged_client(capsys.readouterr().err) == "203.0.113.7"


@pytest.mark.parametrize(
    ("address", "normalized"), [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::0:1", "2001:db8::1")]
)
def test_client_address_is_normalized(
    address: str,
    normalized: str,
    production_settings: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = make_app(**production_settings)
    route_connection(app, "/connection")

    with client_for(app, address) as client:
        response = client.get("/connection", headers={"X-Forwarded-For": "203.0.113.7"})

    assert response.json()["client"] == normalized
    assert logged_client(capsys.readouterr().err) == normalized


@pytest.mark.parametrize("prefix", ["/shop", ""], ids=["kept by the proxy", "removed by the proxy"])
def test_service_responds_below_its_root_path(prefix: str) -> None:
    app = make_app(root_path="/shop")
    route_connection(app, "/connection")

    with client_for(app) as client:
        assert client.get(f"{prefix}/livez").status_code == 200
        url = client.get(f"{prefix}/connection").json()["url"]
        assert url == "http://localhost/shop/connection"
        assert client.get("/shop").status_code == client.get("/shop/").status_code
        assert client.get("/shopping/livez").status_code == 404
        assert client.get("/shoplivez").status_code == 404
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/shop"}]


def test_root_path_cannot_begin_a_path_of_the_service(client: httpx2.Client) -> None:
    paths = [*client.get("/openapi.json").json()["paths"], "/docs", "/openapi.json"]

    for path in paths:
        parts = path.partition("{")[0].strip("/").split("/")
        for length in range(1, len(parts) + 1):
            root_path = "/" + "/".join(parts[:length])
            with pytest.raises(ValidationError, match="must not begin a path of the service"):
                IsolatedSettings(root_path=root_path)
    assert IsolatedSettings(root_path="/api/shop").root_path == "/api/shop"
