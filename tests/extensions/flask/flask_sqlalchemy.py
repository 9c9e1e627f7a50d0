# mypy: ignore-errors
import pytest
from my_service.database.session import get_session
from my_service.legacy import Customer, db
from sqlalchemy import select, text

from .support.framework import client_for


@pytest.fixture(autouse=True)
def instance(app, tmp_path, monkeypatch):
    yield
    with app.app_context():
        db.drop_all()
        db.engine.dispose()


def test_both_sessions_work_in_one_request(app):
    with app.app_context():
        db.create_all()

    @app.post("/customers")
    def create():
        db.session.add(Customer(name="Ada"))
        db.session.commit()
        return {"posts": get_session().scalar(text("SELECT count(*) FROM posts"))}

    @app.get("/customers")
    def read():
        return {"names": list(db.session.scalars(select(Customer.name)))}

    with client_for(app) as client:
        assert client.post("/customers").json() == {"posts": 0}
        assert client.get("/customers").json() == {"names": ["Ada"]}


def test_error_rolls_back_both(app):
    with app.app_context():
        db.create_all()
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.post("/customers")
    def create():
        db.session.add(Customer(name="Ada"))
        db.session.flush()
        raise ZeroDivisionError

    @app.get("/customers")
    def read():
        return {"names": list(db.session.scalars(select(Customer.name)))}

    with client_for(app) as client:
        assert client.post("/customers").status_code == 500
        assert client.get("/customers").json() == {"names": []}
