"""Delivery to an SMTP server, and to a folder."""

import logging
import smtplib
import socket
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
import trustme
from click.testing import CliRunner
from pydantic import SecretStr

from {{ cookiecutter.package_name }}.cli.main import main
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.jobs.models import Job, Status
from {{ cookiecutter.package_name }}.jobs.worker import Worker
from {{ cookiecutter.package_name }}.mail import delivery
from {{ cookiecutter.package_name }}.mail.delivery import deliver
from {{ cookiecutter.package_name }}.mail.jobs import send_mail
from {{ cookiecutter.package_name }}.mail.messages import make_message

from ..jobs.table import JobTable
from .conftest import certificate_of
from .smtp_server import HOST, PASSWORD, USER, Mailbox, serving

TO = "alice@example.com"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


def with_url(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"mail_url": SecretStr(url)})


def message_of(settings: Settings) -> EmailMessage:
    return make_message(settings, UUID(int=1), TO, "Test", "mail/templates/test")


def run_job(settings: Settings, table: JobTable, url: str) -> Job:
    """Run a job that sends a message, and return its row."""
    table.insert(send_mail, to=TO, subject="Test", template="mail/templates/test", values={})
    assert Worker(with_url(settings, url), [send_mail]).drain() == 1
    return table.jobs()[-1]


def test_job_sends_a_message(settings: Settings, table: JobTable) -> None:
    with serving(Mailbox()) as mailbox:
        job = run_job(settings, table, f"smtp://{HOST}:{mailbox.port}")

    assert (job.status, job.error) == (Status.DONE, None)
    (envelope,), (message,) = mailbox.envelopes, mailbox.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.com", [TO])
    assert message["Message-ID"] == f"<{job.id}@example.com>"


def test_connection_is_encrypted_before_the_login(settings: Settings, trusted: trustme.CA) -> None:
    context = certificate_of(trusted, HOST)

    for scheme, options in (("smtps", {"tls": context}), ("smtp+starttls", {"starttls": context})):
        with serving(Mailbox(), **options) as mailbox:
            url = f"{scheme}://{LOGIN}@{HOST}:{mailbox.port}"
            deliver(with_url(settings, url), message_of(settings))

        assert len(mailbox.messages) == 1
        assert mailbox.logins == [USER]


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_certificate_of_another_name_is_rejected(
    settings: Settings, trusted: trustme.CA, scheme: str
) -> None:
    assert_certificate_is_rejected(settings, scheme, certificate_of(trusted, "mail.example.com"))


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_certificate_of_an_unknown_authority_is_rejected(
    settings: Settings, trusted: trustme.CA, scheme: str
) -> None:
    assert_certificate_is_rejected(settings, scheme, certificate_of(trustme.CA(), HOST))


def assert_certificate_is_rejected(
    settings: Settings, scheme: str, context: ssl.SSLContext
) -> None:
    options = {"tls" if scheme == "smtps" else "starttls": context}
    with serving(Mailbox(), **options) as mailbox:
        url = f"{scheme}://{LOGIN}@{HOST}:{mailbox.port}"
        with pytest.raises(ssl.SSLCertVerificationError):
            deliver(with_url(settings, url), message_of(settings))

    assert (mailbox.logins, mailbox.envelopes) == ([], [])


def test_server_without_starttls_gets_nothing(settings: Settings) -> None:
    with serving(Mailbox()) as mailbox:
        url = f"smtp+starttls://{LOGIN}@{HOST}:{mailbox.port}"
        with pytest.raises(smtplib.SMTPNotSupportedError):
            deliver(with_url(settings, url), message_of(settings))

    assert (mailbox.logins, mailbox.envelopes) == ([], [])


@pytest.mark.parametrize(
    ("mailbox", "reply"),
    [
        (Mailbox(recipient="550 no such user"), "550 no such user"),
        (Mailbox(message="554 looks like spam"), "554 looks like spam"),
    ],
)
def test_job_is_given_up_if_the_server_rejects_it_permanently(
    settings: Settings, table: JobTable, mailbox: Mailbox, reply: str
) -> None:
    with serving(mailbox):
        job = run_job(settings, table, f"smtp://{HOST}:{mailbox.port}")

    assert (job.status, job.attempts) == (Status.GIVEN_UP, 1)
    assert (job.error or "").endswith(f"MessageRejected: {reply}")


@pytest.mark.parametrize(
    "mailbox", [Mailbox(recipient="450 try later"), Mailbox(message="451 try later")]
)
def test_job_is_retried_after_a_temporary_error(
    settings: Settings, table: JobTable, mailbox: Mailbox
) -> None:
    with serving(mailbox):
        job = run_job(settings, table, f"smtp://{HOST}:{mailbox.port}")

    assert (job.status, job.attempts) == (Status.PENDING, 1)
    assert "try later" in (job.error or "")


def test_job_is_retried_if_the_login_fails(
    settings: Settings, table: JobTable, trusted: trustme.CA
) -> None:
    with serving(Mailbox(), tls=certificate_of(trusted, HOST)) as mailbox:
        job = run_job(settings, table, f"smtps://user:hunter2@{HOST}:{mailbox.port}")

    assert job.status == Status.PENDING
    assert "SMTPAuthenticationError" in (job.error or "")
    assert "hunter2" not in (job.error or "")


def test_job_is_retried_if_there_is_no_server(settings: Settings, table: JobTable) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]

    assert run_job(settings, table, f"smtp://{HOST}:{port}").status == Status.PENDING


def test_silent_server_is_left(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "TIMEOUT", 0.1)
    with socket.create_server((HOST, 0)) as listener:
        url = f"smtp://{HOST}:{listener.getsockname()[1]}"
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            deliver(with_url(settings, url), message_of(settings))


def test_file_is_written_and_its_path_is_logged(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        deliver(settings, message_of(settings))

    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == f"{UUID(int=1)}.eml"
    assert "this is a test message" in path.read_text()
    assert [each.message for each in caplog.records] == [f"mail written to {path}: Test"]


def test_command_sends_a_message(settings: Settings, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["test-mail", TO], obj=settings)

    assert result.output.endswith("The message was sent.\n")
    assert len(list((tmp_path / "mail").iterdir())) == 1


def test_command_reports_an_error(settings: Settings) -> None:
    with serving(Mailbox(recipient="550 no such user")) as mailbox:
        url = f"smtp://{HOST}:{mailbox.port}"
        result = CliRunner().invoke(main, ["test-mail", TO], obj=with_url(settings, url))

    assert result.exit_code == 1
    assert result.output.endswith("Error: the message was not sent: 550 no such user\n")
