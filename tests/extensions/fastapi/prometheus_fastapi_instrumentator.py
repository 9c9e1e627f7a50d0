# mypy: ignore-errors
from .support.framework import client_for


def test_requests_are_counted(app):
    with client_for(app) as client:
        client.get("/api/v1/about")
        metrics = client.get("/metrics")

    assert metrics.status_code == 200
    assert 'http_requests_total{handler="/api/v1/about",method="GET",status="2xx"} 1.0' in metrics.text
