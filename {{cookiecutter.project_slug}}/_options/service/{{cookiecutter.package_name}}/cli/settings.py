"""Load the settings or print every error; list all settings."""

from collections.abc import Iterator

import click
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from ..config import SECRETS_DIR, Settings
from ..observability import logs

HEADER = "# Copy to .env, uncomment a line and change its value. Never commit .env."


def get_settings() -> Settings:
    """Return the settings in the click context, or load them; configure logging.

    An application or a test passes its settings as the `obj` of the context.
    """
    context = click.get_current_context()
    settings = context.find_object(Settings)
    if settings is None:
        settings = context.obj = load_settings()
    logs.configure(settings)
    return settings


def load_settings() -> Settings:
    """Load the settings, or print every invalid one and exit with status 1."""
    try:
        return Settings()
    except ValidationError as error:
        invalid = [
            (str(problem["loc"][0]).upper(), problem["msg"].removeprefix("Value error, "))
            for problem in error.errors()
        ]
        width = max(len(name) for name, _ in invalid)
        for name, reason in invalid:
            click.echo(f"{name:{width}}  {reason}", err=True)
        raise SystemExit(1) from None
    except UnicodeDecodeError as error:
        reason = f"a setting in .env or {SECRETS_DIR} is not in UTF-8: {error}"
        raise click.ClickException(reason) from None
    except (OSError, SettingsError) as error:
        raise click.ClickException(f"cannot read the settings: {error}") from None


@click.command("settings")
@click.option("--markdown", is_flag=True, help="Print a Markdown table instead.")
def list_settings(markdown: bool) -> None:
    """List all settings with their defaults, in the format of `.env.example`."""
    if markdown:
        click.echo("| variable | default | meaning |\n|---|---|---|")
        for name, default, description in describe_settings():
            shown = f"`{default}`" if default else ""
            click.echo(f"| `{name}` | {shown} | {description} |".replace("|  |", "| |"))
    else:
        click.echo(HEADER)
        for name, default, description in describe_settings():
            click.echo(f"\n# {description.replace('`', '')}\n# {name}={default}")


def describe_settings() -> Iterator[tuple[str, str, str]]:
    """Yield the environment variable, the default and the description of each setting."""
    for name, field in Settings.model_fields.items():
        yield name.upper(), to_variable(field.default), field.description or ""


def to_variable(value: object) -> str:
    """Return a value in the format of an environment variable."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
