"""Request validation and response serialization from the signatures of views."""

import re
from collections.abc import Callable, Mapping
from functools import cache, wraps
from inspect import signature
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from flask import Response, request
from pydantic import TypeAdapter, ValidationError
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from . import strict_json
from .problems import MALFORMED_JSON

View = Callable[..., Any]
Adapter = TypeAdapter[Any]
MISSING = object()
# Parameters of views that are not variables of the path, and the locations of their values.
PLACES = {
    "body": "body",
    "form": "body",
    "headers": "header",
    "query": "query",
}


class InvalidRequest(UnprocessableEntity):
    """A request is invalid; `errors` are pydantic's, with locations."""

    def __init__(self, errors: list[Mapping[str, Any]]) -> None:
        super().__init__()
        self.errors = errors


class Operation:
    """An operation: a view with its metadata."""

    def __init__(
        self,
        view: View,
        status: int,
        responses: Mapping[int, Any],
        security: Callable[[], object] | None,
    ) -> None:
        self.view, self.status, self.security = view, status, security
        hints = get_type_hints(view, include_extras=True)
        success = hints.pop("return")
        if get_origin(success) is tuple:
            success = get_args(success)[0]
        self.takes = {name: Adapter(hint) for name, hint in hints.items()}
        self.returned = {
            code: None if is_no_schema(schema) else Adapter(schema)
            for code, schema in {status: success, **responses}.items()
        }
        # A subclass of Response has a media type of its own.
        self.media_type: str | None = getattr(success, "__dict__", {}).get("default_mimetype")
        self.optional = {
            name
            for name, parameter in signature(view).parameters.items()
            if parameter.default is not parameter.empty
        }
        self.lists = {name for name, schema in self.fields("query").items() if is_list(schema)}
        self.headers = set(self.fields("headers"))

    def __call__(self, **variables: str) -> Response:
        """Validate the request, call the view, and make a response of its result.

        Raises InvalidRequest with all errors, BadRequest if the body is not JSON,
        UnsupportedMediaType for other media types.
        """
        if "body" in self.takes:
            # Kept by Flask. A slow client must not keep what `security` takes.
            request.get_data()
        if self.security:
            self.security()
        given: dict[str, Any] = dict(variables)
        if "body" in self.takes:
            given["body"] = read_json()
        if "form" in self.takes:
            given["form"] = {
                name: values[-1] for name, values in request.form.lists() if values[-1]
            }
        if "query" in self.takes:
            given["query"] = {
                name: values if name in self.lists else values[-1]
                for name, values in request.args.lists()
            }
        if "headers" in self.takes:
            sent = request.headers
            given["headers"] = {name: sent[name] for name in self.headers if name in sent}
        return self.answer(self.view(**self.validated(given)))

    def fields(self, name: str) -> dict[str, Any]:
        """Return the schema of each field of the query or the headers, if the view takes them."""
        fields: dict[str, Any] = {}
        return self.takes[name].json_schema()["properties"] if name in self.takes else fields

    def validated(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the validated arguments of the view."""
        arguments = {}
        errors: list[Mapping[str, Any]] = []
        for name, adapter in self.takes.items():
            place = (PLACES[name],) if name in PLACES else ("path", name)
            if given[name] is MISSING:
                if name not in self.optional:
                    errors.append({"loc": place, "msg": "Field required"})
                continue
            try:
                arguments[name] = adapter.validate_python(given[name], from_attributes=True)
            except ValidationError as error:
                errors += [{**each, "loc": (*place, *each["loc"])} for each in error.errors()]
        if errors:
            raise InvalidRequest(errors)
        return arguments

    def answer(self, result: Any) -> Response:
        """Make a response of a schema, of (schema, status) or of (schema, status, headers)."""
        status, headers = self.status, None
        if isinstance(result, tuple):
            result, status, headers = (*result, headers)[:3]
        if isinstance(result, Response):
            return result
        adapter = self.returned[status]
        if not adapter:
            response = Response(status=status, headers=headers)
            del response.headers["Content-Type"]
            return response
        valid = adapter.validate_python(result, from_attributes=True)
        content = adapter.dump_json(valid, by_alias=True)
        return Response(content, status, headers, mimetype="application/json")


def operation(
    *,
    status: int = 200,
    responses: Mapping[int, Any] | None = None,
    security: Callable[[], object] | None = None,
) -> Callable[[View], View]:
    """Let a view take `body`, `query`, `headers` and variables of its path, and return a schema.

    `status` is the one of success, `responses` has the schemas of others that the view returns.
    `security` authenticates the client, before anything is parsed, and raises an error to reject it. A view may
    also take a `form`.
    """

    def decorate(view: View) -> View:
        made = Operation(view, status, responses or {}, security)

        @wraps(view)
        def operate(**variables: str) -> Response:
            return made(**variables)

        operate.operation = made  # type: ignore[attr-defined]  # as metadata
        return operate

    return decorate


def operation_of(view: View) -> Operation | None:
    """Return the operation that a view is decorated with, if any."""
    return getattr(view, "operation", None)


def read_json() -> Any:
    """Return the JSON body of the request, or MISSING if it is empty."""
    content = request.get_data()
    if not content:
        return MISSING
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return strict_json.loads(content)
    except (ValueError, RecursionError):
        raise BadRequest(MALFORMED_JSON) from None


@cache
def path_template(rule: str) -> str:
    """Write the path of a rule as OpenAPI does: `/things/{thing_id}`."""
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule)


def is_no_schema(returned: Any) -> bool:
    """Tell whether a return annotation has no schema."""
    is_nothing = returned in (None, NoneType)
    return is_nothing or (isinstance(returned, type) and issubclass(returned, Response))


def is_list(schema: Mapping[str, Any]) -> bool:
    """Tell whether a parameter of the query may be given more than once."""
    return any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))
