# mypy: ignore-errors
"""The service of a project with endpoints that take something, for tests of what surrounds endpoints."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from my_service import create_app
from things import Page, Thing

router = APIRouter(prefix="/things", tags=["things"])


@router.get("")
async def list_things(query: Annotated[Page, Query()]) -> list[Thing]:
    """List things."""
    return [Thing(name=query.start or "lamp")] * min(query.limit, 3)


@router.post("", status_code=201)
async def create_thing(body: Thing) -> Thing:
    """Create a thing.

    Its name may be taken.
    """
    return body


@router.get("/crash")
async def crash() -> Thing:
    """Fail, with a secret in hand."""
    raise RuntimeError("an internal of the service")


@router.get("/{thing_id}", responses={410: {"model": Thing}})
async def read_thing(thing_id: UUID) -> Thing:
    """Read a thing."""
    if thing_id.int % 2:
        raise HTTPException(404)
    return Thing(name=thing_id.hex)


@router.delete("/{thing_id}", status_code=204)
async def delete_thing(thing_id: UUID) -> None:
    """Delete a thing."""


app = create_app()
app.include_router(router, prefix="/api/v1")
