"""Pages with a form."""

from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from .forms import Form, InvalidForm
from .rendering import render


def render_form(request: Request, form: Form[Any], status: int = 200) -> HTMLResponse:
    """Return the page of a form."""
    return render(request, form.template, status, form=form, **form.context)


async def handle_invalid_form(request: Request, error: InvalidForm) -> HTMLResponse:
    """Respond with the page of the form, with what was typed and the errors."""
    return render_form(request, error.form, error.status)


async def typed_values(request: Request) -> dict[str, str]:
    """Return the values of a form; a file is none. Respond 400 if they are not text."""
    try:
        async with request.form() as form:
            # Of a repeated field, the first value counts.
            fields = reversed(form.multi_items())
            values = {name: value for name, value in fields if isinstance(value, str)}
        "".join(values.values()).encode()
    except UnicodeError:
        # The client chooses the encoding of a multipart form.
        raise HTTPException(400, "The form cannot be decoded.") from None
    return values


TypedValues = Annotated[dict[str, str], Depends(typed_values)]
