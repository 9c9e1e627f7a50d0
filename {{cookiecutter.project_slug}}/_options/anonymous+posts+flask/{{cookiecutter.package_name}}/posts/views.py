"""The endpoints of posts."""

from uuid import UUID

from flask import Blueprint, url_for

from ..database.session import get_session, get_stream_session
from ..web.etags import IfMatch, IfNoneMatch, etag
from ..web.operations import operation
from ..web.streaming import LinesResponse
from . import service
from .dependencies import matched_post, valid_post
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostQuery, PostRead

bp = Blueprint("posts", __name__, url_prefix="/posts")

Headers = dict[str, str]


@bp.get("")
@operation()
def list_posts(query: PostQuery) -> PostPage:
    """List posts, in pages."""
    return service.list_page(get_session(), query)


@bp.post("")
@operation(status=201)
def create_post(body: NewPost) -> tuple[PostRead, int, Headers]:
    """Create a post; its slug has to be free."""
    post = service.create(get_session(), body, body.owner)
    location = url_for("api.posts.read_post", post_id=post.id)
    headers = {"Location": location, "ETag": etag(post.version)}
    return PostRead.model_validate(post), 201, headers


@bp.get("/export")
@operation()
def export_posts() -> LinesResponse:
    """Send all posts, a line of JSON each."""
    return LinesResponse(service.export(get_stream_session()))


@bp.get("/<uuid:post_id>")
@operation()
def read_post(post_id: UUID, headers: IfNoneMatch) -> tuple[PostRead, int, Headers]:
    """Read a post."""
    post = valid_post(post_id)
    headers.check(post.version)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}


@bp.put("/<uuid:post_id>")
@operation()
def replace_post(
    post_id: UUID, headers: IfMatch, body: PostContent
) -> tuple[PostRead, int, Headers]:
    """Replace what the owner of a post has written."""
    post = matched_post(post_id, headers)
    service.change(get_session(), post, body)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}


@bp.patch("/<uuid:post_id>")
@operation()
def change_post(
    post_id: UUID, headers: IfMatch, body: PostChanges
) -> tuple[PostRead, int, Headers]:
    """Change parts of a post."""
    post = matched_post(post_id, headers)
    service.change(get_session(), post, body)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}


@bp.delete("/<uuid:post_id>")
@operation(status=204)
def delete_post(post_id: UUID, headers: IfMatch) -> None:
    """Delete a post."""
    service.delete(get_session(), matched_post(post_id, headers))


@bp.post("/<uuid:post_id>/publish")
@operation()
def publish_post(post_id: UUID) -> tuple[PostRead, int, Headers]:
    """Publish a post; one that is published stays as it is."""
    post = valid_post(post_id)
    service.publish(get_session(), post)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}
