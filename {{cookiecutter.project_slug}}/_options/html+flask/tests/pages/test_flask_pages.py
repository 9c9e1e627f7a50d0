"""Pages of Flask, as its documentation describes them."""

import httpx2
from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from {{ cookiecutter.package_name }}.metadata import NAME

from ..support.framework import App

bp = Blueprint("visits", __name__, url_prefix="/visits")


@bp.get("/")
def count() -> str:
    session["visits"] = session.get("visits", 0) + 1
    return f"visit {session['visits']}"


@bp.post("/")
def greet() -> ResponseReturnValue:
    flash("Welcome <b>back</b>")
    return redirect(url_for("pages.home"))


@bp.get("/home")
def show() -> str:
    return render_template("home.html")


def test_session_flash_and_templates_work_as_documented(app: App, browser: httpx2.Client) -> None:
    app.register_blueprint(bp)

    assert [browser.get("/visits/").text for _ in range(2)] == ["visit 1", "visit 2"]
    assert browser.post("/visits/").headers["Location"] == "/"
    page = browser.get("/visits/home")
    assert f"<h1>{NAME}</h1>" in page.text
    assert "Welcome &lt;b&gt;back&lt;/b&gt;" in page.text
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
