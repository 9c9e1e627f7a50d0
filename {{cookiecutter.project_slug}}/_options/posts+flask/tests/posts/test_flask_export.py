"""Failed exports in Flask."""

from collections.abc import Iterator

import pytest

from {{ cookiecutter.package_name }}.web import streaming as ndjson


def fail_after_a_line() -> Iterator[bytes]:
    yield b"{}\n"
    raise RuntimeError("after the first line")


def test_failed_stream_is_detectably_incomplete() -> None:
    received: list[bytes] = []

    with pytest.raises(RuntimeError, match="after the first line"):
        received.extend(ndjson.LinesResponse(fail_after_a_line()).iter_encoded())

    assert b"".join(received) == b"{}\n{"
