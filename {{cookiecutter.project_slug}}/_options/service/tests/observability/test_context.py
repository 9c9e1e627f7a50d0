"""The id of a request: a valid X-Request-ID, or a generated id."""

import httpx2
import pytest

from ..support.framework import repeated_header


@pytest.mark.parametrize("request_id", ["a", "01890a5d-ac96-774b-bcce-b302099a8057", "Ab.9_-" * 21])
def test_valid_id_is_reused(client: httpx2.Client, request_id: str) -> None:
    assert (
        client.get("/livez", headers={"X-Request-ID": request_id}).headers["X-Request-ID"]
        == request_id
    )


@pytest.mark.parametrize("request_id", ["", "two words", "a,b", "<b>", "x" * 129])
def test_invalid_id_is_replaced(client: httpx2.Client, request_id: str) -> None:
    returned = client.get("/livez", headers={"X-Request-ID": request_id}).headers["X-Request-ID"]

    assert returned != request_id
    assert returned.isalnum()


def test_two_ids_are_replaced(client: httpx2.Client) -> None:
    returned = client.get("/livez", headers=repeated_header("X-Request-ID", "a", "b")).headers[
        "X-Request-ID"
    ]

    assert len(returned) == 32


def test_generated_ids_are_unique(client: httpx2.Client) -> None:
    ids = {client.get("/livez").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3
