"""The id of a request: the client's where it is well-formed, else one of our own."""

import httpx2
import pytest

from ..support.framework import repeated


@pytest.mark.parametrize("given", ["a", "01890a5d-ac96-774b-bcce-b302099a8057", "Ab.9_-" * 21])
def test_well_formed_id_is_taken(client: httpx2.Client, given: str) -> None:
    assert client.get("/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "two words", "a,b", "<b>", "x" * 129])
def test_other_id_is_replaced(client: httpx2.Client, given: str) -> None:
    sent = client.get("/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"]

    assert sent != given
    assert sent.isalnum()


def test_second_id_is_refused_with_the_first(client: httpx2.Client) -> None:
    sent = client.get("/livez", headers=repeated("X-Request-ID", "a", "b")).headers["X-Request-ID"]

    assert len(sent) == 32


def test_every_request_has_an_id_of_its_own(client: httpx2.Client) -> None:
    ids = {client.get("/livez").headers["X-Request-ID"] for _ in range(3)}

    assert len(ids) == 3
