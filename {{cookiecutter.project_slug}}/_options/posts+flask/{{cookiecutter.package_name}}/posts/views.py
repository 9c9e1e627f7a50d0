"""The endpoints of posts."""

from uuid import UUID

from flask import Blueprint, url_for

from ..database.session import get_session, get_stream_session
from ..identity import STREAM_PROBLEMS, optional_subject, stream_subject, subject
from ..web.etags import IfMatch, IfNoneMatch, etag
from ..web.operations import operation
from ..web.streaming import LinesResponse
from . import access, service
from .access import WRITE_PROBLEMS
from .dependencies import matched_post, readable_post, writable_post
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostQuery, PostRead

bp = Blueprint("posts", __name__, url_prefix="/posts")

Headers = dict[str, str]


@bp.get("")
@operation(security=optional_subject)
def list_posts(query: PostQuery) -> PostPage:
    """List the posts that the client may read, in pages."""
    return service.list_page(get_session(), query, optional_subject())


@bp.post("")
@operation(status=201, problems=[409], security=subject)
def create_post(body: NewPost) -> tuple[PostRead, int, Headers]:
    """Create a post; its slug must be free."""
    post = service.create(get_session(), body, access.owner_of(body, subject()))
    location = url_for(".read_post", post_id=post.id)
    headers = {"Location": location, "ETag": etag(post.version)}
    return PostRead.model_validate(post), 201, headers


@bp.get("/export")
@operation(problems=STREAM_PROBLEMS, security=stream_subject("posts:export"))
def export_posts() -> LinesResponse:
    """Export all posts, one JSON document per line."""
    return LinesResponse(service.export(get_stream_session()))


@bp.get("/<uuid:post_id>")
@operation(problems=[304, 404], security=optional_subject)
def read_post(post_id: UUID, headers: IfNoneMatch) -> tuple[PostRead, int, Headers]:
    """Read a post."""
    post = readable_post(post_id)
    headers.check(post.version)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}


@bp.put("/<uuid:post_id>")
@operation(problems=[*WRITE_PROBLEMS, 409, 412, 428], security=subject)
def replace_post(
    post_id: UUID, headers: IfMatch, body: PostContent
) -> tuple[PostRead, int, Headers]:
    """Replace the content of a post."""
    post = matched_post(post_id, headers)
    service.change(get_session(), post, body)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}


@bp.patch("/<uuid:post_id>")
@operation(problems=[*WRITE_PROBLEMS, 409, 412, 428], security=subject)
def change_post(
    post_id: UUID, headers: IfMatch, body: PostChanges
) -> tuple[PostRead, int, Headers]:
    """Update parts of a post."""
    post = matched_post(post_id, headers)
    service.change(get_session(), post, body)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}


@bp.delete("/<uuid:post_id>")
@operation(status=204, problems=[*WRITE_PROBLEMS, 412, 428], security=subject)
def delete_post(post_id: UUID, headers: IfMatch) -> None:
    """Delete a post."""
    service.delete(get_session(), matched_post(post_id, headers))


@bp.post("/<uuid:post_id>/publish")
@operation(problems=WRITE_PROBLEMS, security=subject)
def publish_post(post_id: UUID) -> tuple[PostRead, int, Headers]:
    """Publish a post; a published one is unchanged."""
    post = writable_post(post_id)
    service.publish(get_session(), post)
    return PostRead.model_validate(post), 200, {"ETag": etag(post.version)}
