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
    "int_parsing": "Use a whole number.",
    "float_parsing": "Use a number.",
    "date_from_datetime_parsing": "Use a date such as 2027-12-31.",
}
HINTS: dict[str, str] = {
    # How to fill in a field, by its name.
    # {% if "post_pages" in cookiecutter.__facts %}
    "slug": "The end of the address: small letters, digits and hyphens, for example on-bread.",
    # {% endif %}
}
INPUT_TYPES = {"date": "date", "email": "email", "password": "password"}
# The types of JSON Schema that a field may have.
SUPPORTED = {"string", "integer", "number"}


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
    """The form of a schema on the page of a template: what was typed, and the errors at their fields.

    An error of the whole form is at the name "".
    """

    def __init__(
        self, schema: type[Model], template: str, values: Mapping[str, object], **context: object
    ) -> None:
        self.schema, self.template, self.context = schema, template, context
        self.values = {name: as_text(values.get(name)) for name in describe(schema)}
        self.errors: dict[str, str] = {}

    def validate(self) -> Model:
        """Return the values as the schema parses them, or raise InvalidForm."""
        try:
            return self.schema.model_validate(parsable(self.schema, self.values))
        except ValidationError as error:
            for each in error.errors():
                name = field_of(each)
                self.errors.setdefault(name, explain(each, is_empty=self.values.get(name) == ""))
            raise InvalidForm(self, 422) from None

    @contextmanager
    def error_at(self, name: str, error_type: type[ProblemError]) -> Iterator[None]:
        """Translate an error to InvalidForm, with its detail at a field."""
        try:
            yield
        except error_type as error:
            self.errors[name] = sentence(error.detail or error.invalid[0]["msg"])
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


def as_text(value: object) -> str:
    """Return a value as the text of its field."""
    # Browsers send lines that end with CRLF, and a program that has read them may send LF.
    return "" if value is None else str(value).replace("\r\n", "\n")


def parsable(schema: type[BaseModel], values: Mapping[str, str]) -> dict[str, str | None]:
    """Return the texts for a schema: an empty one is null, if the schema accepts that."""
    described = describe(schema)
    return {
        name: None if value == "" and described[name]["nullable"] else value
        for name, value in values.items()
    }


def field_of(error: Mapping[str, Any]) -> str:
    """Return the name of the field of a pydantic error, or "" for an error of the whole form."""
    return str(error["loc"][0]) if error["loc"] else ""


def explain(error: Mapping[str, Any], *, is_empty: bool) -> str:
    """Return the message of a pydantic error for people."""
    if is_empty:
        return REQUIRED
    message = MESSAGES.get(error["type"])
    if message is None:
        return sentence(message_of(error).removeprefix("Value error, "))
    return message.format_map(error.get("ctx", {}))


def sentence(text: str) -> str:
    """Return a message of the API as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


@cache
def describe(schema: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of the fields, each with whether it is nullable."""
    properties = schema.model_json_schema()["properties"]
    described = {name: describe_field(properties.get(name, {})) for name in schema.model_fields}
    for name, field in described.items():
        if field.get("type") not in SUPPORTED or "enum" in field or "const" in field:
            raise TypeError(
                f"{schema.__name__}.{name} cannot be a field of a form: "
                "use a text, a number or a date, without an alias; each may be optional."
            )
    return described


def describe_field(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a field; of one that may be null, that of its values."""
    members = schema.get("anyOf", [schema])
    values = [each for each in members if each.get("type") != "null"]
    value = values[0] if len(values) == 1 else {}
    return {**schema, **value, "nullable": len(values) < len(members)}


def label_of(name: str, title: str) -> str:
    """Return a title; the one that pydantic makes of a name has a capital letter in each word."""
    return title.capitalize() if title == name.replace("_", " ").title() else title


@cache
def required_fields(schema: type[BaseModel]) -> frozenset[str]:
    """Return the names of the fields that may not be empty."""
    try:
        schema.model_validate(parsable(schema, dict.fromkeys(schema.model_fields, "")))
    except ValidationError as error:
        return frozenset(map(field_of, error.errors()))
    return frozenset()


def attributes_of(
    name: str, schema: Mapping[str, Any], required: frozenset[str]
) -> dict[str, object]:
    """Return the attributes of HTML by which browsers check a field as the schema does."""
    is_new = "minLength" in schema
    kind = schema.get("format", "")
    is_secret = kind == "password" and not schema["nullable"]
    purposes = {
        "email": "email",
        "password": "new-password" if is_new else "current-password",
    }
    # A keypad of digits may have no minus sign, and scrolling changes the value of an input of the type "number".
    minimum = schema.get("minimum", schema.get("exclusiveMinimum", -1))
    has_digits_only = schema["type"] == "integer" and minimum >= 0
    attributes = {
        "inputmode": "numeric" if has_digits_only else None,
        "autocomplete": purposes.get(kind),
        "maxlength": schema.get("maxLength"),
        "minlength": schema.get("minLength"),
        # An empty password is valid for the schema of a login, and always wrong.
        "required": "required" if name in required or is_secret else None,
    }
    return {key: value for key, value in attributes.items() if value is not None}
