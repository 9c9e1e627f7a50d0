"""Values of forms, as FastAPI reads them."""

import asyncio

import pytest
from fastapi import HTTPException, Request

from {{ cookiecutter.package_name }}.pages.form_pages import typed_values


def request_of(charset: str, value: bytes) -> Request:
    """Return a request with a form of one value."""
    body = b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + value + b"\r\n--b--\r\n"
    content_type = f"multipart/form-data; boundary=b; charset={charset}"

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    headers = [(b"content-type", content_type.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def test_values_of_a_multipart_form_are_read() -> None:
    assert asyncio.run(typed_values(request_of("utf-8", "ü".encode()))) == {"email": "ü"}


@pytest.mark.parametrize(
    ("charset", "value"), [("undefined", b"x"), ("unicode_escape", b"\\ud800")]
)
def test_form_that_cannot_be_decoded_is_an_error(charset: str, value: bytes) -> None:
    with pytest.raises(HTTPException) as raised:
        asyncio.run(typed_values(request_of(charset, value)))

    assert raised.value.status_code == 400
