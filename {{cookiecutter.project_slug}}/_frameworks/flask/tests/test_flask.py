"""What Flask itself promises about an application: its own test client and its own commands."""

import threading

import httpx2
import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from .conftest import App, IsolatedSettings, create_app, get_checks
from .framework import hang


@pytest.fixture
def flask_client(app: App) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: App) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_test_client_reaches_the_views(flask_client: FlaskClient) -> None:
    response = flask_client.get("/api/v1/about")

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["environment"] == "test"


@pytest.mark.parametrize(
    ("service_environment", "debug"),
    [("development", True), ("test", False), ("production", False)],
)
def test_debug_mode_is_for_development(
    service_environment: str, debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    settings = {"environment": service_environment, "secret_key": "s" * 32}

    assert create_app(IsolatedSettings.model_validate(settings)).debug is debug


def test_flask_runs_the_commands_of_the_service(
    runner: FlaskCliRunner, environment: pytest.MonkeyPatch
) -> None:
    result = runner.invoke(args=["check"])

    assert result.exit_code == 0
    assert "fit for development" in result.output


def test_hanging_check_holds_one_thread_however_often_it_is_asked(
    app: App, client: httpx2.Client
) -> None:
    get_checks(app).add("queue", hang, deadline=0.01)
    threads = threading.active_count()

    assert [client.get("/readyz").status_code for _ in range(3)] == [503, 503, 503]
    assert threading.active_count() == threads + 1
