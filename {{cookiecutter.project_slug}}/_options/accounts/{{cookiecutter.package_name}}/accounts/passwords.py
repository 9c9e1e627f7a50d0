"""Passwords: argon2id, https://www.rfc-editor.org/rfc/rfc9106, as strong as OWASP asks for at least."""

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import BoundedSemaphore, Lock

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from ..metadata import NAME
from .exceptions import PasswordsBusy, WeakPassword

HASHER = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)])
# The hash of no password. It is verified for accounts that do not exist, which takes as long as for others.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$xD3N9wP3Cs2nQitiEym/Vw$O1MihN6MG/OquqpDodU4Np+/4an8uPcE1eOnHDpUCVI"
)

# The least score of zxcvbn, from 0 to 4: 3 is at least 100 million guesses.
STRENGTH = 3
# The characters that are measured: the time grows steeply with the length, to seconds at 72 characters of `4@8({[<36`.
MEASURED = 24
# zxcvbn keeps the words that it is given in a variable of its module.
MEASURING = Lock()

# However many log in at once, one core is left for everybody else, and the others are given up to whoever needs them.
# Linux alone has a priority for each thread; elsewhere it would be that of the process.
HASHING = ThreadPoolExecutor(
    max(1, (os.cpu_count() or 2) - 1),
    thread_name_prefix="hashing",
    initializer=partial(os.nice, 10) if sys.platform == "linux" else None,
)
# {% if "flask" in cookiecutter.__facts %}
# Each login has one of the server's threads, THREADS of them, while it is hashed or waits for it; most are left for others.
PLACES = BoundedSemaphore(3)
# {% endif %}
# {% if "fastapi" in cookiecutter.__facts %}
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


def hash_of(password: str, email: str, field: str = "password") -> str:
    """Return the hash of a new password, with a salt of its own; it takes tens of milliseconds.

    Raises WeakPassword, at a field of the body, if the password is easy to guess for the owner of an address.
    """
    if HASHING.submit(is_weak, password, email).result():
        raise WeakPassword(field)
    return HASHING.submit(HASHER.hash, password).result()


def verify(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Tell whether a password is right, and return its hash anew where parameters have changed."""
    verified = HASHING.submit(HASHER.verify_and_update, password, password_hash or NOBODY)
    is_right, new_hash = verified.result()
    return is_right and password_hash is not None, new_hash


def is_weak(password: str, email: str) -> bool:
    """Return whether few guesses find a password, for an attacker who knows the address and the service."""
    # Imported late: its dictionaries take a tenth of a second, which a service without registration does not need.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # it has no types

    words = [email, NAME, *re.findall(r"[^\W_]{3,}", f"{email} {NAME}")]
    known = [word[:MEASURED] for word in words]
    # Without these words it has to be hard to guess as well: zxcvbn counts a row of them as a row of secrets.
    rest = re.sub("|".join(map(re.escape, words)), "", password, flags=re.IGNORECASE)
    with MEASURING:
        return any(
            not part or zxcvbn(part, known)["score"] < STRENGTH
            for part in {password[:MEASURED], rest[:MEASURED]}
        )
