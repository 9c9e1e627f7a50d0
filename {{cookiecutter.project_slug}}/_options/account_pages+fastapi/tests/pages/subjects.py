"""Pages that depend on the account of the session."""

from fastapi.responses import PlainTextResponse

from {{ cookiecutter.package_name }}.pages.sessions import OptionalSubject, Subject

from ..support.framework import App


def route_subjects(app: App) -> None:
    """Add a page that requires an account, and one that does not."""

    async def read_subject(subject: Subject) -> PlainTextResponse:
        return PlainTextResponse(f"{subject} {subject}")

    async def read_optional_subject(subject: OptionalSubject) -> PlainTextResponse:
        return PlainTextResponse(str(subject))

    app.add_api_route("/subject", read_subject)
    app.add_api_route("/optional-subject", read_optional_subject)
