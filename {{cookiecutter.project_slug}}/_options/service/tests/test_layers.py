"""The layers of the package: a module imports its own layer and lower ones.

From another domain, a module imports only the service and the models, in one direction. Imports for types, below
`if TYPE_CHECKING`, are free.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from .support.settings import PACKAGE

ROOT = Path(__file__).parents[1] / PACKAGE
# From the lowest to the highest. A folder that is not listed is a domain.
LAYERS = [
    "metadata",
    "validators",
    "settings of options",
    "config",
    "observability",
    "cli.settings",
    "web",
    "openapi",
    # {% if "database" in cookiecutter.__facts %}
    "database",
    # {% endif %}
    # {% if "jobs" in cookiecutter.__facts %}
    "jobs",
    # {% endif %}
    # {% if "mail" in cookiecutter.__facts %}
    "mail",
    # {% endif %}
    # {% if "accounts" in cookiecutter.__facts %}
    "accounts",
    # {% endif %}
    "identity",
    "domains",
    # {% if "jobs" in cookiecutter.__facts %}
    "background",
    # {% endif %}
    # {% if "html" in cookiecutter.__facts %}
    "pages",
    # {% endif %}
    "api",
    "cli",
]


@cache
def modules() -> tuple[str, ...]:
    """Return the names of all modules of the package, relative to the package."""
    paths = (path.relative_to(ROOT).with_suffix("") for path in ROOT.rglob("*.py"))
    return tuple(sorted(".".join(path.parts).removesuffix(".__init__") for path in paths))


def get_layer(module: str) -> str:
    """Return the layer that a module belongs to."""
    folder, _, name = module.partition(".")
    if module in ("__init__", "__main__"):
        return "cli"
    if module in LAYERS:
        return module
    if name.endswith("settings"):
        return "settings of options"
    return folder if folder in LAYERS else "domains"


def imported_modules(module: str) -> Iterator[str]:
    """Yield the modules of the package that a module imports."""
    path = ROOT.joinpath(*module.split("."))
    is_package = path.is_dir()
    source = path / "__init__.py" if is_package else path.with_suffix(".py")
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in relative_imports(source.read_text(encoding="utf-8")):
        above = package[: len(package) - node.level + 1]
        target = [*above, *(node.module or "").split(".")] if node.module else above
        for alias in node.names:
            names = [".".join([*target, alias.name]), ".".join(target) or "__init__"]
            yield next(name for name in names if name in modules())


def relative_imports(source: str) -> list[ast.ImportFrom]:
    """Return the relative imports of a source that are executed: those for types are not."""
    nodes = list(ast.walk(ast.parse(source)))
    types = {
        each
        for node in nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for each in node.body
    }
    return [
        node
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.level and node not in types
    ]


def is_domain(folder: str) -> bool:
    """Return whether a folder of the package is a domain: either not a layer, or with a service."""
    return folder not in LAYERS or ROOT.joinpath(folder, "service.py").exists()


def import_errors(module: str, imported: str) -> Iterator[str]:
    """Yield a message if an import is not allowed."""
    own, other = get_layer(module), get_layer(imported)
    if LAYERS.index(own) < LAYERS.index(other):
        yield f"{module} ({own}) imports {imported} ({other})"
    folder, (other_folder, _, name) = module.partition(".")[0], imported.partition(".")
    is_of_another_domain = own == "domains" and folder != other_folder and is_domain(other_folder)
    if is_of_another_domain and "." in imported and name not in ("service", "models"):
        yield f"{module} imports {imported}: import only the service and the models of another domain"


def check_directions(imports: Sequence[tuple[str, str]]) -> None:
    """Raise CycleError if a domain imports another one that imports it, directly or through others."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for module, imported in imports:
        folder, other = module.partition(".")[0], imported.partition(".")[0]
        if folder != other and is_domain(folder) and is_domain(other):
            order.add(folder, other)
    order.prepare()


@pytest.mark.parametrize("module", modules())
def test_module_imports_only_allowed_modules(module: str) -> None:
    assert [
        error for imported in imported_modules(module) for error in import_errors(module, imported)
    ] == []


@pytest.mark.parametrize(
    ("module", "imported", "is_error"),
    [
        ("web.health", "about.service", True),
        ("about.service", "web.schemas", False),
        ("about.service", "orders.service", False),
        ("about.service", "orders.models", False),
        ("about.service", "orders.queries", True),
        ("orders.models", "orders.service", False),
        ("orders.service", "api", True),
        ("config", "orders.settings", False),
        ("orders.settings", "config", True),
    ],
)
def test_only_disallowed_imports_are_errors(module: str, imported: str, is_error: bool) -> None:
    assert any(import_errors(module, imported)) is is_error


def test_domains_import_each_other_in_one_direction() -> None:
    check_directions(
        [(module, imported) for module in modules() for imported in imported_modules(module)]
    )


def test_domains_that_import_each_other_are_an_error() -> None:
    imports = [("orders.service", "customers.service"), ("customers.models", "items.models")]

    check_directions(imports)
    with pytest.raises(CycleError):
        check_directions([*imports, ("items.service", "orders.models")])


def test_imports_for_types_are_free() -> None:
    source = """
from ..web.schemas import Schema
if TYPE_CHECKING:
    from ..orders.models import Order
if DEBUG:
    from ..web import health
"""
    assert [node.module for node in relative_imports(source)] == ["web.schemas", "web"]
