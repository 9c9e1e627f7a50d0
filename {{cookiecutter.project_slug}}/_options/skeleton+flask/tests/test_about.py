"""The about endpoint."""

from flask.testing import FlaskClient


def test_about_names_the_service_and_its_environment(client: FlaskClient) -> None:
    response = client.get("/api/v1/about")

    assert response.status_code == 200
    assert response.json == {"name": "{{ cookiecutter.project_slug }}", "environment": "test"}
