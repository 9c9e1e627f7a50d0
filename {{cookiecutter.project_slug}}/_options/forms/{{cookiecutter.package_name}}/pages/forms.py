"""Forms: the fields, the limits and the rules of a schema, with messages for people."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from ..web.problems import ProblemError, message_of

Model = TypeVar("Model", bound=BaseModel)

# A longer text has several lines.
MAX_LINE = 1000
REQUIRED = "Fill in this field."
# Messages by the type of pydantic's error; others are pydantic's own.
MESSAGES = {
    "string_too_long": "Use at most {max_length} characters.",
    "too_short": "Use at least {min_length} characters.",
    "too_long": "Use at most {max_length} characters.",
    "string_too_short": "Use at least {min_length} characters.",
    "string_pattern_mismatch": "This contains characters that are not accepted.",
}
HINTS: dict[str, str] = {
    # How to fill in a field, by its name.
    # {% if "post_pages" in cookiecutter.__facts %}
    "slug": "The end of the address: small letters, digits and hyphens, for example on-bread.",
    # {% endif %}
}
INPUT_TYPES = {"email": "email", "password": "password"}


class Field(NamedTuple):
    """A field as its page shows it."""

    name: str
    label: str
    value: str
    hint: str | None
    error: str | None
    is_long: bool
    type: str
    attributes: Mapping[str, object]

    @property
    def described_by(self) -> str | None:
        """Return the ids of the hint and the error."""
        texts = {"hint": self.hint, "error": self.error}
        return " ".join(f"{self.name}-{kind}" for kind, text in texts.items() if text) or None


class InvalidForm(Exception):
    """A form is invalid: respond with its page again, with what was typed. What the request has changed is undone."""

    def __init__(self, form: "Form[Any]", status: int) -> None:
        super().__init__()
        self.form, self.status = form, status


class Form(Generic[Model]):
    """The form of a schema on the page of a template: what was typed, and the errors at their fields."""

    def __init__(
        self, schema: type[Model], template: str, values: Mapping[str, str], **context: object
    ) -> None:
        self.schema, self.template, self.context = schema, template, context
        # Browsers send lines that end with CRLF, and a program that has read them may send LF.
        self.values = {
            name: values.get(name, "").replace("\r\n", "\n") for name in schema.model_fields
        }
        self.errors: dict[str, str] = {}

    def validate(self) -> Model:
        """Return the values as the schema parses them, or raise InvalidForm."""
        try:
            return self.schema.model_validate(self.values)
        except ValidationError as error:
            for each in error.errors():
                name = str(each["loc"][0])
                self.errors.setdefault(name, explain(each, is_empty=not self.values[name]))
            raise InvalidForm(self, 422) from None

    @contextmanager
    def error_at(self, name: str, error_type: type[ProblemError]) -> Iterator[None]:
        """Translate an error to InvalidForm, with its detail at a field."""
        try:
            yield
        except error_type as error:
            self.errors[name] = error.detail or error.invalid[0]["msg"]
            # A response with the status 401 must name a scheme of authentication.
            raise InvalidForm(self, 422 if error.status == 401 else error.status) from None

    @property
    def fields(self) -> list[Field]:
        """Return the fields in the order of the schema."""
        described = describe(self.schema)
        return [
            Field(
                name=name,
                label=label_of(name, schema["title"]),
                value="" if schema.get("format") == "password" else self.values[name],
                hint=HINTS.get(name),
                error=self.errors.get(name),
                is_long="format" not in schema and schema.get("maxLength", 0) > MAX_LINE,
                type=INPUT_TYPES.get(schema.get("format", ""), "text"),
                attributes=attributes_of(name, schema, required_fields(self.schema)),
            )
            for name, schema in described.items()
        ]


def explain(error: Mapping[str, Any], *, is_empty: bool) -> str:
    """Return the message of a pydantic error for people."""
    if is_empty:
        return REQUIRED
    message = MESSAGES.get(error["type"])
    if message is None:
        return message_of(error).removeprefix("Value error, ")
    return message.format_map(error.get("ctx", {}))


@cache
def describe(schema: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of the fields."""
    properties: dict[str, dict[str, Any]] = schema.model_json_schema()["properties"]
    return properties


def label_of(name: str, title: str) -> str:
    """Return a title; the one that pydantic makes of a name has a capital letter in each word."""
    return title.capitalize() if title == name.replace("_", " ").title() else title


@cache
def required_fields(schema: type[BaseModel]) -> frozenset[str]:
    """Return the names of the fields that may not be empty."""
    try:
        schema.model_validate(dict.fromkeys(schema.model_fields, ""))
    except ValidationError as error:
        return frozenset(str(each["loc"][0]) for each in error.errors())
    return frozenset()


def attributes_of(
    name: str, schema: Mapping[str, Any], required: frozenset[str]
) -> dict[str, object]:
    """Return the attributes of HTML by which browsers check a field as the schema does."""
    is_new = "minLength" in schema
    kind = schema.get("format", "")
    purposes = {
        "email": "email",
        "password": "new-password" if is_new else "current-password",
    }
    attributes = {
        "autocomplete": purposes.get(kind),
        "maxlength": schema.get("maxLength"),
        "minlength": schema.get("minLength"),
        # An empty password is valid for the schema of a login, and always wrong.
        "required": "required" if name in required or "password" in kind else None,
    }
    return {key: value for key, value in attributes.items() if value is not None}
