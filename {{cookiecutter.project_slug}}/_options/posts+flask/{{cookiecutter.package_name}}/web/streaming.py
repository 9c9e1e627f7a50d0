"""Streaming responses of newline-delimited JSON: https://github.com/ndjson/ndjson-spec."""

from collections.abc import Iterator

from flask import Response


class LinesResponse(Response):
    """A streaming response with one JSON document per line."""

    default_mimetype = "application/x-ndjson"

    def iter_encoded(self) -> Iterator[bytes]:
        """Yield the lines; after an error, end with a line of invalid JSON.

        Clients detect a truncated stream by it, because servers end the response as if it were complete.
        """
        try:
            yield from super().iter_encoded()
        except Exception:
            yield b"{"
            raise
