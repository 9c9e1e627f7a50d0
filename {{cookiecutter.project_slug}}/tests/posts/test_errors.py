"""What errors of the database mean for posts."""

from importlib import import_module

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..conftest import PACKAGE

exceptions = import_module(f"{PACKAGE}.posts.exceptions")


def test_faster_writer_has_changed_it() -> None:
    with pytest.raises(exceptions.PreconditionFailed), exceptions.explained():
        raise StaleDataError


def test_other_constraints_are_not_about_the_slug() -> None:
    error = IntegrityError("", {}, Exception("NOT NULL constraint failed: posts.title"))

    with pytest.raises(IntegrityError), exceptions.explained():
        raise error
