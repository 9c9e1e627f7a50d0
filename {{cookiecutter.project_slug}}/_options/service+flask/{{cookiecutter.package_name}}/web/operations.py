"""Request validation and response serialization from the signatures of views."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, wraps
from inspect import signature
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints, overload

from flask import Flask, Response, current_app, make_response, request
from pydantic import TypeAdapter, ValidationError
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as BaseResponse

from . import strict_json
from .problems import MALFORMED_JSON, NOT_JSON

View = Callable[..., Any]
Adapter = TypeAdapter[Any]
MISSING_BODY = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}
# Parameters of views that are not variables of the path, and the locations of their values.
PLACES = {
    "body": "body",
    "form": "body",
    "headers": "header",
    "query": "query",
}


class InvalidRequest(UnprocessableEntity):
    """A request is invalid; `errors` are pydantic's, with locations, and `body` is the parsed body."""

    def __init__(self, errors: list[Mapping[str, Any]], body: object) -> None:
        super().__init__()
        self.errors, self.body = errors, body


class Operation:
    """An operation: a view with its metadata."""

    def __init__(
        self,
        view: View,
        status: int,
        responses: Mapping[int, Any],
        problems: Collection[int],
        security: Callable[[], object] | None,
    ) -> None:
        self.view, self.status, self.problems, self.security = view, status, problems, security
        self.name = f"{view.__module__}.{view.__qualname__}"
        self.parameters = {
            name: each for name, each in signature(view).parameters.items() if name != "self"
        }
        try:
            hints = get_type_hints(view, include_extras=True)
        except NameError as error:
            raise TypeError(f"an annotation of the operation {self.name}: {error}") from error
        for name in (*self.parameters, "return"):
            if name not in hints:
                raise TypeError(f"the operation {self.name} needs an annotation of {name!r}")
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
            for name, parameter in self.parameters.items()
            if parameter.default is not parameter.empty
        }
        self.lists = {
            place: {name for name, schema in self.fields(place).items() if is_list(schema)}
            for place in ("form", "query")
        }
        self.headers = set(self.fields("headers"))

    def __call__(self, *args: object, **given: Any) -> Response:
        """Validate the request, call the view, and make a response of its result.

        `args` has the `self` of a method, `given` the variables of the path. Raises InvalidRequest with all
        errors, BadRequest if the body is not JSON, UnsupportedMediaType for other media types.
        """
        if "body" in self.takes:
            # Kept by Flask. A slow client must not keep what `security` takes.
            request.get_data()
        if self.security:
            self.security()
        if "body" in self.takes:
            given |= read_body()
        if "form" in self.takes:
            # An empty field is missing.
            given["form"] = {
                name: values if name in self.lists["form"] else values[-1]
                for name, values in request.form.lists()
                if values[-1] or name in self.lists["form"]
            }
        if "query" in self.takes:
            given["query"] = {
                name: values if name in self.lists["query"] else values[-1]
                for name, values in request.args.lists()
            }
        if "headers" in self.takes:
            sent = request.headers
            given["headers"] = {name: sent[name] for name in self.headers if name in sent}
        arguments = self.validate(given)
        return self.respond(current_app.ensure_sync(self.view)(*args, **arguments))

    def fields(self, name: str) -> dict[str, Any]:
        """Return the schema of each field of the form, the query or the headers, if the view takes them."""
        fields: dict[str, Any] = {}
        return self.takes[name].json_schema()["properties"] if name in self.takes else fields

    def validate(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the view."""
        arguments = {**given}
        errors: list[Mapping[str, Any]] = []
        for name, adapter in self.takes.items():
            place = (PLACES[name],) if name in PLACES else ("path", name)
            if name in given:
                try:
                    arguments[name] = adapter.validate_python(given[name], from_attributes=True)
                except ValidationError as error:
                    errors += [{**each, "loc": (*place, *each["loc"])} for each in error.errors()]
            elif name == "body" and name not in self.optional:
                errors.append(MISSING_BODY)
        if errors:
            raise InvalidRequest(errors, given.get("body", given.get("form")))
        return arguments

    def respond(self, result: Any) -> Response:
        """Make a response of the result of the view: content, or one of Flask's tuples with a status or headers."""
        content, *rest = result if isinstance(result, tuple) else (result,)
        if isinstance(content, BaseResponse):
            return make_response(content, *rest)
        empty = current_app.response_class(status=self.status, mimetype="application/json")
        response = make_response(empty, *rest)
        if response.status_code not in self.returned:
            raise TypeError(f"{self.name} does not declare the status {response.status_code}")
        if adapter := self.returned[response.status_code]:
            valid = adapter.validate_python(content, from_attributes=True)
            response.set_data(adapter.dump_json(valid, by_alias=True))
        elif content is None:
            del response.headers["Content-Type"]
        else:
            return make_response(content, *rest)
        return response


@overload
def operation(view: View, /) -> View: ...
@overload
def operation(
    *,
    status: int = 200,
    responses: Mapping[int, Any] | None = None,
    problems: Collection[int] = (),
    security: Callable[[], object] | None = None,
) -> Callable[[View], View]: ...
def operation(
    view: View | None = None,
    /,
    *,
    status: int = 200,
    responses: Mapping[int, Any] | None = None,
    problems: Collection[int] = (),
    security: Callable[[], object] | None = None,
) -> View:
    """Let a view take `body`, `query`, `headers` and variables of its path, and return a schema.

    The view can be a function or a method of a view class, and return a Response or Flask's tuples as well.
    `status` is the one of success, `responses` has the schemas of others that the view returns, and `problems` the
    statuses of the errors that it raises: the OpenAPI document describes them.
    `security` authenticates the client, before anything is parsed, and raises an error to reject it. A view may
    also take a `form`; its files are in `request.files`.
    """

    def decorate(view: View) -> View:
        made = Operation(view, status, responses or {}, problems, security)

        @wraps(view)
        def operate(*args: object, **variables: Any) -> Response:
            return made(*args, **variables)

        operate.operation = made  # type: ignore[attr-defined]  # as metadata
        return operate

    return decorate(view) if view else decorate


def find_operations(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    """Yield the operations of an application, each with its rule and its method."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if found := operation_of(app.view_functions.get(rule.endpoint), method):
                yield rule, method, found


def operation_of(view: View | None, method: str) -> Operation | None:
    """Return the operation of a view, or of the method of its class; `functools.wraps` copies the attribute."""
    if view_class := getattr(view, "view_class", None):
        view = getattr(view_class, method.lower(), view_class.dispatch_request)
    return getattr(view, "operation", None)


def check_routes(app: Flask) -> None:
    """Raise TypeError if an operation takes an argument that its route lacks."""
    for rule, _, found in find_operations(app):
        for name in found.takes.keys() - rule.arguments - PLACES.keys() - found.optional:
            raise TypeError(f"{found.name} takes {name!r}, which the route {rule.rule!r} lacks")


def read_body() -> dict[str, Any]:
    """Return the JSON body of the request as an argument, or no argument if the body is empty."""
    content = request.get_data()
    if not content:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType(NOT_JSON)
    try:
        return {"body": strict_json.loads(content)}
    except (ValueError, RecursionError):
        raise BadRequest(MALFORMED_JSON) from None


@cache
def path_template(rule: str) -> str:
    """Write the path of a rule as OpenAPI does: `/things/{thing_id}`."""
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule)


def is_no_schema(returned: Any) -> bool:
    """Tell whether a return annotation has no schema."""
    is_nothing = returned in (None, NoneType)
    return is_nothing or (isinstance(returned, type) and issubclass(returned, BaseResponse))


def is_list(schema: Mapping[str, Any]) -> bool:
    """Tell whether a field of the form or the query may be given more than once."""
    return any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))
