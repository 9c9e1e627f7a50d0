"""What FastAPI leaves to the application when the database fails."""

from collections.abc import AsyncIterator

import pytest
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from .conftest import App
from .framework import route


async def break_off() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield "begun"
        raise OperationalError("", {}, Exception("gone"))

    return StreamingResponse(chunks())


def test_error_in_the_middle_of_a_response_reaches_the_server(app: App) -> None:
    route(app, "/break", break_off)

    with (
        TestClient(app, base_url="http://localhost") as client,
        pytest.raises(OperationalError, match="gone"),
    ):
        client.get("/break")
