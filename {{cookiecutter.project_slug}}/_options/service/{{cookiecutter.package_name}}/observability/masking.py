"""Secrets of the settings, in all encodings that a log line may contain."""

import re
from itertools import chain
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pydantic import SecretStr

from ..config import Settings

# The password of a URL, which may contain an unencoded `@`, and secret parameters of its query.
URL_PASSWORDS = (r"://[^:/?#@]*:([^@]+)@", r"://[^:/?#@]*:(.+)@")
QUERY_SECRETS = r"[?&][\w.-]*(?:pass|pwd|secret|tok|key)[\w.-]*=([^&#]+)"
# Shorter ones would match parts of ordinary words.
MIN_MASKED_LENGTH = 6


def secrets_of(settings: Settings) -> list[str]:
    """Return the secrets of all settings, and the passwords in their URLs."""
    secrets: set[str] = set()
    for value in chain(*(each if isinstance(each, tuple) else (each,) for _, each in settings)):
        text = str(value)
        if isinstance(value, SecretStr):
            text = value.get_secret_value()
            secrets.add(text)
        secrets |= secret_parts(text)
    return sorted(secret for secret in secrets if len(secret) >= MIN_MASKED_LENGTH)


def secret_parts(value: str) -> set[str]:
    """Return the passwords in a URL: as written, decoded and encoded."""
    written = {
        found for pattern in (*URL_PASSWORDS, QUERY_SECRETS) for found in re.findall(pattern, value)
    }
    decoded = {decode(each) for each in written for decode in (unquote, unquote_plus)}
    # Libraries differ in what they leave unencoded.
    encoded = {quote(each, safe=safe) for each in decoded for safe in ("", "/", " +")}
    return written | decoded | encoded | {quote_plus(each) for each in decoded}
