"""Fixtures for all tests."""

import pytest
from flask.testing import FlaskClient

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Settings(environment="test")).test_client()
