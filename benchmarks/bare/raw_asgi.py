# mypy: ignore-errors
"""FastAPI with nothing around it: posts, read with asyncpg and its pool; what no framework for databases reaches."""

import os
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Request
from handwritten import PageQuery, PostPage, PostRead, next_cursor

COLUMNS = "id, slug, title, body, owner, published_at, created_at, updated_at"
ONE = f"SELECT {COLUMNS} FROM posts WHERE id = $1"
PAGE = f"SELECT {COLUMNS} FROM posts ORDER BY created_at DESC, id DESC LIMIT $1"


@asynccontextmanager
async def lifespan(app):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/posts/{post_id}")
async def read_post(post_id: UUID, request: Request) -> PostRead:
    row = await request.app.state.pool.fetchrow(ONE, post_id)
    if row is None:
        raise HTTPException(404)
    return PostRead.model_validate(dict(row))


@app.get("/api/v1/posts")
async def list_posts(request: Request, limit: int = 20) -> PostPage:
    rows = await request.app.state.pool.fetch(PAGE, limit + 1)
    posts = [PostRead.model_validate(dict(row)) for row in rows]
    return PostPage(items=posts[:limit], next=next_cursor(posts, PageQuery(limit=limit)))
