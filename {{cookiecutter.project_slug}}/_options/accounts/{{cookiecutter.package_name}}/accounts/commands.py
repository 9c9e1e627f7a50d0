"""Commands of accounts: `python -m {{ cookiecutter.package_name }} users --help`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import click
from pydantic import AfterValidator, Secret, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from ..database.commands import migrated_engine
from ..observability.audit_log import log_event, record_operator
from . import service
from .exceptions import EmailTaken, WeakPassword
from .models import User
from .passwords import hash_password
from .schemas import Email, Password
from .scopes import validate_scope

# Logins that one transaction deletes; each may have some thousand refresh tokens.
BATCH = 100


class Validated(click.ParamType[Any]):
    """A parameter that pydantic validates, with its error messages."""

    def __init__(self, name: str, kind: Any) -> None:
        self.name = name
        self.adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the validated value, or report the first error."""
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            self.fail(error.errors()[0]["msg"].removeprefix("Value error, "), param, ctx)


email_argument = click.argument("email", type=Validated("email", Email))
scope_type = Validated("scope", Annotated[str, AfterValidator(validate_scope)])
password_option = click.option(
    "--password",
    type=Validated("password", Password),
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="Prompted for if omitted, which keeps it out of process lists and shell history.",
)


@contextmanager
def transaction() -> Iterator[Session]:
    """Begin a transaction on the database of the settings, committed at its end."""
    with migrated_engine() as engine, Session(engine) as session, session.begin():
        yield session


@click.group()
def users() -> None:
    """Manage accounts."""
    record_operator()


@users.command()
@email_argument
@password_option
@click.option(
    "--scope", "scopes", type=scope_type, multiple=True, help="A scope of the account; repeatable."
)
def create(email: str, password: Secret[str], scopes: tuple[str, ...]) -> None:
    """Create an account, even if registration is disabled."""
    password_hash = hash_or_fail(password, email)
    with transaction() as session:
        try:
            user = service.register(session, email, password_hash)
        except EmailTaken:
            raise click.ClickException(f"{email} has an account already") from None
        user.scope = join_scopes(scopes)
    click.echo(f"{email} was created.")


@users.command("list")
def list_users() -> None:
    """List accounts, oldest first."""
    with transaction() as session:
        found = session.scalars(select(User).order_by(User.id)).all()
        session.expunge_all()
    # Printed after the transaction: output to a pager may block.
    for user in found:
        state = "active" if user.is_active else "disabled"
        click.echo(f"{user.id}  {state:8}  {user.email}  {user.scope}".rstrip())


@users.command("set-scopes")
@email_argument
@click.argument("scopes", type=scope_type, nargs=-1)
def set_scopes(email: str, scopes: tuple[str, ...]) -> None:
    """Replace all scopes of an account by SCOPES; without any, remove them."""
    with transaction() as session:
        user = find_or_fail(session, email)
        user.scope = join_scopes(scopes)
        log_event("scopes set", user_id=user.id)
    click.echo(f"{email} has the scopes: {join_scopes(scopes) or 'none'}.")


@users.command()
@email_argument
def disable(email: str) -> None:
    """Disable an account, and revoke all its logins."""
    with transaction() as session:
        user = find_or_fail(session, email)
        user.is_active = False
        service.revoke(session, user.id)
        log_event("disabled", user_id=user.id)
    click.echo(f"{email} was disabled.")


@users.command("reset-password")
@email_argument
@password_option
def reset_password(email: str, password: Secret[str]) -> None:
    """Set the password of an account, enable it, and revoke all its logins."""
    password_hash = hash_or_fail(password, email)
    with transaction() as session:
        user = find_or_fail(session, email)
        user.password_hash, user.is_active = password_hash, True
        service.revoke(session, user.id)
        log_event("password reset", user_id=user.id)
    click.echo(f"The password of {email} was reset.")


@users.command("delete-expired-logins")
def delete_expired_logins() -> None:
    """Delete expired logins and their refresh tokens; run it daily, for example by cron."""
    deleted, batch = 0, BATCH
    while batch == BATCH:
        with transaction() as session:
            batch = service.delete_expired_logins(session, BATCH)
        deleted += batch
    log_event("expired logins deleted", count=deleted)
    click.echo(f"{deleted} expired logins were deleted.")


def join_scopes(scopes: tuple[str, ...]) -> str:
    """Return scopes in the syntax of OAuth: separated by spaces, without duplicates."""
    return " ".join(dict.fromkeys(scopes))


def hash_or_fail(password: Secret[str], email: str) -> str:
    """Return the hash of a password; raise ClickException if it is easy to guess."""
    try:
        return hash_password(password.get_secret_value(), email)
    except WeakPassword as error:
        raise click.ClickException(error.invalid[0]["msg"]) from None


def find_or_fail(session: Session, email: str) -> User:
    """Return the account of an e-mail address; raise ClickException if there is none."""
    user = service.find(session, email)
    if user is None:
        raise click.ClickException(f"{email} has no account")
    return user
