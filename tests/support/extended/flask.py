# mypy: ignore-errors
"""The service of a project with endpoints that take something, for tests of what surrounds endpoints."""

from uuid import UUID

from flask import Blueprint, abort
from my_service import create_app
from my_service.web.operations import operation
from things import Page, Thing

bp = Blueprint("things", __name__)


@bp.get("")
@operation()
def list_things(query: Page) -> list[Thing]:
    """List things."""
    return [Thing(name=query.start or "lamp")] * min(query.limit, 3)


@bp.post("")
@operation(status=201)
def create_thing(body: Thing) -> Thing:
    """Create a thing.

    Its name may be taken.
    """
    return body


@bp.get("/crash")
@operation()
def crash() -> Thing:
    """Fail, with a secret in hand."""
    raise RuntimeError("an internal of the service")


@bp.get("/<thing_id>")
@operation(responses={410: Thing})
def read_thing(thing_id: UUID) -> Thing:
    """Read a thing."""
    if thing_id.int % 2:
        abort(404)
    return Thing(name=thing_id.hex)


@bp.delete("/<thing_id>")
@operation(status=204)
def delete_thing(thing_id: UUID) -> None:
    """Delete a thing."""


app = create_app()
app.register_blueprint(bp, url_prefix="/api/v1/things")
