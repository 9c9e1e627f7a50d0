"""The endpoints of posts."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from ..accounts.dependencies import TOKEN_IS_OPTIONAL
from ..database.session import SessionDep, StreamSessionDep
from ..web.etags import IfNoneMatch, etag
from ..web.requests import StrictRoute
from ..web.streaming import LinesResponse
from . import service
from .dependencies import Author, Exporter, MatchedPost, OwnedPost, ReadablePage, ReadablePost
from .schemas import NewPost, PostChanges, PostContent, PostPage, PostRead

router = APIRouter(prefix="/posts", tags=["posts"], route_class=StrictRoute)


@router.get("", openapi_extra=TOKEN_IS_OPTIONAL)
async def list_posts(page: ReadablePage) -> PostPage:
    """List posts that are published, and those of one's own, in pages."""
    return page


@router.post("", status_code=201)
async def create_post(
    author: Author, body: NewPost, session: SessionDep, request: Request, response: Response
) -> PostRead:
    """Create a post; its slug has to be free."""
    post = await service.create(session, body, str(author.id))
    location = request.url_for("read_post", post_id=post.id)
    response.headers.update({"Location": location.path, "ETag": etag(post.version)})
    return PostRead.model_validate(post)


@router.get("/export", response_class=LinesResponse)
async def export_posts(exporter: Exporter, session: StreamSessionDep) -> LinesResponse:
    """Send all posts, a line of JSON each."""
    return LinesResponse(await service.export(session))


@router.get("/{post_id:uuid}", openapi_extra=TOKEN_IS_OPTIONAL)
async def read_post(
    post: ReadablePost, headers: Annotated[IfNoneMatch, Header()], response: Response
) -> PostRead:
    """Read a post."""
    headers.check(post.version)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)


@router.put("/{post_id:uuid}")
async def replace_post(
    post: MatchedPost, body: PostContent, session: SessionDep, response: Response
) -> PostRead:
    """Replace what the owner of a post has written."""
    await service.change(session, post, body)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)


@router.patch("/{post_id:uuid}")
async def change_post(
    post: MatchedPost, body: PostChanges, session: SessionDep, response: Response
) -> PostRead:
    """Change parts of a post."""
    await service.change(session, post, body)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)


@router.delete("/{post_id:uuid}", status_code=204, response_class=Response)
async def delete_post(post: MatchedPost, session: SessionDep) -> None:
    """Delete a post."""
    await service.delete(session, post)


@router.post("/{post_id:uuid}/publish")
async def publish_post(post: OwnedPost, session: SessionDep, response: Response) -> PostRead:
    """Publish a post; one that is published stays as it is."""
    await service.publish(session, post)
    response.headers["ETag"] = etag(post.version)
    return PostRead.model_validate(post)
