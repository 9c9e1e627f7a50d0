"""The health endpoints, with checks that pass, fail and hang."""

import httpx2
import pytest

from {{ cookiecutter.package_name }}.web.health import get_checks
from {{ cookiecutter.package_name }}.web.problems import NotReady

from ..support.framework import App, Barrier, fail, fail_once, fail_with, hang, succeed


def test_livez_responds(client: httpx2.Client) -> None:
    response = client.get("/livez")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_livez_ignores_failed_checks(app: App, client: httpx2.Client) -> None:
    get_checks(app).add("search", fail)

    assert client.get("/livez").status_code == 200


# The checks of the service itself.
CHECKS: dict[str, str] = {}
# {% if "database" in cookiecutter.__facts %}
CHECKS["database"] = "ok"
# {% endif %}


def test_readyz_is_ok_if_all_checks_pass(client: httpx2.Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": CHECKS, "reasons": {}}


def test_readyz_lists_failed_checks_and_timeouts(app: App, client: httpx2.Client) -> None:
    checks = get_checks(app)
    checks.add("cache", succeed)
    checks.add("search", fail)
    checks.add("queue", hang, deadline=0.05)
    checks.add("store", fail_with(NotReady("STORE_URL is not set")))

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "checks": CHECKS
        | {"cache": "ok", "search": "failed", "queue": "timeout", "store": "failed"},
        "reasons": {"store": "STORE_URL is not set"},
    }


def test_failed_check_is_logged_without_traceback(
    app: App, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    get_checks(app).add("search", fail)

    client.get("/readyz")

    (record,) = (each for each in caplog.records if "readiness" in each.getMessage())
    assert "'search'" in record.getMessage()
    assert "this check always fails" in record.getMessage()
    assert not record.exc_info


def test_readyz_runs_checks_concurrently(app: App, client: httpx2.Client) -> None:
    barrier = Barrier(2)
    get_checks(app).add("one", barrier.wait)
    get_checks(app).add("another", barrier.wait)

    assert client.get("/readyz").status_code == 200


def test_readyz_recovers_after_a_failed_check(app: App, client: httpx2.Client) -> None:
    get_checks(app).add("search", fail_once())

    assert [client.get("/readyz").status_code for _ in range(3)] == [503, 200, 200]


def test_check_names_are_unique(app: App) -> None:
    get_checks(app).add("search", succeed)

    with pytest.raises(ValueError, match="'search'"):
        get_checks(app).add("search", succeed)
