# mypy: ignore-errors
from my_service import create_app
from opentelemetry.trace import StatusCode

from .shared import opentelemetry
from .support.framework import client_for, route

exporter = opentelemetry.exporter


def test_span_has_the_route_and_continues_the_trace(exporter, settings, capsys):
    with client_for(create_app(settings)) as client:
        client.get("/api/v1/posts/01890000-0000-7000-8000-000000000000", headers=opentelemetry.HEADERS)
        client.get("/livez")

    (span,) = exporter.get_finished_spans()
    assert "/api/v1/posts/" in span.attributes["http.route"]
    assert span.name.startswith("GET /api/v1/posts/")
    assert f"{span.context.trace_id:032x}" == opentelemetry.TRACE
    assert f"{span.parent.span_id:016x}" == opentelemetry.PARENT
    assert f'"trace_id":"{opentelemetry.TRACE}"' in capsys.readouterr().err


def test_span_of_an_unhandled_error_has_the_status_error(exporter, settings):
    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    route(app, "/fail", fail)

    with client_for(app) as client:
        exporter.clear()
        response = client.get("/fail")

    (span,) = exporter.get_finished_spans()
    assert response.status_code == 500
    assert span.status.status_code is StatusCode.ERROR


def fail():
    raise ZeroDivisionError
