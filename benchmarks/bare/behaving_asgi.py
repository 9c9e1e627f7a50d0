# mypy: ignore-errors
"""Starlette with nothing around it: views that show how a server behaves."""

import os
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

VERSION = "1"


def record(line):
    with Path(os.environ["RECORD"]).open("a") as file:
        file.write(f"{line}\n")


def seconds(request):
    return float(request.query_params["seconds"])


async def livez(request):
    return JSONResponse({"status": "ok", "version": VERSION})


async def slow(request):
    await anyio.sleep(seconds(request))
    return Response("slow")


async def length(request):
    try:
        body = await request.body()
    except ClientDisconnect:
        record("incomplete")
        return Response(status_code=400)
    record(f"complete {len(body)}")
    return Response(str(len(body)))


async def chunks(request):
    """Begin to read after a second, so that a server without backpressure buffers what comes in."""
    await anyio.sleep(1)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return Response(str(size))


async def lines(duration):
    record("begin")
    try:
        for number in range(round(duration * 10)):
            yield f"{number}\n"
            await anyio.sleep(0.1)
        yield "end\n"
    finally:
        record("end")


async def stream(request):
    return StreamingResponse(lines(seconds(request)))


async def later(request):
    return Response(status_code=202, background=BackgroundTask(finish_later, seconds(request)))


async def finish_later(duration):
    await anyio.sleep(duration)
    record("finished")


async def header(request):
    return Response(", ".join(request.headers.getlist(request.query_params["name"])))


app = Starlette(
    routes=[
        Route("/livez", livez),
        Route("/slow", slow),
        Route("/length", length, methods=["POST"]),
        Route("/chunks", chunks, methods=["POST"]),
        Route("/stream", stream),
        Route("/later", later, methods=["POST"]),
        Route("/header", header),
    ]
)
