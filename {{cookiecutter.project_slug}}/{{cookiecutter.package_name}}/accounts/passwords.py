"""Passwords: argon2id, https://www.rfc-editor.org/rfc/rfc9106, as strong as OWASP asks for at least."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from itertools import chain
from threading import BoundedSemaphore

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from .exceptions import PasswordsBusy

HASHER = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)])
# The hash of no password. It is verified for accounts that do not exist, which takes as long as for others.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$xD3N9wP3Cs2nQitiEym/Vw$O1MihN6MG/OquqpDodU4Np+/4an8uPcE1eOnHDpUCVI"
)

# However many log in at once, one core is left for everybody else, and the others are given up to whoever needs them.
# Linux alone has a priority for each thread; elsewhere it would be that of the process.
HASHING = ThreadPoolExecutor(
    max(1, (os.cpu_count() or 2) - 1),
    thread_name_prefix="hashing",
    initializer=partial(os.nice, 10) if sys.platform == "linux" else None,
)
# {% if cookiecutter.__gateway == "wsgi" %}
# Whoever is hashed or waits for it has one of the server's four threads; one is left for everybody else.
PLACES = BoundedSemaphore(3)
# {% endif %}
# {% if cookiecutter.__gateway == "asgi" %}
# Whoever is hashed or waits for it has one of forty threads; half of them are left for everybody else.
PLACES = BoundedSemaphore(20)
# {% endif %}


@contextmanager
def place() -> Iterator[None]:
    """Take a place for what hashes passwords; raise PasswordsBusy where none is left, and wait for nothing."""
    if not PLACES.acquire(blocking=False):
        raise PasswordsBusy
    try:
        yield
    finally:
        PLACES.release()


def hash_of(password: str) -> str:
    """Return the hash of a password, with a salt of its own; it takes tens of milliseconds."""
    return HASHING.submit(HASHER.hash, password).result()


def verify(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Tell whether a password is right, and return its hash anew where parameters have changed."""
    verified = HASHING.submit(HASHER.verify_and_update, password, password_hash or NOBODY)
    is_right, new_hash = verified.result()
    return is_right and password_hash is not None, new_hash


def is_common(password: str) -> bool:
    """Tell whether a password is among those that are tried first, whatever its case."""
    return password.lower() in common_passwords()


@cache
def common_passwords() -> frozenset[str]:
    """Return common passwords, words and names that are long enough to be chosen, some 4,000 of them.

    They are read when first asked for.
    """
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # it has no types

    words = chain.from_iterable(FREQUENCY_LISTS.values())
    return frozenset(word for word in words if len(word) >= 12)
