# mypy: ignore-errors
"""A response of a project with a middleware for compression."""


def test_large_response_is_compressed(client):
    response = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["X-Request-ID"]
    assert response.json()["openapi"]
