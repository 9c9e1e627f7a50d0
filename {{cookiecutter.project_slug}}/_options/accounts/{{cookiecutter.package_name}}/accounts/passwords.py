"""Password hashing with argon2id (https://www.rfc-editor.org/rfc/rfc9106) and password strength.

The parameters are the minimum of the OWASP Password Storage Cheat Sheet.
"""

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
# Verified for accounts that do not exist, so that response times do not reveal which accounts do.
DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$xD3N9wP3Cs2nQitiEym/Vw$O1MihN6MG/OquqpDodU4Np+/4an8uPcE1eOnHDpUCVI"
)

# The minimum score of zxcvbn, from 0 to 4: 3 means at least 100 million guesses.
MIN_SCORE = 3
# Only this many characters are scored: zxcvbn's time grows steeply with the length, to seconds for 72 characters.
MAX_SCORED_LENGTH = 24
# zxcvbn stores the words that it is given in a global variable, so the whole process needs one lock.
ZXCVBN_LOCK = Lock()
NICENESS = 10


class HashingPool:
    """Threads that hash passwords, and slots that limit how many requests use or wait for them.

    `slots` must be smaller than the number of threads that process requests: the others stay free for other requests.
    """

    def __init__(self, slots: int) -> None:
        self.slots = BoundedSemaphore(slots)
        # One core is left for other requests, and hashing has a lower priority than they have; only on Linux is
        # niceness an attribute of a thread, not of the process.
        self.threads = ThreadPoolExecutor(
            max(1, (os.cpu_count() or 2) - 1),
            thread_name_prefix="hashing",
            initializer=partial(os.nice, NICENESS) if sys.platform == "linux" else None,
        )

    @contextmanager
    def hashing_slot(self) -> Iterator[None]:
        """Hold a slot; raise PasswordsBusy immediately if none is free."""
        if not self.slots.acquire(blocking=False):
            raise PasswordsBusy
        try:
            yield
        finally:
            self.slots.release()

    def hash(self, password: str, email: str, field: str = "password") -> str:
        """Call `hash_password` in a thread of the pool, and wait for it."""
        return self.threads.submit(hash_password, password, email, field).result()

    def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Call `verify_password` in a thread of the pool, and wait for it."""
        return self.threads.submit(verify_password, password, password_hash).result()


def hash_password(password: str, email: str, field: str = "password") -> str:
    """Return the salted hash of a new password; raise WeakPassword for this field if it is easy to guess."""
    if is_weak(password, email):
        raise WeakPassword(field)
    return HASHER.hash(password)


def verify_password(password: str, password_hash: str | None) -> tuple[bool, str | None]:
    """Return whether the password is correct, and a new hash if the parameters of the stored one are outdated.

    Without a hash, verify DUMMY_HASH and return False.
    """
    is_correct, new_hash = HASHER.verify_and_update(password, password_hash or DUMMY_HASH)
    return is_correct and password_hash is not None, new_hash


def is_weak(password: str, email: str) -> bool:
    """Return whether an attacker who knows the e-mail address and the service needs few guesses."""
    # Imported here because loading its dictionaries is slow, and services without registration never need them.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # it has no types

    words = [email, NAME, *re.findall(r"[^\W_]{3,}", f"{email} {NAME}")]
    known = [word[:MAX_SCORED_LENGTH] for word in words]
    # The rest without these words is scored as well, because zxcvbn scores a sequence of known words as strong.
    rest = re.sub("|".join(map(re.escape, words)), "", password, flags=re.IGNORECASE)
    with ZXCVBN_LOCK:
        return any(
            not part or zxcvbn(part, known)["score"] < MIN_SCORE
            for part in {password[:MAX_SCORED_LENGTH], rest[:MAX_SCORED_LENGTH]}
        )
