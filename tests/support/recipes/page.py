# mypy: ignore-errors
"""The page of the recipe."""

import re


def test_policy_allows_the_styles_of_the_page(client):
    response = client.get("/")

    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    (policy,) = response.headers.get_list("Content-Security-Policy")
    (nonce,) = re.findall(r'nonce="(.+)"', response.text)
    assert f"style-src 'nonce-{nonce}'" in policy
    assert "default-src 'none'" in policy
    assert "<h1>" in response.text
    assert nonce not in client.get("/").text


def test_other_responses_keep_the_default_policy(client):
    assert "style-src" not in client.get("/api/v1/about").headers["Content-Security-Policy"]
