# mypy: ignore-errors

from .support.framework import client_for


def test_large_response_is_compressed(app):
    with client_for(app) as client:
        plain = client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
        small = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})

    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert int(small.headers["Content-Length"]) < len(plain.content)
    assert small.json() == plain.json()


def test_etag_of_a_compressed_post_can_be_used(app):
    post = {"slug": "long", "title": "Long", "body": "long " * 1000, "owner": "ada"}
    with client_for(app) as client:
        client.headers["Accept-Encoding"] = "gzip"
        created = client.post("/api/v1/posts", json=post)
        location = created.headers["Location"]
        read = client.get(location)
        again = client.get(location, headers={"If-None-Match": read.headers["ETag"]})
        changed = client.patch(location, json={"title": "Longer"}, headers={"If-Match": read.headers["ETag"]})
        stale = client.patch(location, json={"title": "L"}, headers={"If-Match": read.headers["ETag"]})
        client.delete(location, headers={"If-Match": changed.headers["ETag"]})

    assert read.headers["Content-Encoding"] == "gzip"
    assert again.status_code == 304
    assert changed.status_code == 200
    assert stale.status_code == 412
