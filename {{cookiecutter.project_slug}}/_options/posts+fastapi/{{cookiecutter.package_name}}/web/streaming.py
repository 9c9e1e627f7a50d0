"""Streams of JSON, one document a line: https://github.com/ndjson/ndjson-spec."""

from fastapi.responses import StreamingResponse


class LinesResponse(StreamingResponse):
    """A stream of JSON, one document a line."""

    media_type = "application/x-ndjson"
