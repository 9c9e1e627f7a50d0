"""Forms of schemas."""

from typing import Annotated

import pytest
from pydantic import AfterValidator, Field, SecretStr

from {{ cookiecutter.package_name }}.pages.forms import Form, InvalidForm
from {{ cookiecutter.package_name }}.web.schemas import Schema


def reject(text: str) -> str:
    """Reject every text but an empty one."""
    if text:
        raise ValueError("is not accepted here")
    return text


class Order(Schema, extra="forbid"):
    """A form with each kind of field."""

    secret: SecretStr = Field(min_length=3, max_length=10)
    number: int = Field(title="Number of parts")
    note: Annotated[str, AfterValidator(reject)] = Field("", max_length=1001)


class Remark(Schema):
    """A form without a required field."""

    text: str


class Answer(Schema):
    """A form with a name of two words."""

    short_text: str


def test_labels_have_one_capital_letter() -> None:
    (field,) = Form(Answer, "answer.html", {}).fields

    assert field.label == "Short text"


def test_fields_are_described_by_the_schema() -> None:
    secret, number, note = Form(Order, "order.html", {"secret": "typed", "note": "x"}).fields

    assert (secret.type, secret.label, secret.value) == ("password", "Secret", "")
    assert secret.attributes == {
        "autocomplete": "new-password",
        "maxlength": 10,
        "minlength": 3,
        "required": "required",
    }
    assert (number.type, number.label) == ("text", "Number of parts")
    assert (note.is_long, note.value, note.attributes) == (True, "x", {"maxlength": 1001})


def test_form_without_required_fields_may_be_empty() -> None:
    form = Form(Remark, "remark.html", {})

    assert form.fields[0].attributes == {}
    assert form.validate() == Remark(text="")


def test_messages_are_for_people() -> None:
    typed = {"secret": "no", "number": "many", "note": "text", "unknown": "ignored"}
    form = Form(Order, "order.html", typed)

    with pytest.raises(InvalidForm):
        form.validate()

    assert form.errors == {
        "secret": "Use at least 3 characters.",
        "number": "Input should be a valid integer, unable to parse string as an integer",
        "note": "is not accepted here",
    }


def test_error_is_described_for_assistive_technology() -> None:
    form = Form(Order, "order.html", {})
    assert form.fields[0].described_by is None

    with pytest.raises(InvalidForm):
        form.validate()

    assert form.fields[0].described_by == "secret-error"
    assert form.errors["secret"] == "Fill in this field."
