"""The `users` commands."""

from uuid import uuid4

import httpx2
import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import count

from {{ cookiecutter.package_name }} import create_app
from {{ cookiecutter.package_name }}.accounts import models, scopes, service
from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now

from ..support.audit_events import security_events
from ..support.databases import make_database
from ..support.framework import App, client_for, run_command
from ..support.settings import SECRET_KEY
from .account_requests import PASSWORD, log_in, read_me, refresh

EMAIL = "alice@example.com"
NEW_PASSWORD = "another password used in tests"

LOGIN, TOKEN = models.Login, models.RefreshToken


@pytest.fixture
def database_url() -> SecretStr:
    return make_database("users")


@pytest.fixture
def app(settings: Settings, database_url: SecretStr) -> App:
    return create_app(settings.model_copy(update={"database_url": database_url}))


@pytest.fixture
def client(app: App) -> httpx2.Client:
    return client_for(app)


@pytest.fixture(autouse=True)
def declared_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scopes.SCOPES, "reports:read", "Read reports.")
    monkeypatch.setitem(scopes.SCOPES, "reports:write", "Write reports.")


@pytest.fixture
def command(environment: pytest.MonkeyPatch, database_url: SecretStr) -> "Command":
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    return Command()


class Command:
    """Runs a command, and enters the password."""

    def __call__(self, *arguments: str, password: str = PASSWORD) -> Result:
        typed = f"{password}\n{password}\n"
        return CliRunner().invoke(main, ["users", *arguments], input=typed)


def test_accounts_can_be_created_listed_scoped_and_disabled(
    command: Command, client: httpx2.Client
) -> None:
    assert command("create", EMAIL.upper()).output.endswith(f"{EMAIL} was created.\n")
    updated = command("set-scopes", EMAIL, "reports:read", "reports:write", "reports:read")
    assert updated.stdout == f"{EMAIL} has the scopes: reports:read reports:write.\n"
    with client:
        tokens = log_in(client, EMAIL).json()
        assert read_me(client, tokens).json()["scope"] == "reports:read reports:write"

        assert command("disable", EMAIL).exit_code == 0

        assert read_me(client, tokens).status_code == 401
        assert log_in(client, EMAIL).status_code == 400
    (line,) = command("list").stdout.splitlines()
    assert line.split()[1:] == ["disabled", EMAIL, "reports:read", "reports:write"]
    assert PASSWORD not in line


def test_password_can_be_reset(command: Command, client: httpx2.Client) -> None:
    command("create", EMAIL, "--scope", "reports:write", "--scope", "reports:read")
    with client:
        tokens = log_in(client, EMAIL).json()

        assert command("reset-password", EMAIL, password=NEW_PASSWORD).exit_code == 0

        assert log_in(client, EMAIL).status_code == 400
        assert refresh(client, tokens).status_code == 400
        renewed = log_in(client, EMAIL, NEW_PASSWORD).json()
        assert read_me(client, renewed).json()["scope"] == "reports:write reports:read"


def test_unknown_scope_is_rejected_with_the_known_ones(command: Command) -> None:
    command("create", EMAIL, "--scope", "reports:read")

    for rejected in (
        command("set-scopes", EMAIL, "reports:write", "reports:wrte"),
        command("create", "bob@example.com", "--scope", "reports:wrte"),
    ):
        assert rejected.exit_code == 2
        assert "'reports:wrte' is not a scope" in rejected.output
        assert "reports:read, reports:write" in rejected.output
    (line,) = command("list").stdout.splitlines()
    assert line.split()[2:] == [EMAIL, "reports:read"]


def test_scopes_can_be_removed(command: Command) -> None:
    command("create", EMAIL, "--scope", "reports:read")

    assert command("set-scopes", EMAIL).stdout == f"{EMAIL} has the scopes: none.\n"
    (line,) = command("list").stdout.splitlines()
    assert line.split()[2:] == [EMAIL]


def test_expired_logins_and_their_tokens_are_deleted(
    app: App, client: httpx2.Client, command: Command, database_url: SecretStr
) -> None:
    command("create", EMAIL)
    engine = create_engine(database_url.get_secret_value())
    with client:
        tokens = log_in(client, EMAIL).json()
        with Session(engine) as session, session.begin():
            user_id = session.scalar(select(models.User.id))
            # More rows than two transactions delete.
            logins = [LOGIN(id=uuid4(), user_id=user_id, expires_at=now()) for _ in range(250)]
            session.add_all(logins)
            session.flush()
            session.add_all(TOKEN(digest=login.id.bytes * 2, login_id=login.id) for login in logins)

        done = run_command(app, "users", "delete-expired-logins")
        again = run_command(app, "users", "delete-expired-logins")

        assert done.stdout == "250 expired logins were deleted.\n"
        assert again.stdout == "0 expired logins were deleted.\n"
        assert refresh(client, tokens).status_code == 200
    with Session(engine) as session:
        remaining = [session.scalar(select(count()).select_from(table)) for table in (LOGIN, TOKEN)]
    engine.dispose()
    assert remaining == [1, 2]


def test_commands_log_security_events_with_the_operator(
    command: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ENVIRONMENT", "test")
    environment.setenv("SECRET_KEY", SECRET_KEY)

    for arguments, event in {
        ("create", EMAIL): "registered",
        ("set-scopes", EMAIL, "reports:read"): "scopes set",
        ("reset-password", EMAIL): "password reset",
        ("disable", EMAIL): "disabled",
        ("delete-expired-logins",): "expired logins deleted",
    }.items():
        (logged,) = security_events(command(*arguments))
        assert logged["event"] == event
        assert logged["command"].endswith(f"users {arguments[0]}")
        assert logged["operator"]
        assert ("user_id" in logged) is (EMAIL in arguments)
        assert EMAIL not in str(logged)
    assert security_events(command("list")) == []


def test_errors_are_printed(command: Command) -> None:
    assert "must be an e-mail address" in command("create", "invalid").output
    assert "at least 12 characters" in command("create", EMAIL, password="short").output
    assert "Too easy to guess" in command("create", EMAIL, password="1qaz2wsx3edc").output
    assert "Too easy to guess" in command("create", EMAIL, password=EMAIL).output
    assert command("list").output == ""
    command("create", EMAIL)
    assert "Too easy to guess" in command("reset-password", EMAIL, password=EMAIL).output

    for arguments, error in {
        ("create", EMAIL): f"Error: {EMAIL} has an account already",
        ("disable", "bob@example.com"): "Error: bob@example.com has no account",
    }.items():
        done = command(*arguments)
        assert done.exit_code == 1
        assert done.output.splitlines()[-1] == error


def test_account_with_a_random_password_is_created_once(
    database_url: SecretStr, client: httpx2.Client
) -> None:
    engine = create_engine(database_url.get_secret_value())
    with Session(engine) as session, session.begin():
        user, password = service.find_or_create(session, EMAIL)
        assert service.find_or_create(session, EMAIL) == (user, None)
    engine.dispose()

    assert password
    with client:
        assert log_in(client, EMAIL, password).status_code == 200
