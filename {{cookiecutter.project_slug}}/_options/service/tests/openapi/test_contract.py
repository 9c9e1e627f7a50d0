"""The HTTP behaviour that all endpoints share."""

import httpx2


def test_head_equals_get_without_a_body(client: httpx2.Client) -> None:
    head, get = client.head("/api/v1/about"), client.get("/api/v1/about")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_options_lists_the_methods(client: httpx2.Client) -> None:
    response = client.options("/api/v1/about")

    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert response.content == b""


def test_wrong_method_is_rejected_with_the_allowed_methods(client: httpx2.Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"):
        response = client.request(method, "/api/v1/about")

        assert response.status_code == 405
        assert response.headers["Content-Type"] == "application/problem+json"
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert response.json()["title"] == "Method Not Allowed"


def test_trailing_slash_is_not_found(client: httpx2.Client) -> None:
    assert client.get("/api/v1/about/").status_code == 404


def test_unknown_query_parameters_are_ignored(client: httpx2.Client) -> None:
    assert client.get("/api/v1/about?unknown=1&unknown=2&").status_code == 200


def test_unexpected_body_is_ignored(client: httpx2.Client) -> None:
    assert client.request("GET", "/api/v1/about", content=b"{").status_code == 200


def test_json_content_type_has_no_charset(client: httpx2.Client) -> None:
    assert client.get("/api/v1/about").headers["Content-Type"] == "application/json"


def test_responses_have_security_headers(client: httpx2.Client) -> None:
    for path, status in {"/livez": 200, "/unknown": 404}.items():
        response = client.get(path)

        assert response.status_code == status
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert response.headers["Referrer-Policy"] == "no-referrer"
        policy = response.headers["Content-Security-Policy"].split("; ")
        assert {"base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"} <= set(policy)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"


def test_untrusted_host_is_rejected(client: httpx2.Client) -> None:
    response = client.get("/livez", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The Host header is not one of ALLOWED_HOSTS.",
        "request_id": response.headers["X-Request-ID"],
    }


def test_cross_origin_requests_are_denied_by_default(client: httpx2.Client) -> None:
    response = client.get("/livez", headers={"Origin": "https://app.example.com"})

    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers
