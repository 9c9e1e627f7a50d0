"""Sessions in Flask: request hooks, error handlers, contexts, threads and teardown."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest
from flask import Response, abort, copy_current_request_context, g, make_response
from flask.ctx import AppContext
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from werkzeug.exceptions import NotFound

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.database import session as database
from {{ cookiecutter.package_name }}.web.problems import ProblemError

from ..support.databases import make_database
from ..support.framework import App, client_for
from ..support.sessions import get_engine, run_in_unit_of_work
from ..support.settings import PROJECT, IsolatedSettings


class CommittedError(ProblemError):
    status = 401
    keeps_changes = True


@pytest.fixture
def app() -> App:
    """Return an application with views that write rows, some of which violate a constraint."""
    app = create_app(IsolatedSettings(database_url=make_database(), database_pool_size=2))
    app.add_url_rule("/write", "write", lambda: insert_note("view"), methods=["GET", "POST"])
    app.add_url_rule(
        "/conflict", "conflict", lambda: insert_note("view") and abort(409), methods=["POST"]
    )
    app.add_url_rule("/crash", "crash", crash, methods=["POST"])
    app.add_url_rule("/commit", "commit", write_and_raise, methods=["POST"])
    app.add_url_rule("/orphan", "orphan", lambda: write_orphan(), methods=["POST"])
    app.add_url_rule(
        "/orphan/committed", "orphan committed", write_orphan_and_raise, methods=["POST"]
    )
    return app


@pytest.fixture
def client(app: App) -> Iterator[httpx2.Client]:
    with client_for(app) as client:
        run_in_unit_of_work(
            app,
            client,
            [
                "CREATE TABLE notes (text VARCHAR(20) PRIMARY KEY)",
                "CREATE TABLE orphans (note VARCHAR(20) NOT NULL"
                " REFERENCES notes (text) DEFERRABLE INITIALLY DEFERRED)",
            ],
        )
        yield client
    pool: Any = get_engine(app).pool
    assert pool.checkedout() == 0


def insert_note(text_: str) -> Response:
    """Insert a row in the session of the request."""
    database.get_session().execute(text(f"INSERT INTO notes VALUES ('{text_}')"))  # noqa: S608  # no input
    return make_response(text_)


def stored_notes(app: App, client: httpx2.Client) -> set[str]:
    """Return the stored rows."""
    statement = "SELECT text FROM notes"
    with app.extensions["database"].begin("read") as session:
        return set(session.scalars(text(statement)))


def crash() -> NoReturn:
    insert_note("view")
    raise LookupError("in the view")


def write_and_raise() -> NoReturn:
    insert_note("view")
    raise CommittedError


def write_orphan() -> str:
    database.get_session().execute(text("INSERT INTO orphans VALUES ('missing')"))
    return "written"


def write_orphan_and_raise() -> NoReturn:
    write_orphan()
    raise CommittedError


def test_response_of_a_hook_is_committed(app: App, client: httpx2.Client) -> None:
    app.before_request_funcs[None] = [lambda: insert_note("before")]

    assert client.post("/write").text == "before"
    assert stored_notes(app, client) == {"before"}


def test_hooks_and_view_share_a_transaction(app: App, client: httpx2.Client) -> None:
    begun: list[object] = []
    event.listen(get_engine(app), "begin", begun.append)
    app.before_request_funcs[None] = [lambda: insert_note("before") and None]
    app.after_request_funcs[None] = [lambda response: insert_note("after") and response]

    assert client.post("/write").status_code == 200
    assert len(begun) == 1
    assert stored_notes(app, client) == {"before", "view", "after"}


@pytest.mark.parametrize(
    ("path", "status"), [("/conflict", 409), ("/crash", 500), ("/commit", 401)]
)
def test_transaction_ends_before_the_error_handler(
    app: App, client: httpx2.Client, path: str, status: int
) -> None:
    seen: list[object] = []

    def handle(error: Exception) -> tuple[str, int]:
        seen.append(stored_notes(app, client))
        with pytest.raises(RuntimeError, match=r"`with database\.begin\(\)"):
            database.get_session()
        return "handled", status

    app.before_request_funcs[None] = [lambda: insert_note("before") and None]
    app.error_handler_spec[None][None] = {Exception: handle}
    app.error_handler_spec[None][409] = {}

    assert client.post(path).status_code == status
    committed = {"before", "view"} if path == "/commit" else set()
    assert seen == [committed]
    assert stored_notes(app, client) == committed


def test_after_request_has_no_session_after_an_error(
    app: App, client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    app.after_request_funcs[None] = [lambda response: insert_note("after") and response]

    assert client.post("/conflict").status_code == 500
    assert "use `with database.begin() as session`" in caplog.text
    assert stored_notes(app, client) == set()


def test_error_in_after_request_rolls_back(app: App, client: httpx2.Client) -> None:
    def fail(response: Response) -> NoReturn:
        insert_note("after")
        raise LookupError("in a hook")

    app.after_request_funcs[None] = [fail]

    assert client.post("/write").status_code == 500
    assert stored_notes(app, client) == set()


@pytest.mark.parametrize("path", ["/orphan", "/orphan/committed"])
def test_commit_error_reaches_the_error_handlers(
    app: App, client: httpx2.Client, path: str
) -> None:
    handled: list[Exception] = []

    def handle(error: Exception) -> tuple[str, int]:
        handled.append(error)
        return "handled", 409

    app.register_error_handler(IntegrityError, handle)

    assert client.post(path).text == "handled"
    assert len(handled) == 1
    assert stored_notes(app, client) == set()


def test_error_that_an_extension_handles_rolls_back(app: App, client: httpx2.Client) -> None:
    # Some extensions replace this method.
    app.handle_user_exception = lambda e: ("handled", 400)  # type: ignore[method-assign]  # as they do

    assert client.post("/crash").text == "handled"
    assert stored_notes(app, client) == set()


def test_request_can_be_dispatched_without_a_session(app: App, client: httpx2.Client) -> None:
    app.add_url_rule("/missing", "missing", lambda: abort(404))

    with app.test_request_context("/missing"), pytest.raises(NotFound):
        app.dispatch_request()


def test_methods_accept_the_context_that_the_next_version_of_flask_passes(
    app: App, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dispatch(self: Any, ctx: AppContext) -> Response:
        try:
            result = self.preprocess_request(ctx) or self.dispatch_request(ctx)
        except Exception as error:
            result = self.handle_user_exception(ctx, error)
        return self.finalize_request(ctx, result)  # type: ignore[no-any-return]  # self is of any class

    def take_context(method: Any) -> Any:
        return lambda self, ctx, *arguments: method(self, *arguments)

    for name in (
        "preprocess_request",
        "dispatch_request",
        "handle_user_exception",
        "finalize_request",
    ):
        monkeypatch.setattr(App, name, take_context(getattr(App, name)))
    monkeypatch.setattr(App, "full_dispatch_request", dispatch)

    for path, status in (("/write", 200), ("/conflict", 409), ("/orphan", 409)):
        with app.test_request_context(path, method="POST") as ctx:
            full_dispatch_request: Any = app.full_dispatch_request
            assert full_dispatch_request(ctx).status_code == status
    assert stored_notes(app, client) == {"view"}


def test_application_can_use_any_name_in_g(app: App, client: httpx2.Client) -> None:
    def load_user() -> None:
        g.session = g.user = g.stream_session = g.unit = "of the application"

    app.before_request_funcs[None] = [load_user]

    assert client.post("/write").text == "view"
    assert stored_notes(app, client) == {"view"}


def test_nested_app_context_has_the_same_session(app: App, client: httpx2.Client) -> None:
    def write_elsewhere() -> str:
        with app.app_context():
            insert_note("within")
        return "written"

    app.view_functions["write"] = write_elsewhere

    assert client.post("/write").status_code == 200
    assert stored_notes(app, client) == {"within"}


def test_session_requires_a_context(app: App) -> None:
    with pytest.raises(RuntimeError, match=r"`with database\.begin\(\)"):
        database.get_session()
    with app.test_request_context(), pytest.raises(RuntimeError, match="outside of a request"):
        database.get_session()


def test_app_context_commits_at_its_end(app: App, client: httpx2.Client) -> None:
    with app.app_context():
        insert_note("script")
        assert stored_notes(app, client) == set()
    assert stored_notes(app, client) == {"script"}

    with pytest.raises(LookupError), app.app_context():
        crash()
    assert stored_notes(app, client) == {"script"}


def test_stream_session_of_an_app_context_is_closed_at_its_end(app: App) -> None:
    with app.app_context():
        session = database.get_stream_session()
        assert session.scalar(text("SELECT 1")) == 1
    with pytest.raises(InvalidRequestError, match="permanently closed"):
        session.scalar(text("SELECT 1"))


def test_command_of_the_application_has_a_session(app: App, client: httpx2.Client) -> None:
    @app.cli.command("add-note")
    def add_note() -> None:
        insert_note("command")

    assert app.test_cli_runner().invoke(args=["add-note"]).exit_code == 0
    assert stored_notes(app, client) == {"command"}


def test_instance_folder_is_in_the_project(app: App) -> None:
    assert Path(app.instance_path) == PROJECT / "instance"


def test_shell_has_the_database(app: App) -> None:
    context = app.make_shell_context()

    assert context["database"] is database.get_database(app)
    assert context["get_session"] is database.get_session


@pytest.mark.parametrize("session", ["get_session", "get_stream_session"])
def test_streamed_body_has_no_request_session(
    app: App, client: httpx2.Client, session: str
) -> None:
    def stream() -> Response:
        def late() -> Iterator[str]:
            yield "first"
            getattr(database, session)()

        return Response(late())

    app.view_functions["write"] = stream

    with pytest.raises(RuntimeError, match="no unit of work"):
        client.post("/write")


def test_thread_has_no_request_session(app: App, client: httpx2.Client) -> None:
    def write_in_a_thread() -> str:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(copy_current_request_context(lambda: insert_note("thread"))).result()
        raise AssertionError("unreachable")

    app.view_functions["write"] = write_in_a_thread
    app.testing = True

    with pytest.raises(RuntimeError, match="no unit of work"):
        client.post("/write")
    assert stored_notes(app, client) == set()


@pytest.mark.parametrize("register", ["teardown_request", "teardown_appcontext"])
def test_teardown_has_no_request_session(app: App, client: httpx2.Client, register: str) -> None:
    raised: list[Any] = []

    def tear_down(error: BaseException | None) -> None:
        with pytest.raises(RuntimeError, match="no unit of work") as caught:
            database.get_session()
        raised.append(caught.value)

    getattr(app, register)(tear_down)

    assert client.post("/write").status_code == 200
    assert len(raised) == 1


def test_interrupt_rolls_back(app: App, client: httpx2.Client) -> None:
    def interrupt() -> NoReturn:
        insert_note("view")
        raise KeyboardInterrupt

    app.view_functions["write"] = interrupt

    with pytest.raises(KeyboardInterrupt):
        client.post("/write")
    assert stored_notes(app, client) == set()


def test_error_in_testing_mode_is_raised_and_rolled_back(app: App, client: httpx2.Client) -> None:
    app.testing = True

    with pytest.raises(LookupError, match="in the view"):
        client.post("/crash")
    assert stored_notes(app, client) == set()


def test_stream_session_error_rolls_back(app: App, client: httpx2.Client) -> None:
    def fail_twice() -> NoReturn:
        insert_note("view")
        stream = database.get_stream_session()
        stream.close = lambda: abort(503)  # type: ignore[method-assign]  # it fails
        raise LookupError("in the view")

    app.register_error_handler(503, lambda error: ("unavailable", 503))
    app.add_url_rule("/twice", "twice", fail_twice, methods=["POST"])

    assert client.post("/twice").status_code == 503
    assert stored_notes(app, client) == set()
