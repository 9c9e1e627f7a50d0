"""Posts as clients write them."""

from typing import Any

import httpx2

from .ownership import OWNER

POSTS = "/api/v1/posts"
CONTENT = {"slug": "bread", "title": "On bread", "body": "Flour, water, salt."}
POST = CONTENT | OWNER


def create(client: httpx2.Client, **changes: Any) -> httpx2.Response:
    """Create a post, and expect that to succeed."""
    response = client.post(POSTS, json=POST | changes)
    assert response.status_code == 201, response.text
    return response


def path_of(response: httpx2.Response) -> str:
    """Return where a post is."""
    return f"{POSTS}/{response.json()['id']}"


def titles(client: httpx2.Client, **query: Any) -> list[str]:
    """Return the titles of a list, page after page."""
    found = []
    while True:
        page = client.get(POSTS, params=query).json()
        found += [post["title"] for post in page["items"]]
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]
