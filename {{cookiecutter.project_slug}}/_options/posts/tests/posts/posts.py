"""Requests to the endpoints of posts."""

from typing import Any

import httpx2

from .ownership import OWNER

POSTS = "/api/v1/posts"
CONTENT = {"slug": "bread", "title": "On bread", "body": "Flour, water, salt."}
POST = CONTENT | OWNER


def create(client: httpx2.Client, **changes: Any) -> httpx2.Response:
    """Create a post; fail if the response is an error."""
    response = client.post(POSTS, json=POST | changes)
    assert response.status_code == 201, response.text
    return response


def post_path(response: httpx2.Response) -> str:
    """Return the path of a post."""
    return f"{POSTS}/{response.json()['id']}"


def list_titles(client: httpx2.Client, **query: Any) -> list[str]:
    """Return the titles on all pages of a list."""
    found = []
    while True:
        page = client.get(POSTS, params=query).json()
        found += [post["title"] for post in page["items"]]
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]
