"""Fixtures of the tests of mail."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from pydantic import SecretStr
from sqlalchemy import delete
from sqlalchemy.orm import Session

from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database.engine import command_engine
from {{ cookiecutter.package_name }}.jobs.models import Job

from ..jobs.table import JobTable
from ..support.databases import make_database


@pytest.fixture(scope="package")
def database_url() -> SecretStr:
    return make_database("mail")


@pytest.fixture
def settings(settings: Settings, database_url: SecretStr, tmp_path: Path) -> Settings:
    changes = {
        "database_url": database_url,
        "mail_url": SecretStr(f"file:{tmp_path}/mail"),
        "mail_from": "My Service <no-reply@example.com>",
    }
    return settings.model_copy(update=changes)


@pytest.fixture
def table(settings: Settings) -> Iterator[JobTable]:
    """Yield the table of jobs, which is empty."""
    engine = command_engine(settings)
    with Session(engine) as session, session.begin():
        session.execute(delete(Job))
    yield JobTable(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Return a certificate authority that clients of this process trust."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority


def certificate_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Return the context of a server that has a certificate for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
