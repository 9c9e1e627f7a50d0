"""The endpoints of posts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from ..database.session import SessionDep, StreamSessionDep
from ..identity import STREAM_PROBLEMS, OptionalSubject, Subject, stream_subject
from ..openapi.responses import problems
from ..web.etags import IfNoneMatch, etag
from ..web.requests import StrictRoute
from ..web.streaming import LinesResponse
from . import access, service
from .access import WRITE_PROBLEMS
from .dependencies import MatchedPost, ReadablePost, WritablePost
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostQuery, PostRead

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictRoute)


@router.get("")
async def list_posts(
    query: Annotated[PostQuery, Query()], subject: OptionalSubject, session: SessionDep
) -> PostPage:
    """List the posts that the client may read, in pages."""
    return await service.list_page(session, query, subject)


@router.post("", status_code=201, responses=problems(409))
async def create_post(
    subject: Subject, body: NewPost, session: SessionDep, request: Request, response: Response
) -> PostRead:
    """Create a post; its slug must be free."""
    post = await service.create(session, body, access.owner_of(body, subject))
    # Not url_for(): the names of endpoints are global, and another one may have the same.
    location = f"{request.url.path}/{post.id}"
    response.headers.update({"Location": location, "ETag": etag(post.version)})
    return PostRead.model_validate(post)


@router.get(
    "/export",
    response_class=LinesResponse,
    responses=problems(*STREAM_PROBLEMS),
    dependencies=[Depends(stream_subject("posts:export"))],
)
async def export_posts(session: StreamSessionDep) -> LinesResponse:
    """Export all posts, one JSON document per line."""
    return LinesResponse(await service.export(session))


@router.get("/{post_id:uuid}", responses=problems(304, 404))
async def read_post(
    post: ReadablePost, headers: Annotated[IfNoneMatch, Header()], response: Response
) -> PostRead:
    """Read a post."""
    headers.check(post.version)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)


@router.put("/{post_id:uuid}", responses=problems(*WRITE_PROBLEMS, 409, 412, 428))
async def replace_post(
    post: MatchedPost, body: PostContent, session: SessionDep, response: Response
) -> PostRead:
    """Replace the content of a post."""
    await service.change(session, post, body)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)


@router.patch("/{post_id:uuid}", responses=problems(*WRITE_PROBLEMS, 409, 412, 428))
async def change_post(
    post: MatchedPost, body: PostChanges, session: SessionDep, response: Response
) -> PostRead:
    """Update parts of a post."""
    await service.change(session, post, body)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)


@router.delete(
    "/{post_id:uuid}",
    status_code=204,
    response_class=Response,
    responses=problems(*WRITE_PROBLEMS, 412, 428),
)
async def delete_post(post: MatchedPost, session: SessionDep) -> None:
    """Delete a post."""
    await service.delete(session, post)


@router.post("/{post_id:uuid}/publish", responses=problems(*WRITE_PROBLEMS))
async def publish_post(post: WritablePost, session: SessionDep, response: Response) -> PostRead:
    """Publish a post; a published one is unchanged."""
    await service.publish(session, post)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)
