# mypy: ignore-errors
"""Flask with nothing around it: posts, read by hand in sessions of SQLAlchemy."""

from flask import Flask, abort, request
from handwritten import OPTIONS, URL, PageQuery, Post, PostPage, PostRead, next_cursor, select_page
from my_service.cli.wsgi_to_asgi import WsgiToAsgi
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

app = Flask(__name__)
engine = create_engine(URL, **OPTIONS)


@app.get("/livez")
def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/v1/posts/<uuid:post_id>")
def read_post(post_id):
    with Session(engine) as session:
        post = session.get(Post, post_id)
        if post is None:
            abort(404)
        return json(PostRead.model_validate(post))


@app.get("/api/v1/posts")
def list_posts():
    query = PageQuery.model_validate(request.args.to_dict())
    with Session(engine) as session:
        posts = session.scalars(select_page(query)).all()
        return json(PostPage(items=posts[: query.limit], next=next_cursor(posts, query)))


def json(content):
    return app.response_class(content.model_dump_json(), mimetype="application/json")


asgi = WsgiToAsgi(app, threads=8, body_limit=lambda path: 1048576)
