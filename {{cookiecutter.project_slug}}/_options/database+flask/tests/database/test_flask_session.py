"""The unit of work of a request, in Flask's hooks and error handlers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import httpx2
import pytest
from flask import Response, abort, copy_current_request_context, g, make_response
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.database import session as database
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.databases import make_empty_database
from ..support.framework import App, client_for
from ..support.sessions import engine_of, in_unit
from ..support.settings import IsolatedSettings


class Kept(ProblemError):
    status = 401
    keeps_changes = True


@pytest.fixture
def app() -> App:
    """An application whose views and hooks write rows, and one of whose tables checks them at the commit."""
    app = create_app(IsolatedSettings(database_url=make_empty_database(), database_pool_size=2))
    app.add_url_rule("/write", "write", lambda: note("view"), methods=["GET", "POST"])
    app.add_url_rule("/refuse", "refuse", lambda: note("view") and abort(409), methods=["POST"])
    app.add_url_rule("/crash", "crash", crash, methods=["POST"])
    app.add_url_rule("/keep", "keep", keep, methods=["POST"])
    app.add_url_rule("/orphan", "orphan", lambda: write_orphan(), methods=["POST"])
    app.add_url_rule("/orphan/kept", "orphan kept", keep_orphan, methods=["POST"])
    return app


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    with client_for(app) as client:
        in_unit(
            app,
            client,
            [
                "CREATE TABLE notes (text VARCHAR(20) PRIMARY KEY)",
                "CREATE TABLE orphans (note VARCHAR(20) NOT NULL"
                " REFERENCES notes (text) DEFERRABLE INITIALLY DEFERRED)",
            ],
        )
        yield client
    pool: Any = engine_of(app).pool
    assert pool.checkedout() == 0


def note(text_: str) -> Response:
    """Write a row in the session of the request."""
    database.get_session().execute(text(f"INSERT INTO notes VALUES ('{text_}')"))  # noqa: S608  # no input
    return make_response(text_)


def notes(app: App, client: httpx2.Client) -> set[str]:
    """Return the rows."""
    listed = "SELECT text FROM notes"
    with app.extensions["database"].begin("read") as session:
        return set(session.scalars(text(listed)))


def crash() -> NoReturn:
    note("view")
    raise LookupError("in the view")


def keep() -> NoReturn:
    note("view")
    raise Kept


def write_orphan() -> str:
    database.get_session().execute(text("INSERT INTO orphans VALUES ('of none')"))
    return "written"


def keep_orphan() -> NoReturn:
    write_orphan()
    raise Kept


def test_hook_that_answers_is_committed(app: App, client: httpx2.Client) -> None:
    app.before_request_funcs[None] = [lambda: note("before")]

    assert client.post("/write").text == "before"
    assert notes(app, client) == {"before"}


def test_hooks_and_view_are_one_unit(app: App, client: httpx2.Client) -> None:
    begun: list[object] = []
    event.listen(engine_of(app), "begin", begun.append)
    app.before_request_funcs[None] = [lambda: note("before") and None]
    app.after_request_funcs[None] = [lambda response: note("after") and response]

    assert client.post("/write").status_code == 200
    assert len(begun) == 1
    assert notes(app, client) == {"before", "view", "after"}


@pytest.mark.parametrize(("path", "status"), [("/refuse", 409), ("/crash", 500), ("/keep", 401)])
def test_error_ends_the_unit_before_its_handler(
    app: App, client: httpx2.Client, path: str, status: int
) -> None:
    seen: list[object] = []

    def handle(error: Exception) -> tuple[str, int]:
        seen.append(notes(app, client))
        with pytest.raises(RuntimeError, match=r"`with database\.begin\(\)"):
            database.get_session()
        return "handled", status

    app.before_request_funcs[None] = [lambda: note("before") and None]
    app.error_handler_spec[None][None] = {Exception: handle}
    app.error_handler_spec[None][409] = {}

    assert client.post(path).status_code == status
    kept = {"before", "view"} if path == "/keep" else set()
    assert seen == [kept]
    assert notes(app, client) == kept


def test_session_of_a_failed_request_is_refused_in_later_hooks(
    app: App, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    app.after_request_funcs[None] = [lambda response: note("after") and response]

    assert client.post("/refuse").status_code == 500
    assert "use `with database.begin() as session`" in caplog.text
    assert notes(app, client) == set()


def test_error_after_the_view_rolls_back(app: App, client: httpx2.Client) -> None:
    def fail(response: Response) -> NoReturn:
        note("after")
        raise LookupError("in a hook")

    app.after_request_funcs[None] = [fail]

    assert client.post("/write").status_code == 500
    assert notes(app, client) == set()


@pytest.mark.parametrize("path", ["/orphan", "/orphan/kept"])
def test_commit_that_fails_reaches_the_error_handlers(
    app: App, client: httpx2.Client, path: str
) -> None:
    handled: list[Exception] = []

    def handle(error: Exception) -> tuple[str, int]:
        handled.append(error)
        return "handled", 409

    app.register_error_handler(IntegrityError, handle)

    assert client.post(path).text == "handled"
    assert len(handled) == 1
    assert notes(app, client) == set()


def test_error_that_an_extension_handles_needs_no_request(app: App, client: httpx2.Client) -> None:
    app.register_error_handler(ValueError, lambda error: ("handled", 400))

    with app.test_request_context():
        assert app.handle_user_exception(ValueError("of the extension")) == ("handled", 400)


def test_names_of_ours_in_g_are_free(app: App, client: httpx2.Client) -> None:
    def load_user() -> None:
        g.session = g.user = g.stream_session = g.unit = "of the application"

    app.before_request_funcs[None] = [load_user]

    assert client.post("/write").text == "view"
    assert notes(app, client) == {"view"}


def test_context_within_a_request_has_the_same_unit(app: App, client: httpx2.Client) -> None:
    def write_elsewhere() -> str:
        with app.app_context():
            note("within")
        return "written"

    app.view_functions["write"] = write_elsewhere

    assert client.post("/write").status_code == 200
    assert notes(app, client) == {"within"}


def test_session_needs_a_request(app: App, client: httpx2.Client) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match=r"`with database\.begin\(\)"):
        database.get_session()
    with app.test_request_context(), pytest.raises(RuntimeError, match="outside of a request"):
        database.get_session()


@pytest.mark.parametrize("session", ["get_session", "get_stream_session"])
def test_body_that_is_streamed_has_no_session_of_the_request(
    app: App, client: httpx2.Client, session: str
) -> None:
    def stream() -> Response:
        def late() -> Iterator[str]:
            yield "begun"
            getattr(database, session)()

        return Response(late())

    app.view_functions["write"] = stream

    with pytest.raises(RuntimeError, match="no unit of work"):
        client.post("/write")


def test_thread_has_no_session_of_the_request(app: App, client: httpx2.Client) -> None:
    def write_in_a_thread() -> str:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_current_request_context(lambda: note("thread"))).result()
        raise AssertionError("is not reached")

    app.view_functions["write"] = write_in_a_thread
    app.testing = True

    with pytest.raises(RuntimeError, match="no unit of work"):
        client.post("/write")
    assert notes(app, client) == set()


def test_teardown_has_no_session_of_the_request(app: App, client: httpx2.Client) -> None:
    raised: list[Any] = []

    def tear_down(error: BaseException | None) -> None:
        with pytest.raises(RuntimeError, match="no unit of work") as caught:
            database.get_session()
        raised.append(caught.value)

    app.teardown_request_funcs[None] = [tear_down]

    assert client.post("/write").status_code == 200
    assert len(raised) == 1


def test_interrupt_rolls_back(app: App, client: httpx2.Client) -> None:
    def interrupt() -> NoReturn:
        note("view")
        raise KeyboardInterrupt

    app.view_functions["write"] = interrupt

    with pytest.raises(KeyboardInterrupt):
        client.post("/write")
    assert notes(app, client) == set()


def test_debugger_sees_an_error_and_nothing_is_stored(app: App, client: httpx2.Client) -> None:
    app.testing = True

    with pytest.raises(LookupError, match="in the view"):
        client.post("/crash")
    assert notes(app, client) == set()


def test_request_whose_stream_session_fails_is_rolled_back(app: App, client: httpx2.Client) -> None:
    def fail_twice() -> NoReturn:
        note("view")
        stream = database.get_stream_session()
        stream.close = lambda: abort(503)  # type: ignore[method-assign]
        raise LookupError("in the view")

    app.register_error_handler(503, lambda error: ("unavailable", 503))
    app.add_url_rule("/twice", "twice", fail_twice, methods=["POST"])

    assert client.post("/twice").status_code == 503
    assert notes(app, client) == set()
