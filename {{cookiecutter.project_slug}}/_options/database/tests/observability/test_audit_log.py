"""The security audit log: the command and the operator of an event."""

from typing import NoReturn

import click
import pytest

from {{ cookiecutter.package_name }}.observability import audit_log


def test_operator_without_a_user_name_is_the_user_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(uid: int) -> NoReturn:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", fail)
    monkeypatch.setattr("os.getuid", lambda: 4711)

    assert audit_log.system_user() == "4711"


def test_requests_have_no_operator() -> None:
    with click.Context(click.Command("serve"), info_name="serve"):
        assert audit_log.operator() == {}
        audit_log.record_operator()
        assert audit_log.operator()["command"] == "serve"
    assert audit_log.operator() == {}
