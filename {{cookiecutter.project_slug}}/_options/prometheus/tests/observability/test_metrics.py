"""The metrics: what they count, and who can read them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from pydantic import ValidationError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.metadata import NAME, VERSION
from {{ cookiecutter.package_name }}.observability import metrics
from {{ cookiecutter.package_name }}.observability.requests import RequestRecord

from ..support.framework import App, client_for, raise_conflict, route, route_variable
from ..support.settings import PACKAGE, IsolatedSettings

TOKEN = "t9_pQ4vLx0ZbW7rJ2mKc8NfH5sDyG3aE"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(production_settings: dict[str, object]) -> App:
    app = create_app(
        IsolatedSettings.model_validate(production_settings | {"metrics_token": TOKEN})
    )
    route_variable(app, "/things/{variable}", str)
    route(app, "/conflict", raise_conflict)
    return app


def counts(client: httpx2.Client) -> dict[tuple[str, str, str], float]:
    """Return the number of requests for each method, route and status."""
    text = client.get("/metrics", headers=BEARER).text
    pattern = r'seconds_count\{method="(.*)",route="(.*)",status="(.*)"\} (.*)'
    return {(found[1], found[2], found[3]): float(found[4]) for found in re.finditer(pattern, text)}


def test_requests_are_counted_by_method_route_and_status(client: httpx2.Client) -> None:
    for path in ("/things/1?a=b", "/things/2", "/conflict", "/nowhere"):
        client.get(path)
    client.request("BREW", "/livez")

    assert counts(client) == {
        ("GET", "/things/{variable}", "200"): 2,
        ("GET", "/conflict", "409"): 1,
        ("GET", "", "404"): 1,
        ("_OTHER", "", "405"): 1,
    }


def test_durations_are_in_seconds(client: httpx2.Client) -> None:
    client.get("/livez")
    text = client.get("/metrics", headers=BEARER).text

    (total,) = re.findall(r'seconds_sum\{.*route="/livez".*\} (.*)', text)
    assert 0 < float(total) < 10


def test_build_and_process_are_described(client: httpx2.Client) -> None:
    response = client.get("/metrics", headers=BEARER)

    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert f'name="{NAME}",version="{VERSION}"' in response.text
    assert "python_info{" in response.text


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x"}, {"Authorization": TOKEN}])
def test_path_does_not_exist_without_the_token(
    client: httpx2.Client, header: dict[str, str]
) -> None:
    refused, unknown = (client.get(path, headers=header) for path in ("/metrics", "/nowhere"))

    assert refused.status_code == unknown.status_code == 404
    assert refused.json().keys() == unknown.json().keys()


def test_head_is_as_get_without_a_body(client: httpx2.Client) -> None:
    read, head = (client.request(method, "/metrics", headers=BEARER) for method in ("GET", "HEAD"))

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == read.headers["Content-Type"]
    assert int(head.headers["Content-Length"]) > 0
    assert client.head("/metrics").status_code == 404


def test_other_methods_do_not_read_metrics(client: httpx2.Client) -> None:
    assert client.post("/metrics", headers=BEARER).status_code == 404


def test_scraper_may_connect_by_address(client: httpx2.Client) -> None:
    host = {"Host": "10.1.2.3:8000"}

    assert client.get("/livez", headers=host).status_code == 400
    assert client.get("/metrics", headers=BEARER | host).status_code == 200


@pytest.mark.parametrize(("environment", "status"), [("development", 200), ("test", 404)])
def test_metrics_are_open_in_development_only(
    production_settings: dict[str, object], environment: str, status: int
) -> None:
    app = create_app(
        IsolatedSettings.model_validate(production_settings | {"environment": environment})
    )

    with client_for(app) as client:
        assert client.get("/metrics").status_code == status


def test_guessable_token_is_rejected(production_settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="is too short"):
        IsolatedSettings.model_validate(production_settings | {"metrics_token": "secret"})
    assert IsolatedSettings.model_validate({"metrics_token": "secret"}).metrics_token


def test_token_that_no_header_can_contain_is_rejected() -> None:
    for token in (f"{TOKEN}\n", "für"):
        with pytest.raises(ValidationError, match="visible ASCII characters"):
            IsolatedSettings.model_validate({"metrics_token": token})


def test_gauges_of_dead_processes_are_not_shown(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv(metrics.FOLDER, str(tmp_path))
    observed = metrics.Metrics(IsolatedSettings())
    dead = tmp_path / f"gauge_livesum_{2**22 + 1}.db"
    dead.write_bytes(bytes(1024))

    observed.render()

    assert not dead.exists()


def test_websockets_are_not_requests() -> None:
    observed = metrics.Metrics(IsolatedSettings())
    observed.observe_request(RequestRecord("WEBSOCKET", "/echo", 101, 60.0, 0, None))

    assert b"WEBSOCKET" not in observed.render()


WORKER = f"""
import os, signal
from {PACKAGE}.config import Settings
from {PACKAGE}.observability.metrics import Metrics, RequestRecord

metrics = Metrics(Settings(_env_file=None))
metrics.observe_request(RequestRecord("GET", "/", 200, 0.1, 0, None))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_counts_of_killed_workers_remain(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv(metrics.FOLDER, str(tmp_path))
    for _ in range(2):
        subprocess.run([sys.executable, "-c", WORKER], check=False)
    for pid, live in ((os.getpid(), True), (1, True), (2**22 + 1, False)):
        gauge = tmp_path / f"gauge_livesum_{pid}.db"
        gauge.write_bytes(bytes(1024))

        text = metrics.Metrics(IsolatedSettings()).render().decode()

        assert gauge.exists() is live
        assert 'count{method="GET",route="/",status="200"} 2.0' in text
        assert "python_info" not in text


def test_workers_share_a_folder_that_begins_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stale = tmp_path / "counter_1.db"
    stale.touch()
    for folder in (tmp_path, tmp_path / "new"):
        monkeypatch.setenv(metrics.FOLDER, str(folder))
        metrics.share_between_workers(1)
        assert list(folder.iterdir()) == []

    monkeypatch.delenv(metrics.FOLDER)
    metrics.share_between_workers(1)
    assert metrics.FOLDER not in os.environ
    metrics.share_between_workers(2)
    assert Path(os.environ[metrics.FOLDER]).is_dir()
    monkeypatch.delenv(metrics.FOLDER)
