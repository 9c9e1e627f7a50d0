"""Validators that settings share."""

from collections import Counter
from collections.abc import Iterator
from math import log2
from typing import Any

from pydantic import ValidationInfo

MIN_SECRET_LENGTH = 32
MIN_SECRET_BITS = 72
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


def split(value: Any) -> Any:
    """Split a list as an environment variable has it: at commas."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def is_deployed(info: ValidationInfo) -> bool:
    """Tell whether the environment, if it is a known one, is not development."""
    return bool(info.data.get("environment", "development") != "development")


def validate_secret(secret: str) -> None:
    """Raise ValueError if the secret is short, known or easy to guess."""
    if len(secret) < MIN_SECRET_LENGTH:
        raise ValueError(
            f"is too short: at least {MIN_SECRET_LENGTH} random characters are required"
        )
    is_known = secret in KNOWN_SECRETS or any(part in secret.lower() for part in KNOWN_PARTS)
    unpredictable = "".join(unpredictable_characters(secret))
    is_repetitive = len(unpredictable) < 0.75 * len(secret)
    if is_known or is_repetitive or bits_of(unpredictable) < MIN_SECRET_BITS:
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
