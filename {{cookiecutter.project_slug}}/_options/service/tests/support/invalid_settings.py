"""Settings that must be rejected."""

import pytest
from pydantic import ValidationError

from .settings import SECRET_KEY, IsolatedSettings

# The reason, and keys that are rejected for it.
GUESSABLE_KEYS = {
    "is too short": {"", "hunter2", SECRET_KEY[:31]},
    "is known or easy to guess": {
        *(
            f"My-{word}-{SECRET_KEY}"
            for word in ("12345678", "Change", "Default", "Dummy", "Example", "Insecure")
        ),
        f"A-Password-{SECRET_KEY}",
        f"Your-Secret-{SECRET_KEY}",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "a" * 40,
        "abc" * 20,
        "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIII",
        "correct horse battery staple " * 2,
        "hello world hello World HELLO world hello",
        "admin1admin2admin3admin4admin5admin6",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "9876543210zyxwvutsrqponmlkjihgfedcba",
        "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpP",
        "1a2b3c4d5e6f7g8h9i0j1k2l3m4n5o6p",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "QWERTYUIOP{}asdfghjkl:'zxcvbnm<>?qwe",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,",
        "!QAZ@WSX#EDC$RFV%TGB^YHN&UJM*IK<",
        "01" * 20 + "10" * 20,
        "ppppaeekkaakeapkappepekaekeeakke",
        "1929394959697989192939495969798919",
    },
}


def errors_of(settings: dict[str, object]) -> dict[str, str]:
    """Return the message for each invalid setting; fail if a message contains a value."""
    with pytest.raises(ValidationError) as caught:
        IsolatedSettings.model_validate(settings)
    assert "hunter2" not in str(caught.value)
    return {str(error["loc"][0]): error["msg"] for error in caught.value.errors()}
