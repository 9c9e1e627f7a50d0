"""The probes, with checks that pass, fail and hang."""

import httpx2
import pytest

from {{ cookiecutter.package_name }}.web.health import get_checks

from ..support.framework import App, Barrier, fail, hang, succeed


def test_livez_answers(client: httpx2.Client) -> None:
    response = client.get("/livez")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_livez_answers_while_a_check_fails(app: App, client: httpx2.Client) -> None:
    get_checks(app).add("search", fail)

    assert client.get("/livez").status_code == 200


# What the service checks by itself.
CHECKS: dict[str, str] = {}
# {% if "database" in cookiecutter.__facts %}
CHECKS["database"] = "ok"
# {% endif %}


def test_readyz_is_ready_while_nothing_fails(client: httpx2.Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": CHECKS}


def test_readyz_names_what_fails_and_what_hangs(app: App, client: httpx2.Client) -> None:
    checks = get_checks(app)
    checks.add("cache", succeed)
    checks.add("search", fail)
    checks.add("queue", hang, deadline=0.05)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {
        "status": "unavailable",
        "checks": CHECKS | {"cache": "ok", "search": "failed", "queue": "timeout"},
    }


def test_readyz_tells_the_log_in_a_line_what_failed(
    app: App, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    get_checks(app).add("search", fail)

    client.get("/readyz")

    (record,) = (each for each in caplog.records if "readiness" in each.getMessage())
    assert "'search'" in record.getMessage()
    assert "the test wants this check to fail" in record.getMessage()
    assert not record.exc_info


def test_readyz_runs_its_checks_at_once(app: App, client: httpx2.Client) -> None:
    barrier = Barrier(2)
    get_checks(app).add("one that waits for the other", barrier.wait)
    get_checks(app).add("the other", barrier.wait)

    assert client.get("/readyz").status_code == 200


def test_readyz_recovers_with_its_checks(app: App, client: httpx2.Client) -> None:
    get_checks(app).add("search", succeed)

    assert [client.get("/readyz").status_code for _ in range(2)] == [200, 200]


def test_check_names_are_unique(app: App) -> None:
    get_checks(app).add("search", succeed)

    with pytest.raises(ValueError, match="'search'"):
        get_checks(app).add("search", succeed)
