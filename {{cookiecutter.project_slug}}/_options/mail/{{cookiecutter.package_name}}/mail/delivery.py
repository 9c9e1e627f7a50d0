"""Delivery of messages: to an SMTP server, or to a folder of files."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from ..config import PROJECT, Settings
from ..jobs.runs import PermanentError
from .settings import PORTS

logger = logging.getLogger(__name__)

# Seconds for each step of a dialogue with a server.
TIMEOUT = 10


class MessageRejected(PermanentError):
    """The server rejects the recipient or the message permanently."""


def deliver(settings: Settings, message: EmailMessage) -> None:
    """Send a message to MAIL_URL; raise MessageRejected if the server rejects it permanently.

    Other errors, such as those of the connection, of the certificate and of the password, are raised as they are.
    """
    url = settings.mail_url.get_secret_value()
    if url.startswith("file:"):
        write_file(url.removeprefix("file:"), message)
        return
    try:
        with connect(url) as smtp:
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, reason),) = error.recipients.values()
        raise_rejected(code, reason, error)
    except smtplib.SMTPDataError as error:
        raise_rejected(error.smtp_code, error.smtp_error, error)
    logger.info("mail sent", extra={"message_id": message["Message-ID"]})


def connect(url: str) -> smtplib.SMTP:
    """Connect to a server, verify its certificate and log in."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    smtp: smtplib.SMTP
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        smtp = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if parts.scheme == "smtp+starttls":
            smtp.starttls(context=ssl.create_default_context())
        if parts.username and parts.password:
            smtp.login(unquote(parts.username), unquote(parts.password))
    except BaseException:
        smtp.close()
        raise
    return smtp


def raise_rejected(code: int, reason: bytes | str, error: smtplib.SMTPException) -> None:
    """Raise MessageRejected for a permanent error, otherwise the error itself."""
    if code < 500:
        raise error
    text = reason if isinstance(reason, str) else reason.decode(errors="replace")
    raise MessageRejected(f"{code} {text}") from error


def write_file(folder: str, message: EmailMessage) -> None:
    """Write a message to a file, and log its path."""
    name = message["Message-ID"].strip("<>").partition("@")[0]
    path = PROJECT / folder / f"{name}.eml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(message))
    logger.info("mail written to %s: %s", path, message["Subject"])
