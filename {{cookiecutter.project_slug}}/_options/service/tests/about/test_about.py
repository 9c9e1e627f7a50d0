"""The about endpoint."""

import httpx2

from {{ cookiecutter.package_name }}.metadata import NAME, VERSION


def test_about_returns_name_version_and_environment(client: httpx2.Client) -> None:
    response = client.get("/api/v1/about")

    assert response.status_code == 200
    assert response.json() == {
        "name": NAME,
        "version": VERSION,
        "environment": "test",
    }
