"""The fixtures of Flask's documentation."""

import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from .framework import App


@pytest.fixture
def flask_client(app: App) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: App) -> FlaskCliRunner:
    return app.test_cli_runner()
