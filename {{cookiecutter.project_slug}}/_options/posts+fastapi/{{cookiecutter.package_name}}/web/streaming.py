"""Streaming responses of newline-delimited JSON: https://github.com/ndjson/ndjson-spec."""

from fastapi.responses import StreamingResponse


class LinesResponse(StreamingResponse):
    """A streaming response with one JSON document per line."""

    media_type = "application/x-ndjson"
