"""Streams of JSON, one document a line: https://github.com/ndjson/ndjson-spec."""

from collections.abc import Iterator

from flask import Response


class LinesResponse(Response):
    """A stream of JSON, one document a line."""

    default_mimetype = "application/x-ndjson"

    def iter_encoded(self) -> Iterator[bytes]:
        """Give the lines, and a last one that is none where they have failed.

        Servers end a response that breaks off as if it were complete.
        """
        try:
            yield from super().iter_encoded()
        except Exception:
            yield b"{"
            raise
