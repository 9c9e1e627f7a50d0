"""Validators that the settings share."""

from collections import Counter
from collections.abc import Iterator
from math import log2
from typing import Any

from pydantic import ValidationInfo

MIN_SECRET_LENGTH = 32
MIN_SECRET_BITS = 72
# Substrings of placeholder secrets.
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
# Secrets in the documentation of frameworks.
KNOWN_SECRETS = {
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
}
# Sequences of the alphabet and of keyboard rows; their reverse is predictable as well.
ORDERS = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
]
PREDICTABLE = "\n".join([*ORDERS, *(order[::-1] for order in ORDERS)])
# Characters typed with Shift, and their keys.
UNSHIFTED = str.maketrans('!@#$%^&*(){}:"<>?', "1234567890[];',./")


def split(value: Any) -> Any:
    """Split the value of an environment variable at commas."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def is_deployed(info: ValidationInfo) -> bool:
    """Return whether the environment is valid and not development."""
    return bool(info.data.get("environment", "development") != "development")


def validate_secret(secret: str) -> None:
    """Raise ValueError if the secret is too short, known or easy to guess."""
    if len(secret) < MIN_SECRET_LENGTH:
        raise ValueError(
            f"is too short: at least {MIN_SECRET_LENGTH} random characters are required"
        )
    is_known = secret in KNOWN_SECRETS or any(part in secret.lower() for part in KNOWN_PARTS)
    unpredictable = "".join(unpredictable_characters(secret))
    is_repetitive = len(unpredictable) < 0.75 * len(secret)
    if is_known or is_repetitive or entropy_of(unpredictable) < MIN_SECRET_BITS:
        raise ValueError(
            "is known or easy to guess: random characters are required, see .env.example"
        )


def unpredictable_characters(secret: str) -> Iterator[str]:
    """Yield the characters that neither repeat earlier ones nor continue a sequence of the alphabet or keyboard."""
    typed = secret.lower().translate(UNSHIFTED)
    for end, character in enumerate(secret, 1):
        last, every_second = typed[max(0, end - 3) : end], typed[max(0, end - 5) : end : 2]
        is_repeated = last in typed[: end - 1] or len(set(last)) == 1
        is_in_order = last in PREDICTABLE or every_second in PREDICTABLE
        if end < 5 or not (is_repeated or is_in_order):
            yield character


def entropy_of(text: str) -> float:
    """Return the entropy of a text in bits, estimated from the frequency of each character."""
    return sum(count * log2(len(text) / count) for count in Counter(text).values())
