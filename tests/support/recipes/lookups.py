# mypy: ignore-errors
"""Requests to the lookups of the recipe."""

import pytest


@pytest.fixture(autouse=True)
def empty_table(settings):
    """Delete the lookups after each test, if the project stores them."""
    yield
    if hasattr(settings, "database_url"):
        from sqlalchemy import create_engine, text

        engine = create_engine(settings.database_url.get_secret_value())
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM lookups"))
        engine.dispose()


def test_host_is_resolved(client):
    found = client.post("/api/v1/lookups/localhost")

    assert found.status_code == 200
    assert found.json()["host"] == "localhost"
    assert found.json()["address"].startswith("127.")


def test_unknown_host_is_not_found(client):
    assert client.post("/api/v1/lookups/host.invalid").status_code == 404


def test_invalid_host_is_rejected(client):
    assert client.post("/api/v1/lookups/A").status_code == 422
