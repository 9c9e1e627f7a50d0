"""Messages: their headers, and their texts from templates."""

from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

import pytest
from jinja2 import UndefinedError

from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.mail import messages

JOB = UUID(int=7)


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the templates of the package."""
    monkeypatch.setattr(messages, "TEMPLATES", tmp_path)
    monkeypatch.setattr(messages, "environment", messages.environment.__wrapped__)
    for kind in ("txt", "html"):
        tag = "{" + "{ name }" + "}"
        (tmp_path / f"greeting.{kind}").write_text(f"Hello {tag}")


def make(settings: Settings, **changes: str) -> EmailMessage:
    values = {"to": "alice@example.com", "subject": "Hello", "name": "Alice"} | changes
    return messages.make_message(settings, JOB, template="greeting", **values)


def parts_of(message: EmailMessage) -> list[str]:
    """Return the text and the HTML."""
    return [part.get_content() for part in message.iter_parts() if isinstance(part, EmailMessage)]


def test_headers(settings: Settings) -> None:
    message = make(settings)

    assert message["From"] == "My Service <no-reply@example.com>"
    assert (message["To"], message["Subject"]) == ("alice@example.com", "Hello")
    assert abs((parsedate_to_datetime(message["Date"]) - now()).total_seconds()) < 60
    assert message["Auto-Submitted"] == "auto-generated"


def test_attempts_of_a_job_have_the_same_id(settings: Settings) -> None:
    first, second = make(settings), make(settings)

    assert first["Message-ID"] == second["Message-ID"] == f"<{JOB}@example.com>"


def test_values_are_escaped_in_html_only(settings: Settings) -> None:
    text, html = parts_of(make(settings, name="<b>Zoë & Co</b>"))

    assert text == "Hello <b>Zoë & Co</b>\n"
    assert html == "Hello &lt;b&gt;Zoë &amp; Co&lt;/b&gt;\n"


def test_missing_value_is_an_error(settings: Settings) -> None:
    with pytest.raises(UndefinedError):
        messages.make_message(settings, JOB, "alice@example.com", "Hello", "greeting")


def test_ascii_is_readable_and_other_texts_are_encoded(settings: Settings) -> None:
    for name, is_readable in (("a" * 900, True), ("a" * 1000, False), ("Zoë", False)):
        message = make(settings, name=name)
        assert (f"Hello {name}".encode() in bytes(message)) is is_readable
        assert bytes(message).isascii()
        assert max(map(len, bytes(message).splitlines())) <= messages.MAX_LINE_LENGTH
        assert parts_of(message)[0] == f"Hello {name}\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\nBcc: bob@example.com"},
        {"subject": "Hello\rBcc: bob@example.com"},
        {"to": "alice@example.com\r\nBcc: bob@example.com"},
        {"to": "alice@example.com, bob@example.com"},
        {"to": "alice@example.com\n"},
        {"to": "alice@"},
        {"to": ""},
    ],
)
def test_line_breaks_and_other_recipients_are_refused(
    settings: Settings, changes: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"one address|linefeed or carriage return"):
        make(settings, **changes)
