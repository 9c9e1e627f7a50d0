"""The job that deletes expired logins."""

from uuid import uuid4

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from {{ cookiecutter.package_name }}.accounts.jobs import BATCH, delete_expired_logins
from {{ cookiecutter.package_name }}.accounts.models import Login, User
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.base import now
from {{ cookiecutter.package_name }}.jobs.worker import Worker

from ..support.databases import make_database


def test_expired_logins_are_deleted(settings: Settings) -> None:
    url = make_database("logins")
    engine = create_engine(url.get_secret_value())
    with Session(engine) as session, session.begin():
        user = User(id=uuid4(), email="alice@example.com", password_hash="x")
        session.add(user)
        session.flush()
        session.add_all(Login(user_id=user.id, expires_at=now()) for _ in range(BATCH + 1))
        session.add(delete_expired_logins.make_job())

    Worker(settings.model_copy(update={"database_url": url}), [delete_expired_logins]).drain()

    with Session(engine) as session:
        assert session.scalars(select(Login)).all() == []
    engine.dispose()
