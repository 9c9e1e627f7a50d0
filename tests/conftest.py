"""The rows of the suite as fixtures, what is left out of a run, and what the terminal shows."""

import shutil
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path

import pytest
from pytest_cookies.plugin import Cookies

from tests.support.interpreters import interpreters
from tests.support.programs import REQUIREMENTS, ProgramTests
from tests.support.rendering import Workplace
from tests.support.report import Report
from tests.support.results import Results, check_of, variants_of
from tests.support.variants import Variant, behavioural, parameters, rotation, rows


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--variant", default="", help='only what concerns these answers: "framework=flask,python=3.12"')
    parser.addoption("--rotation", type=int, help="execute more rows, chosen by a number such as that of the week")
    parser.addoption("--extensions", action="store_true", help="only the extensions, with their newest versions")
    parser.addoption("--all-variants", action="store_true", help="execute every combination in place of the rows")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "check(name): the column of the final table that a test of variants belongs to")
    config.addinivalue_line(
        "markers", 'variants(wanted): the rows of a test: "auth=accounts", or a function that gives them'
    )
    config.addinivalue_line("markers", "twin: the test also concerns the same answers for the other framework")
    wanted = config.getoption("--variant")
    if not any(variant.has(wanted) for variant in executed(config)):
        offered = ", ".join(f"{question}={'|'.join(answers)}" for question, answers in parameters().items())
        raise pytest.UsageError(f"no row has {wanted}; there are {offered}, and --all-variants has every combination")
    for requirement in REQUIREMENTS:
        config.pluginmanager.register(ProgramTests(requirement), f"tests with the marker {requirement.marker}")
    results = Results()
    config.pluginmanager.register(results, "results by content")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(config, results), "report of variants")


def executed(config: pytest.Config) -> list[Variant]:
    """Return the rows of this run."""
    if config.getoption("--all-variants"):
        others = [
            variant for variant in behavioural() if not any(set(variant.pairs) <= set(row.pairs) for row in rows())
        ]
        return [*rows(), *others]
    number = config.getoption("--rotation")
    return [*rows(), *(rotation(number) if number is not None else [])]


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Run one process more than there are cores: the tests wait for servers a quarter of their time."""
    return (yield) + 1


def pytest_report_header() -> str:
    return f"generated suites run on {', '.join(f'{python} ({path})' for python, path in interpreters().items())}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "variant" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("variants")
    about = marker.args[0] if marker else ""
    chosen = [
        pytest.param(variant, marks=() if is_quick(variant) else pytest.mark.slow)
        for variant in executed(metafunc.config)
        if (variant.has(about) if isinstance(about, str) else variant in about())
    ]
    # Wider than a test, so that what is made for a variant can serve all tests of a module.
    metafunc.parametrize("variant", chosen, ids=Variant.name, scope="module")


def is_quick(variant: Variant) -> bool:
    """Return whether a row is part of the quick tests: everything on, with the database that starts at once."""
    return variant.has("database=sqlite,example=posts,auth=accounts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, lest a worker waits at the end; leave out what was not asked for."""
    items.sort(key=lambda item: check_of(item) != "suite")
    if wanted := config.getoption("--variant"):
        others = [item for item in items if not any(variant.has(wanted) for variant in variants_of(item))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    wants_extensions = config.getoption("--extensions")
    others = [item for item in items if (item.get_closest_marker("extensions") is not None) != wants_extensions]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path / "workplace")


@pytest.fixture(scope="session")
def render_once(cookies_session: Cookies) -> Callable[[Variant], Path]:
    """Renders a variant when it is first asked for; no test may change what it gives."""

    @cache
    def render(variant: Variant) -> Path:
        result = cookies_session.bake(extra_context=variant.answers)
        if result.exception:
            raise result.exception
        return Path(result.project_path)

    return render


@pytest.fixture(scope="module")
def rendered(variant: Variant, render_once: Callable[[Variant], Path]) -> Path:
    """The variant's files, rendered once; not to be changed."""
    return render_once(variant)


@pytest.fixture
def project(rendered: Path, tmp_path: Path) -> Path:
    """A copy of the variant's files, to run and to change."""
    return shutil.copytree(rendered, tmp_path / "my-service")


@pytest.fixture
def twin(variant: Variant, render_once: Callable[[Variant], Path], tmp_path: Path) -> Path:
    """A copy of what the same answers give for the other framework."""
    return shutil.copytree(render_once(variant.twin()), tmp_path / "twin")
