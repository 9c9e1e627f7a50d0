# mypy: ignore-errors
"""The app of a FastAPI project, with a route that takes its time and one that reads a body."""

import asyncio
from typing import Annotated, Any

from fastapi import Body
from my_service import create_app

app = create_app()


@app.get("/slow")
async def slow() -> dict[str, str]:
    await asyncio.sleep(2)
    return {"status": "ok"}


@app.post("/length")
async def length(body: Annotated[Any, Body()]) -> dict[str, int]:
    return {"length": len(body)}
