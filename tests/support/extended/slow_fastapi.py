# mypy: ignore-errors
"""The service of a project with endpoints that take their time."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import StreamingResponse
from my_service import create_app

router = APIRouter(include_in_schema=False)


@router.get("/slow")
async def wait(seconds: float) -> float:
    """Answer after some time."""
    await asyncio.sleep(seconds)
    return seconds


@router.get("/slow-thread")
def wait_in_a_thread(seconds: float) -> float:
    """Answer after some time, for which a thread is busy."""
    time.sleep(seconds)
    return seconds


@router.get("/stream")
async def stream(seconds: int) -> StreamingResponse:
    """Send a line every half second."""

    async def lines() -> AsyncIterator[str]:
        for number in range(seconds * 2):
            yield f"{number}\n"
            await asyncio.sleep(0.5)
        yield "end\n"

    return StreamingResponse(lines())


@router.post("/upload")
async def upload(request: Request) -> int:
    """Take a body in parts; answer its length."""
    length = 0
    async for part in request.stream():
        length += len(part)
    return length


@router.post("/background", status_code=202)
async def begin(path: str, seconds: float, tasks: BackgroundTasks) -> None:
    """Write a file some time after the answer."""

    async def work() -> None:
        await asyncio.sleep(seconds)
        Path(path).write_text("done")

    tasks.add_task(work)


app = create_app()
app.include_router(router)
