"""The commands of accounts, as they are typed."""

import httpx2
import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from ..conftest import Settings, create_app, main
from ..databases import make_database
from ..framework import client_for
from .people import PASSWORD, log_in, read_me, refresh

EMAIL = "alice@example.com"
NEW = "another password of the tests"


@pytest.fixture
def database_url() -> SecretStr:
    return make_database("users")


@pytest.fixture
def client(settings: Settings, database_url: SecretStr) -> httpx2.Client:
    return client_for(create_app(settings.model_copy(update={"database_url": database_url})))


@pytest.fixture
def command(environment: pytest.MonkeyPatch, database_url: SecretStr) -> "Command":
    environment.setenv("DATABASE_URL", database_url.get_secret_value())
    return Command()


class Command:
    """Types a command, and the password that it asks for."""

    def __call__(self, *arguments: str, password: str = PASSWORD) -> Result:
        typed = f"{password}\n{password}\n"
        return CliRunner().invoke(main, ["users", *arguments], input=typed)


def test_accounts_are_made_listed_promoted_and_disabled(
    command: Command, client: httpx2.Client
) -> None:
    assert command("create", EMAIL.upper()).output.endswith(f"{EMAIL} was created.\n")
    assert command("promote", EMAIL, " reports:read  other ").exit_code == 0
    with client:
        tokens = log_in(client, EMAIL).json()
        assert read_me(client, tokens).json()["scope"] == "reports:read other"

        assert command("disable", EMAIL).exit_code == 0

        assert read_me(client, tokens).status_code == 401
        assert log_in(client, EMAIL).status_code == 401
    (line,) = command("list").output.splitlines()
    assert line.split()[1:] == ["disabled", EMAIL, "reports:read", "other"]
    assert PASSWORD not in line


def test_password_is_reset(command: Command, client: httpx2.Client) -> None:
    command("create", EMAIL, "--scope", "reports:read")
    with client:
        tokens = log_in(client, EMAIL).json()

        assert command("reset-password", EMAIL, password=NEW).exit_code == 0

        assert log_in(client, EMAIL).status_code == 401
        assert refresh(client, tokens).status_code == 401
        renewed = log_in(client, EMAIL, NEW).json()
        assert read_me(client, renewed).json()["scope"] == "reports:read"


def test_what_is_wrong_is_told(command: Command) -> None:
    assert "is not an e-mail address" in command("create", "nobody").output
    assert "at least 12 characters" in command("create", EMAIL, password="short").output
    assert "most common" in command("create", EMAIL, password="1qaz2wsx3edc").output
    command("create", EMAIL)

    for arguments, said in {
        ("create", EMAIL): f"Error: {EMAIL} has an account already",
        ("disable", "bob@example.com"): "Error: bob@example.com has no account",
    }.items():
        done = command(*arguments)
        assert done.exit_code == 1
        assert done.output.splitlines()[-1] == said
