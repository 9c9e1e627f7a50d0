"""Fixtures for all tests."""

import pytest
from fastapi.testclient import TestClient

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.config import Settings


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app(Settings(environment="test")))
