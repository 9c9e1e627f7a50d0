"""What Starlette leaves to the application: responses that have begun, and errors that are none."""

from collections.abc import AsyncIterator

import pytest
from fastapi import HTTPException
from fastapi.responses import StreamingResponse

from .conftest import App
from .framework import client_for, route


async def break_off() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "begun"
        raise RuntimeError("in the middle of it")

    return StreamingResponse(chunks())


async def not_modified() -> None:
    raise HTTPException(304)


def test_error_in_the_middle_of_a_response_reaches_the_server(app: App) -> None:
    route(app, "/break", break_off)

    with client_for(app) as client, pytest.raises(RuntimeError, match="in the middle of it"):
        client.get("/break")


def test_status_that_is_no_error_has_no_problem(app: App) -> None:
    route(app, "/unchanged", not_modified)

    with client_for(app) as client:
        response = client.get("/unchanged")

    assert response.status_code == 304
    assert response.content == b""
