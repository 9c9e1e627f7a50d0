"""Pages that depend on the account of the session."""

from {{ cookiecutter.package_name }}.pages.sessions import optional_subject, subject

from ..support.framework import App


def route_subjects(app: App) -> None:
    """Add a page that requires an account, and one that does not."""

    def read_subject() -> str:
        return f"{subject()} {subject()}"

    def read_optional_subject() -> str:
        return str(optional_subject())

    app.add_url_rule("/subject", view_func=read_subject)
    app.add_url_rule("/optional-subject", view_func=read_optional_subject)
