"""The pages of posts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from ..database.session import SessionDep
# {% if "anonymous" in cookiecutter.__facts %}
from ..identity import OptionalSubject, Subject
# {% endif %}
from ..posts import access, service
from ..posts.exceptions import SlugTaken
from ..posts.models import Post
from .form_pages import TypedValues, render_form
from .post_authors import may_change
from .post_forms import change_form, check_version, new_form
from .post_lists import ListQuery
from .rendering import flash, path_for, render
# {% if "accounts" in cookiecutter.__facts %}
from .sessions import OptionalSubject, Subject
# {% endif %}

router = APIRouter(prefix="/posts")


async def readable_post(post_id: UUID, subject: OptionalSubject, session: SessionDep) -> Post:
    """Return the post if the client may read it, or respond 404."""
    post = await service.find(session, post_id)
    access.check_read(post, subject)
    return post


ReadablePost = Annotated[Post, Depends(readable_post)]


async def writable_post(subject: Subject, post_id: UUID, session: SessionDep) -> Post:
    """Return the post if the client may change it, or respond 403 or 404."""
    post = await service.find(session, post_id)
    access.check_write(post, subject)
    return post


WritablePost = Annotated[Post, Depends(writable_post)]


@router.get("", name="pages.posts.list_posts")
async def list_posts(
    request: Request,
    query: Annotated[ListQuery, Query()],
    subject: OptionalSubject,
    session: SessionDep,
) -> HTMLResponse:
    """List the posts that the client may read, in pages."""
    page = await service.list_page(session, query, subject)
    following, is_later = query.next(page.next), query.cursor is not None
    return render(request, "posts/list.html", page=page, next=following, is_later=is_later)


@router.get("/new", name="pages.posts.new_post")
async def new_post(request: Request, subject: Subject) -> HTMLResponse:
    """Return the form of a new post."""
    return render_form(request, new_form({}))


@router.post("/new")
async def create_post(
    request: Request, subject: Subject, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Create a post."""
    form = new_form(values)
    new = form.validate()
    with form.error_at("slug", SlugTaken):
        post = await service.create(session, new, access.owner_of(new, subject))
    return redirect_to(request, post.id, "The post was saved as a draft.")


@router.get("/{post_id:uuid}", name="pages.posts.read_post")
async def read_post(request: Request, post: ReadablePost, subject: OptionalSubject) -> HTMLResponse:
    """Read a post."""
    is_author, version = may_change(post, subject), post.version
    return render(request, "posts/read.html", post=post, version=version, may_change=is_author)


@router.get("/{post_id:uuid}/edit", name="pages.posts.edit_post")
async def edit_post(request: Request, post: WritablePost) -> HTMLResponse:
    """Return the form of a post."""
    return render_form(request, change_form(post))


@router.post("/{post_id:uuid}/edit")
async def change_post(
    request: Request, post: WritablePost, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Replace the content of a post, unless another change came first."""
    form = change_form(post, values)
    check_version(form, values.get("version", ""))
    content = form.validate()
    with form.error_at("slug", SlugTaken):
        await service.change(session, post, content)
    return redirect_to(request, post.id, "The post was saved.")


@router.post("/{post_id:uuid}/publish", name="pages.posts.publish_post")
async def publish_post(
    request: Request, post: WritablePost, session: SessionDep
) -> RedirectResponse:
    """Publish a post; a published one is unchanged."""
    await service.publish(session, post)
    return redirect_to(request, post.id, "The post is published.")


@router.post("/{post_id:uuid}/delete", name="pages.posts.delete_post")
async def delete_post(
    request: Request, post: WritablePost, values: TypedValues, session: SessionDep
) -> RedirectResponse:
    """Delete a post, unless it was changed after the client has read it."""
    if values.get("version") != str(post.version):
        message = "The post was changed meanwhile, and is not deleted."
        return redirect_to(request, post.id, message)
    await service.delete(session, post)
    flash(request, "The post was deleted.")
    return RedirectResponse(path_for(request, "pages.posts.list_posts"), 303)


def redirect_to(request: Request, post_id: UUID, message: str) -> RedirectResponse:
    """Redirect to a post, and show a message there."""
    flash(request, message)
    return RedirectResponse(path_for(request, "pages.posts.read_post", post_id=post_id), 303)
