# mypy: ignore-errors
from my_service import create_app
from opentelemetry.trace import SpanKind, StatusCode

from .shared import opentelemetry
from .support.framework import client_for, route

exporter = opentelemetry.exporter


def test_span_has_the_route_and_continues_the_trace(exporter, settings, capsys):
    with client_for(create_app(settings)) as client:
        client.get("/livez")
        exporter.clear()
        client.get("/api/v1/posts/01890000-0000-7000-8000-000000000000", headers=opentelemetry.HEADERS)

    spans = exporter.get_finished_spans()
    (server,) = [span for span in spans if span.kind is SpanKind.SERVER]
    assert server.instrumentation_scope.name == "opentelemetry.instrumentation.fastapi"
    assert "/api/v1/posts/{post_id" in server.attributes["http.route"]
    assert server.name == f"GET {server.attributes['http.route']}"
    assert f"{server.parent.span_id:016x}" == opentelemetry.PARENT
    assert {f"{span.context.trace_id:032x}" for span in spans} == {opentelemetry.TRACE}
    assert f'"trace_id":"{opentelemetry.TRACE}"' in capsys.readouterr().err


def test_span_of_an_unhandled_error_has_the_status_error(exporter, settings):
    app = create_app(settings)
    route(app, "/fail", fail)

    with client_for(app) as client:
        exporter.clear()
        response = client.get("/fail")

    (span,) = [each for each in exporter.get_finished_spans() if each.kind is SpanKind.SERVER]
    assert response.status_code == 500
    assert span.status.status_code is StatusCode.ERROR


async def fail():
    raise ZeroDivisionError
