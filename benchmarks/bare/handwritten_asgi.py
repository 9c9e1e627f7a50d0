# mypy: ignore-errors
"""FastAPI with nothing around it: posts, read by hand in sessions of SQLAlchemy."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query
from handwritten import OPTIONS, URL, PageQuery, Post, PostPage, PostRead, next_cursor, select_page
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

app = FastAPI()
engine = create_async_engine(URL, **OPTIONS)


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


@app.get("/api/v1/posts/{post_id}")
async def read_post(post_id: UUID, session: SessionDep) -> PostRead:
    post = await session.get(Post, post_id)
    if post is None:
        raise HTTPException(404)
    return post


@app.get("/api/v1/posts")
async def list_posts(query: Annotated[PageQuery, Query()], session: SessionDep) -> PostPage:
    posts = (await session.scalars(select_page(query))).all()
    return PostPage(items=posts[: query.limit], next=next_cursor(posts, query))
