"""What Flask leaves to the application when an export fails."""

from collections.abc import Iterator

import pytest

from {{ cookiecutter.package_name }}.web import streaming as ndjson


def fail_after_a_line() -> Iterator[bytes]:
    yield b"{}\n"
    raise RuntimeError("in the middle of it")


def test_stream_that_fails_does_not_look_complete() -> None:
    received: list[bytes] = []

    with pytest.raises(RuntimeError, match="in the middle of it"):
        received.extend(ndjson.LinesResponse(fail_after_a_line()).iter_encoded())

    assert b"".join(received) == b"{}\n{"
