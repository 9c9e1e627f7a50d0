"""Pages with a form."""

from typing import Any

from flask import render_template

from .forms import Form, InvalidForm


def render_form(form: Form[Any], status: int = 200) -> tuple[str, int]:
    """Return the page of a form."""
    return render_template(form.template, form=form, **form.context), status


def handle_invalid_form(error: InvalidForm) -> tuple[str, int]:
    """Respond with the page of the form, with what was typed and the errors."""
    return render_form(error.form, error.status)
