# mypy: ignore-errors
from my_service.limits import limiter
from my_service.web import health

from .support.framework import client_for


def test_request_beyond_the_limit_gets_a_problem_document(app):
    app.add_url_rule("/once", view_func=limiter.limit("1 per minute")(lambda: "once"), endpoint="once")

    with client_for(app) as client:
        allowed, rejected = client.get("/once"), client.get("/once")

    assert (allowed.status_code, allowed.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert rejected.status_code == 429
    assert rejected.headers["Content-Type"] == "application/problem+json"
    assert rejected.headers["Retry-After"] == "60"
    assert rejected.headers["X-Request-ID"]
    assert rejected.json()["status"] == 429


def test_default_limit_counts_each_address(app):
    with client_for(app) as client, client_for(app, "192.0.2.1") as other:
        responses = [client.get("/api/v1/about") for _ in range(101)]

        assert [response.status_code for response in responses] == [200] * 100 + [429]
        assert other.get("/api/v1/about").status_code == 200


def test_probes_can_be_exempted(app):
    limiter.exempt(health.bp)

    with client_for(app) as client:
        assert {client.get("/livez").status_code for _ in range(101)} == {200}
