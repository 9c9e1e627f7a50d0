"""The variants as fixtures, and what the terminal shows of them."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.support.environments import interpreters
from tests.support.rendering import Workplace
from tests.support.report import Report
from tests.support.variants import Variant, behavioural, behavioural_choices, cosmetic


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--variant", default="", help='only what concerns these answers: "framework=flask"')


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "check(name): the column of the final table that a test of variants belongs to")
    config.addinivalue_line("markers", 'variants(answers): which variants a test is about: "auth=accounts"')
    wanted = config.getoption("--variant")
    if not any(variant.has(wanted) for variant in behavioural()):
        offered = ", ".join(f"{question}={'|'.join(answers)}" for question, answers in behavioural_choices().items())
        raise pytest.UsageError(f"no variant has {wanted}; there are {offered}")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(config), "report of variants")


def pytest_report_header() -> str:
    return f"generated suites run on {', '.join(f'{python} ({path})' for python, path in interpreters().items())}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    about = metafunc.definition.get_closest_marker("variants")
    for fixture, variants in (("variant", behavioural), ("cosmetic_variant", cosmetic)):
        if fixture in metafunc.fixturenames:
            chosen = [
                pytest.param(variant, marks=() if is_quick(variant) else pytest.mark.slow)
                for variant in variants()
                if about is None or variant.has(about.args[0])
            ]
            # Wider than a test, so that what is made for a variant can serve all tests of a module.
            metafunc.parametrize(fixture, chosen, ids=Variant.name, scope="module")


def is_quick(variant: Variant) -> bool:
    """Tell whether a variant is part of the quick tests: everything on, on the database that starts at once."""
    return variant.has("database=sqlite,example=posts,auth=accounts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, lest a worker waits at the end; leave out what `--variant` does not ask for."""
    items.sort(key=lambda item: check_of(item) != "suite")
    if wanted := config.getoption("--variant"):
        others = [item for item in items if not any(variant.has(wanted) for variant in variants_of(item))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def check_of(item: pytest.Item) -> str | None:
    """Return the column of the final table that a test belongs to, if any."""
    marker = item.get_closest_marker("check")
    return marker.args[0] if marker else None


def variants_of(item: pytest.Item) -> list[Variant]:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return [value for value in parameters.values() if isinstance(value, Variant)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tell the report which variant a test is about, and which check it is part of."""
    if check := check_of(item):
        for variant in variants_of(item):
            item.user_properties += [("variant", variant.name()), ("check", check)]


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path / "workplace")


@pytest.fixture(scope="session")
def render_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Variant], Path]:
    """Renders a variant when it is first asked for; no test may change what it gives."""

    @cache
    def render(variant: Variant) -> Path:
        return Workplace(tmp_path_factory.mktemp("variant") / "workplace").render(**variant.answers)

    return render


@pytest.fixture(scope="module")
def rendered(variant: Variant, render_once: Callable[[Variant], Path]) -> Path:
    """The variant's files, rendered once; not to be changed."""
    return render_once(variant)


@pytest.fixture
def project(rendered: Path, tmp_path: Path) -> Path:
    """A copy of the variant's files, to run and to change."""
    return shutil.copytree(rendered, tmp_path / "my-service")
