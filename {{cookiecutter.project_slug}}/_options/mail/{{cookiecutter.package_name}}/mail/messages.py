"""Messages: a text and HTML, rendered from templates of the package."""

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from ..config import Settings
from ..database.base import now
from ..metadata import NAME
from .settings import ADDRESS

TEMPLATES = Path(__file__).parents[1]
# Longer lines are encoded: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
MAX_LINE_LENGTH = 998


@cache
def environment() -> Environment:
    """Return the environment of the templates; values are escaped in HTML, and missing ones are errors."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
    )


def make_message(
    settings: Settings, job_id: UUID, to: str, subject: str, template: str, **values: object
) -> EmailMessage:
    """Return a message to one address, rendered from `<template>.txt` and `<template>.html` of the package.

    All attempts of a job make a message with the same id. Raises ValueError if `to` is not one address, or if the subject contains a line break.
    """
    if not re.fullmatch(ADDRESS, to):
        raise ValueError("the recipient must be one address")
    domain = parseaddr(settings.mail_from)[1].rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{job_id}@{domain}>"
    # No automatic replies: https://www.rfc-editor.org/rfc/rfc3834#section-5
    message["Auto-Submitted"] = "auto-generated"
    templates = [environment().get_template(f"{template}.{kind}") for kind in ("txt", "html")]
    text, html = (each.render(values, service=NAME, subject=subject) for each in templates)
    message.set_content(text, cte=encoding_of(text))
    message.add_alternative(html, subtype="html", cte=encoding_of(html))
    return message


def encoding_of(text: str) -> str:
    """Return the transfer encoding of a text: none if it is ASCII, so that files are readable."""
    is_short = all(len(line) <= MAX_LINE_LENGTH for line in text.splitlines())
    return "7bit" if text.isascii() and is_short else "quoted-printable"
