"""Secrets in settings: how hard they are to guess, and the spellings that a text may have of them."""

import re
from collections import Counter
from collections.abc import Iterator
from math import log2
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MIN_LENGTH = 32
MIN_BITS = 72
# Parts of the secrets that people type until they have a real one.
KNOWN_PARTS = {
    "12345678",
    "change",
    "default",
    "dummy",
    "example",
    "insecure",
    "password",
    "secret",
}
# Secrets that the documentation of frameworks shows.
KNOWN_SECRETS = {
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
}
# Characters in an order that people type them in, each of them also backwards.
ORDERS = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
]
PREDICTABLE = "\n".join([*ORDERS, *(order[::-1] for order in ORDERS)])
# The keys of a keyboard, whether or not Shift is held.
UNSHIFTED = str.maketrans('!@#$%^&*(){}:"<>?', "1234567890[];',./")

# The password of a URL, which may contain an unencoded `@`, and what a query names as a secret.
URL_PASSWORDS = (r"://[^:/?#@]*:([^@]+)@", r"://[^:/?#@]*:(.+)@")
QUERY_SECRETS = r"[?&][\w.-]*(?:pass|pwd|secret|tok|key)[\w.-]*=([^&#]+)"
# Shorter ones are parts of ordinary words.
MIN_MASKED_LENGTH = 6


def validate_secret(secret: str) -> None:
    """Raise ValueError if the secret is short, known or easy to guess."""
    if len(secret) < MIN_LENGTH:
        raise ValueError(f"is too short: at least {MIN_LENGTH} random characters are required")
    is_known = secret in KNOWN_SECRETS or any(part in secret.lower() for part in KNOWN_PARTS)
    unpredictable = "".join(unpredictable_characters(secret))
    is_repetitive = len(unpredictable) < 0.75 * len(secret)
    if is_known or is_repetitive or bits_of(unpredictable) < MIN_BITS:
        raise ValueError(
            "is known or easy to guess: random characters are required, see .env.example"
        )


def unpredictable_characters(secret: str) -> Iterator[str]:
    """Give the characters that do not repeat what came before, and do not continue a row of the alphabet or keyboard."""
    typed = secret.lower().translate(UNSHIFTED)
    for end, character in enumerate(secret, 1):
        last, every_second = typed[max(0, end - 3) : end], typed[max(0, end - 5) : end : 2]
        is_repeated = last in typed[: end - 1] or len(set(last)) == 1
        is_in_order = last in PREDICTABLE or every_second in PREDICTABLE
        if end < 5 or not (is_repeated or is_in_order):
            yield character


def bits_of(text: str) -> float:
    """Return the entropy of a text whose characters are independent, estimated by how often each occurs."""
    return sum(count * log2(len(text) / count) for count in Counter(text).values())


def secret_parts(value: str) -> set[str]:
    """Return the passwords in a URL, each as it is written, decoded and encoded."""
    written = {
        found for pattern in (*URL_PASSWORDS, QUERY_SECRETS) for found in re.findall(pattern, value)
    }
    decoded = {decode(each) for each in written for decode in (unquote, unquote_plus)}
    # Libraries differ in what they leave unencoded.
    encoded = {quote(each, safe=safe) for each in decoded for safe in ("", "/", " +")}
    return written | decoded | encoded | {quote_plus(each) for each in decoded}
