# mypy: ignore-errors
"""Requests to the shipments of the recipe."""

from uuid import UUID

import pytest
from my_service.shipments.schemas import Shipment

ID = "01a20fcd-bd8f-718e-b8dd-8c09a465b86d"
LETTER = {"kind": "letter", "pages": 2}


def test_union_keeps_the_values(client):
    labels = {"fragile": True, "floor": 2, "height": 2.5, "note": "1"}
    for item in (LETTER, {"kind": "parcel", "weight": 0.5}):
        body = {"item": item, "customer": "alice", "labels": labels}

        response = client.post("/api/v1/shipments", json=body)

        assert response.status_code == 201
        assert response.json() == body
        assert [type(value) for value in response.json()["labels"].values()] == [bool, int, float, str]


def test_ordered_union_takes_the_first_match():
    assert Shipment(item=LETTER, customer=ID).customer == UUID(ID)
    assert Shipment(item=LETTER, customer="alice").customer == "alice"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"item": {"kind": "letter", "pages": 0}}, "/item/pages"),
        ({"item": {"kind": "pigeon"}}, "/item"),
        ({"labels": {"Upper": 1}}, "/labels/Upper"),
        ({"labels": {f"n{number}": number for number in range(21)}}, "/labels"),
        ({"other": 1}, "/other"),
    ],
)
def test_invalid_parts_are_rejected(client, change, pointer):
    body = {"item": LETTER, "customer": "alice"} | change

    response = client.post("/api/v1/shipments", json=body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith(pointer)
    assert len(response.json()["errors"]) == 1
