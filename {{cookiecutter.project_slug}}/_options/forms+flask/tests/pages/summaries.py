"""The summary of the errors of a form."""

from typing import Any

from {{ cookiecutter.package_name }}.pages.forms import Form

from ..support.framework import App


def summary_of(app: App, form: Form[Any]) -> list[str]:
    """Return the items of the summary that pages show above the form."""
    macros = vars(app.jinja_env.get_template("form.html").module)
    lines: list[str] = macros["summary"](form).splitlines()
    return [line for line in lines if "<li>" in line]
