"""Forms of schemas."""

from datetime import date
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import (
    AfterValidator,
    Field,
    NegativeInt,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    create_model,
    model_validator,
)

from {{ cookiecutter.package_name }}.pages.forms import Form, InvalidForm
from {{ cookiecutter.package_name }}.web.schemas import Schema

from ..support.framework import App
from .page_templates import get_template


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


class Event(Schema):
    """A form with fields that may be empty."""

    seats: int | None = Field(ge=0)
    begin: date | None
    fee: float
    note: str | None = Field(max_length=1001)
    code: SecretStr | None = Field(None, max_length=10)

    @model_validator(mode="after")
    def check_begin(self) -> Self:
        """Raise ValueError for an event with seats and without a date."""
        if self.seats and self.begin is None:
            raise ValueError("Seats need a date.")
        return self


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
        "number": "Use a whole number.",
        "note": "Is not accepted here.",
    }


def test_values_of_other_types_are_shown_as_texts() -> None:
    values = {"seats": 0, "begin": date(2027, 3, 27), "fee": 1.5, "note": None, "code": "secret"}
    seats, begin, fee, note, code = Form(Event, "event.html", values).fields

    assert [each.value for each in (seats, begin, fee, note, code)] == [
        "0",
        "2027-03-27",
        "1.5",
        "",
        "",
    ]
    assert [each.type for each in (seats, begin, fee, note, code)] == [
        "text",
        "date",
        "text",
        "text",
        "password",
    ]
    assert (seats.label, note.is_long) == ("Seats", True)
    assert seats.attributes == {"inputmode": "numeric"}
    assert fee.attributes == {"required": "required"}
    assert code.attributes == {"autocomplete": "current-password", "maxlength": 10}


@pytest.mark.parametrize(
    ("annotation", "inputmode"),
    [(int, None), (NegativeInt, None), (NonNegativeInt, "numeric"), (PositiveInt, "numeric")],
)
def test_keypad_of_digits_is_for_numbers_without_a_sign(
    annotation: Any, inputmode: str | None
) -> None:
    schema = create_model("Party", guests=(annotation, ...))

    (field,) = Form(schema, "party.html", {}).fields

    assert field.attributes.get("inputmode") == inputmode


def test_empty_field_is_null_if_the_schema_accepts_it() -> None:
    typed = {"seats": "", "begin": "", "fee": "0", "note": "", "code": ""}

    assert Form(Event, "event.html", typed).validate() == Event(
        seats=None, begin=None, fee=0, note=None, code=None
    )


def test_numbers_and_dates_are_parsed() -> None:
    typed = {"seats": "12", "begin": "2027-03-27", "fee": "1.5", "note": "n", "code": "c"}
    wrong = Form(Event, "event.html", dict.fromkeys(typed, "x"))

    event = Form(Event, "event.html", typed).validate()
    with pytest.raises(InvalidForm):
        wrong.validate()

    assert (event.seats, event.begin, event.fee, event.note) == (12, date(2027, 3, 27), 1.5, "n")
    assert wrong.errors == {
        "seats": "Use a whole number.",
        "begin": "Use a date such as 2027-12-31.",
        "fee": "Use a number.",
    }


def test_error_of_the_whole_form_is_the_first_of_the_summary(app: App) -> None:
    form = Form(Event, "event.html", {"seats": "2", "fee": "1"})
    with pytest.raises(InvalidForm):
        form.validate()
    assert form.errors == {"": "Seats need a date."}
    form.errors |= {"seats": "There are fewer.", "": "<b>"}

    summary = get_template(app, "form.html").module.summary(form)
    assert [line for line in summary.splitlines() if "<li>" in line] == [
        "<li>&lt;b&gt;</li>",
        '<li><a href="#seats">Seats: There are fewer.</a></li>',
    ]


@pytest.mark.parametrize(
    "annotation",
    [
        bool,
        list[str],
        Remark,
        Remark | None,
        int | str,
        Literal["a"],
        Literal["a", "b"],
        Annotated[str, Field(alias="visitors")],
    ],
)
def test_form_rejects_a_schema_that_it_cannot_show(annotation: Any) -> None:
    schema = create_model("Party", name=(str, ...), guests=(annotation, ...))

    with pytest.raises(TypeError, match=r"Party\.guests cannot be a field of a form: use a text"):
        Form(schema, "party.html", {})


def test_error_is_described_for_assistive_technology() -> None:
    form = Form(Order, "order.html", {})
    assert form.fields[0].described_by is None

    with pytest.raises(InvalidForm):
        form.validate()

    assert form.fields[0].described_by == "secret-error"
    assert form.errors["secret"] == "Fill in this field."
