"""The security audit log: which command causes an event, and who runs it."""

from importlib import import_module
from multiprocessing import Process
from typing import NoReturn

import click
import pytest

from .conftest import PACKAGE

audit_log = import_module(f"{PACKAGE}.audit_log")


def test_operator_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(uid: int) -> NoReturn:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", fail)
    monkeypatch.setattr("os.getuid", lambda: 4711)

    assert audit_log.system_user() == "4711"


def test_workers_of_the_server_are_no_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    with click.Context(click.Command("serve"), info_name="serve"):
        assert audit_log.operator()["command"] == "serve"
        monkeypatch.setattr(audit_log, "parent_process", Process)
        assert audit_log.operator() == {}
