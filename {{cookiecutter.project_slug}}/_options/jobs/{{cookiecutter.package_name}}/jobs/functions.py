"""The decorator `job`, and the functions that it returns: definitions of jobs."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Concatenate, Generic, ParamSpec, Self, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model
from uuid_utils.compat import uuid7

from ..database.base import now
from ..observability import context
from . import rows
from .models import Job

P = ParamSpec("P")
# A schedule: an interval, or a function that returns the beginning of the slot of a moment, None if it is in no slot.
Schedule = timedelta | Callable[[datetime], datetime | None]

PACKAGE = __name__.partition(".")[0]
# The kinds of parameters that a job can have.
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class JobFunction(Generic[P]):
    """A function that workers call, with the arguments of `enqueue()` after its first parameter, the run."""

    function: Callable[Concatenate[Any, P], object]
    name: str
    schema: type[BaseModel]
    every: Schedule | None
    time_limit: float
    max_attempts: int
    priority: int
    delay: timedelta = timedelta()
    key: str | None = None

    def enqueue(self, session: rows.Session, *args: P.args, **kwargs: P.kwargs) -> rows.Inserted:
        """Insert a job in the transaction of the session; return its id, or None if its key is pending.

        Raises TypeError or ValidationError if the arguments are invalid for the function.
        """
        return rows.insert(session, self.make_job(*args, **kwargs))

    def configure(
        self,
        *,
        key: str | None = None,
        delay: timedelta = timedelta(),
        priority: int | None = None,
    ) -> Self:
        """Return a copy whose `enqueue()` sets the key, the delay or the priority of the job."""
        priority = self.priority if priority is None else priority
        return replace(self, key=key, delay=delay, priority=priority)

    def make_job(self, *args: P.args, **kwargs: P.kwargs) -> Job:
        """Create the row of a job, with the ids of the current request."""
        bound = inspect.signature(self.function).bind(None, *args, **kwargs)
        _, *given = bound.arguments.items()
        request = context.current()
        return Job(
            id=uuid7(),
            name=self.name,
            arguments=self.schema.model_validate(dict(given)).model_dump(mode="json"),
            key=self.key,
            priority=self.priority,
            run_at=now() + self.delay,
            request_id=request.request_id,
            trace_id=request.trace_id,
        )

    def parse(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a row with the types of the signature."""
        parsed = self.schema.model_validate(arguments)
        return {name: getattr(parsed, name) for name in type(parsed).model_fields}

    def __call__(self, run: Any, *args: P.args, **kwargs: P.kwargs) -> object:
        """Call the function itself, as a test does."""
        return self.function(run, *args, **kwargs)


def job(
    *,
    name: str | None = None,
    every: Schedule | None = None,
    time_limit: float = 60,
    max_attempts: int = 10,
    priority: int = 0,
) -> Callable[[Callable[Concatenate[Any, P], object]], JobFunction[P]]:
    """Define a job: a function that workers call, at least once, after the commit of `enqueue()`.

    `every` is the interval or the function of a schedule, `time_limit` is in seconds. Rows refer to the function by its name, by
    default its module and its own: set `name` before one of these changes.
    """

    def decorate(function: Callable[Concatenate[Any, P], object]) -> JobFunction[P]:
        module = function.__module__.removeprefix(f"{PACKAGE}.")
        return JobFunction(
            function,
            name or f"{module}.{function.__name__}",
            make_schema(function),
            every,
            time_limit,
            max_attempts,
            priority,
        )

    return decorate


def make_schema(function: Callable[..., object]) -> type[BaseModel]:
    """Return a model of the parameters of a function, without the first one."""
    hints = get_type_hints(function, include_extras=True)
    _, *parameters = inspect.signature(function).parameters.values()
    if any(each.kind not in NAMED for each in parameters):
        raise TypeError(f"{function.__name__}() is no job: its arguments are passed by name")
    fields: dict[str, Any] = {
        each.name: (hints.get(each.name, Any), ... if each.default is each.empty else each.default)
        for each in parameters
    }
    config = ConfigDict(hide_input_in_errors=True, protected_namespaces=())
    return create_model(function.__name__, __config__=config, **fields)
