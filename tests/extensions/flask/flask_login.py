# mypy: ignore-errors
from flask_login import current_user, login_required, login_user
from my_service.database.session import get_session
from my_service.login import User
from sqlalchemy import text

from .support.framework import client_for


def test_login_is_kept_in_the_session(app):
    @app.post("/login")
    def log_in():
        login_user(User("42"), remember=True)
        return {}

    @app.get("/me")
    @login_required
    def me():
        return {"id": current_user.id, "one": get_session().scalar(text("SELECT 1"))}

    with client_for(app) as client:
        client.base_url = "https://localhost"
        anonymous = client.get("/me")
        client.post("/login")
        known = client.get("/me")

    assert anonymous.status_code == 401
    assert anonymous.headers["Content-Type"] == "application/problem+json"
    assert known.json() == {"id": "42", "one": 1}
