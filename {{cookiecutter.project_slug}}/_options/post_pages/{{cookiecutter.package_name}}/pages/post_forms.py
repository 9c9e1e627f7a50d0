"""The forms of posts, and the version that a form was made from."""

from collections.abc import Mapping

from ..posts.models import Post
from ..posts.schemas import NewPost, PostContent, PostRead
from .forms import Form, InvalidForm


def new_form(values: Mapping[str, str]) -> Form[NewPost]:
    """Return the form of a new post."""
    return Form(NewPost, "posts/new.html", values)


def change_form(post: Post, values: Mapping[str, str] | None = None) -> Form[PostContent]:
    """Return the form of a post, with its content or with what was typed."""
    content = PostRead.model_validate(post)
    shown = content.model_dump(include={*PostContent.model_fields}) if values is None else values
    return Form(PostContent, "posts/edit.html", shown, post=content, version=post.version)


def check_version(form: Form[PostContent], version: str) -> None:
    """Raise InvalidForm if the post has been changed since the form was opened."""
    if version != str(form.context["version"]):
        form.context["is_outdated"] = True
        raise InvalidForm(form, 409)
