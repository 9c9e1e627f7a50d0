# mypy: ignore-errors
from .support.framework import client_for


def test_posts_are_in_numbered_pages(app):
    etags = {}
    with client_for(app) as client:
        for number in range(3):
            post = {"slug": f"post-{number}", "title": "Post", "body": "Hello", "owner": "ada"}
            created = client.post("/api/v1/posts", json=post)
            etags[created.headers["Location"]] = created.headers["ETag"]
        page = client.get("/api/v1/post-pages", params={"page": 2, "size": 2}).json()
        invalid = client.get("/api/v1/post-pages", params={"page": 0})
        document = client.get("/openapi.json").json()
        for location, etag in etags.items():
            client.delete(location, headers={"If-Match": etag})

    assert [post["slug"] for post in page["items"]] == ["post-2"]
    assert (page["total"], page["page"], page["pages"]) == (3, 2, 2)
    assert invalid.status_code == 422
    assert invalid.headers["Content-Type"] == "application/problem+json"
    names = {each["name"] for each in document["paths"]["/api/v1/post-pages"]["get"]["parameters"]}
    assert names == {"page", "size"}
