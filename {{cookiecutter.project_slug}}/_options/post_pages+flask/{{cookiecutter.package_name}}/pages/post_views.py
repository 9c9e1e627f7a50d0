"""The pages of posts."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from ..database.session import get_session
# {% if "anonymous" in cookiecutter.__facts %}
from ..identity import optional_subject, subject
# {% endif %}
from ..posts import access, service
from ..posts.exceptions import SlugTaken
from ..posts.models import Post
from ..web.operations import InvalidRequest
from .form_pages import render_form
from .post_authors import may_change
from .post_forms import change_form, check_version, new_form
from .post_lists import ListQuery
# {% if "accounts" in cookiecutter.__facts %}
from .sessions import optional_subject, subject
# {% endif %}

bp = Blueprint("posts", __name__, url_prefix="/posts")


def readable_post(post_id: UUID) -> Post:
    """Return the post if the client may read it, or respond 404."""
    post = service.find(get_session(), post_id)
    access.check_read(post, optional_subject())
    return post


def writable_post(post_id: UUID) -> Post:
    """Return the post if the client may change it, or respond 403 or 404."""
    writer, post = subject(), service.find(get_session(), post_id)
    access.check_write(post, writer)
    return post


def valid_query() -> ListQuery:
    """Return the query of a list, or respond 422."""
    try:
        return ListQuery.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise InvalidRequest(
            [{**each, "loc": ("query", *each["loc"])} for each in error.errors()], None
        ) from None


@bp.get("")
def list_posts() -> str:
    """List the posts that the client may read, in pages."""
    query = valid_query()
    page = service.list_page(get_session(), query, optional_subject())
    following, is_later = query.next(page.next), query.cursor is not None
    return render_template("posts/list.html", page=page, next=following, is_later=is_later)


@bp.get("/new")
def new_post() -> ResponseReturnValue:
    """Return the form of a new post."""
    subject()
    return render_form(new_form({}))


@bp.post("/new")
def create_post() -> ResponseReturnValue:
    """Create a post."""
    author, form = subject(), new_form(request.form)
    new = form.validate()
    with form.error_at("slug", SlugTaken):
        post = service.create(get_session(), new, access.owner_of(new, author))
    return redirect_to(post.id, "The post was saved as a draft.")


@bp.get("/<uuid:post_id>")
def read_post(post_id: UUID) -> str:
    """Read a post."""
    post = readable_post(post_id)
    is_author = may_change(post, optional_subject())
    return render_template("posts/read.html", post=post, version=post.version, may_change=is_author)


@bp.get("/<uuid:post_id>/edit")
def edit_post(post_id: UUID) -> ResponseReturnValue:
    """Return the form of a post."""
    return render_form(change_form(writable_post(post_id)))


@bp.post("/<uuid:post_id>/edit")
def change_post(post_id: UUID) -> ResponseReturnValue:
    """Replace the content of a post, unless another change came first."""
    post = writable_post(post_id)
    form = change_form(post, request.form)
    check_version(form, request.form.get("version", ""))
    content = form.validate()
    with form.error_at("slug", SlugTaken):
        service.change(get_session(), post, content)
    return redirect_to(post_id, "The post was saved.")


@bp.post("/<uuid:post_id>/publish")
def publish_post(post_id: UUID) -> ResponseReturnValue:
    """Publish a post; a published one is unchanged."""
    service.publish(get_session(), writable_post(post_id))
    return redirect_to(post_id, "The post is published.")


@bp.post("/<uuid:post_id>/delete")
def delete_post(post_id: UUID) -> ResponseReturnValue:
    """Delete a post, unless it was changed after the client has read it."""
    post = writable_post(post_id)
    if request.form.get("version") != str(post.version):
        return redirect_to(post_id, "The post was changed meanwhile, and is not deleted.")
    service.delete(get_session(), post)
    flash("The post was deleted.")
    return redirect(url_for(".list_posts"), 303)


def redirect_to(post_id: UUID, message: str) -> ResponseReturnValue:
    """Redirect to a post, and show a message there."""
    flash(message)
    return redirect(url_for(".read_post", post_id=post_id), 303)
