# mypy: ignore-errors
from .support.framework import client_for


def test_query_reads_the_database(app):
    post = {"slug": "first", "title": "First", "body": "Hello", "owner": "ada"}
    with client_for(app) as client:
        created = client.post("/api/v1/posts", json=post)
        queried = client.post("/graphql", json={"query": "{ posts { slug title } }"})
        client.delete(created.headers["Location"], headers={"If-Match": created.headers["ETag"]})
        invalid = client.post("/graphql", json={"query": "{ authors }"})
        document = client.get("/openapi.json").json()

    assert queried.json() == {"data": {"posts": [{"slug": "first", "title": "First"}]}}
    assert queried.headers["X-Request-ID"]
    assert "Cannot query field" in invalid.json()["errors"][0]["message"]
    assert "/graphql" not in document["paths"]
