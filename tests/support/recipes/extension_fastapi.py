# mypy: ignore-errors
"""Sessions of a project with a middleware from a package."""

from fastapi import Request


def test_session_is_kept_in_a_cookie(app, client):
    async def count(request: Request) -> int:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return request.session["visits"]

    app.add_api_route("/count", count)

    assert [client.get("/count").json() for _ in range(3)] == [1, 2, 3]
    assert "samesite=strict" in client.get("/count").headers["Set-Cookie"].lower()
    client.cookies.clear()
    assert client.get("/count").json() == 1


def test_other_responses_set_no_cookie(client):
    assert "Set-Cookie" not in client.get("/api/v1/about").headers
