# mypy: ignore-errors
from .support.framework import client_for


def test_requests_are_counted(app):
    with client_for(app) as client:
        client.get("/api/v1/about")
        metrics = client.get("/metrics")

    assert metrics.status_code == 200
    assert 'flask_http_request_total{method="GET",status="200"} 1.0' in metrics.text
    assert 'path="/api/v1/about"' in metrics.text
