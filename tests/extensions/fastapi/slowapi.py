# mypy: ignore-errors
from fastapi import APIRouter, FastAPI, Request
from my_service.limits import limiter
from slowapi import Limiter
from slowapi.middleware import SlowAPIASGIMiddleware
from slowapi.util import get_remote_address

from .support.framework import client_for


def test_request_beyond_the_limit_gets_a_problem_document(app):
    @app.get("/once")
    @limiter.limit("1/minute")
    async def once(request: Request) -> str:
        return "once"

    with client_for(app) as client:
        allowed, rejected = client.get("/once"), client.get("/once")

    assert allowed.status_code == 200
    assert rejected.status_code == 429
    assert rejected.headers["Content-Type"] == "application/problem+json"
    assert rejected.headers["X-Request-ID"]
    assert rejected.json()["status"] == 429


def test_limit_counts_each_address(app):
    with client_for(app) as client, client_for(app, "192.0.2.1") as other:
        responses = [client.get("/api/v1/about") for _ in range(101)]

        assert [response.status_code for response in responses] == [200] * 100 + [429]
        assert other.get("/api/v1/about").status_code == 200


def test_default_limits_do_not_reach_endpoints_of_routers():
    router = APIRouter()
    router.add_api_route("/routed", lambda: "routed")
    app = FastAPI()
    app.include_router(router)
    app.add_api_route("/direct", lambda: "direct")
    app.state.limiter = Limiter(get_remote_address, default_limits=["1/minute"])
    app.add_middleware(SlowAPIASGIMiddleware)

    with client_for(app) as client:
        assert [client.get("/direct").status_code for _ in range(2)] == [200, 429]
        assert [client.get("/routed").status_code for _ in range(2)] == [200, 200]
