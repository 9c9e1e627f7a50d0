# mypy: ignore-errors
"""Flask with nothing around it: a page of posts, rendered by hand in sessions of SQLAlchemy."""

from types import SimpleNamespace

from flask import Flask, render_template, request
from handwritten import OPTIONS, URL, PageQuery, next_cursor, select_page
from my_service.cli.wsgi_to_asgi import WsgiToAsgi
from pages import GLOBALS, LOADER
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

app = Flask(__name__)
app.secret_key = "only for this benchmark"
app.jinja_loader = LOADER
app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
app.jinja_env.globals.update(GLOBALS)
engine = create_engine(URL, **OPTIONS)


@app.get("/api/v1/about")
def about():
    return {}


@app.get("/posts", endpoint="pages.posts.list_posts")
def list_posts():
    query = PageQuery.model_validate(request.args.to_dict())
    with Session(engine) as session:
        posts = session.scalars(select_page(query)).all()
        page = SimpleNamespace(items=posts[: query.limit], next=next_cursor(posts, query))
        return render_template("posts/list.html", page=page, is_later=query.cursor is not None)


@app.get("/", endpoint="pages.home")
def home():
    return {}


@app.get("/posts/new", endpoint="pages.posts.new_post")
def new_post():
    return {}


@app.get("/posts/<uuid:post_id>", endpoint="pages.posts.read_post")
def read_post(post_id):
    return {}


asgi = WsgiToAsgi(app, threads=8, body_limit=lambda path: 1048576)
