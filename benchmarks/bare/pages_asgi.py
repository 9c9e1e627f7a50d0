# mypy: ignore-errors
"""FastAPI with nothing around it: a page of posts, rendered by hand in sessions of SQLAlchemy."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated
from uuid import UUID

import jinja2
from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from handwritten import OPTIONS, URL, PageQuery, next_cursor, select_page
from pages import GLOBALS, LOADER
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

app = FastAPI()
engine = create_async_engine(URL, **OPTIONS)
environment = jinja2.Environment(
    loader=LOADER, autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)
environment.globals.update(
    GLOBALS,
    url_for=lambda name, **variables: app.url_path_for(name, **variables),
    get_flashed_messages=list,
)
templates = Jinja2Templates(env=environment)


@app.get("/api/v1/about")
async def about() -> dict[str, str]:
    return {}


@app.get("/", name="pages.home")
async def home() -> dict[str, str]:
    return {}


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


@app.get("/posts", name="pages.posts.list_posts")
async def list_posts(request: Request, query: Annotated[PageQuery, Query()], session: SessionDep) -> HTMLResponse:
    posts = (await session.scalars(select_page(query))).all()
    page = SimpleNamespace(items=posts[: query.limit], next=next_cursor(posts, query))
    context = {"page": page, "is_later": query.cursor is not None}
    return templates.TemplateResponse(request, "posts/list.html", context)


@app.get("/posts/new", name="pages.posts.new_post")
async def new_post() -> dict[str, str]:
    return {}


@app.get("/posts/{post_id}", name="pages.posts.read_post")
async def read_post(post_id: UUID) -> dict[str, str]:
    return {}
