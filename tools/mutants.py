"""Break the template in every way that is known, one at a time, and see the suite notice: `make mutants`.

The mutants are generated from the sources. One that the suite does not notice survives, is listed, and makes the exit
code 1.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.rendering import FRAMEWORKS, TEMPLATE

ROOT = TEMPLATE / "{{cookiecutter.project_slug}}"
# The tests of every combination and of the template itself, which run nothing that is rendered.
RENDERED = ["tests/rendered", "-k", "not row_is_rendered"]
ITSELF = ["tests/template", "tests/rendered", "tests/variants/test_rows.py", "-m", "not slow"]
REQUIREMENTS = ["tests/variants/test_code.py", "-k", "dependency_is_used or types_cover"]
SERVERS = ["tests/workflows/test_start_commands.py", "-k", "finds_the_application or reloads"]
TYPES = ["tests/variants/test_code.py", "-k", "types"]
DOCUMENTS = ["tests/variants/test_openapi.py", "-k", "same_document"]
SUITE = ["tests/variants/test_suite.py"]
RUNNING = ["tests/variants/test_edge.py", "tests/variants/test_openapi.py", "tests/variants/test_contract.py"]
SLOW = [
    *("tests/workflows/test_start_commands.py", "tests/template/test_any_answers.py"),
    *("tests/workflows/test_updates.py", "tests/workflows/test_fresh_machine.py"),
]
# A scheduled run takes one of so many parts.
PARTS = 8

# The tables of the package that decide what is answered, refused or repeated.
TABLES = [
    *("ASSETS", "DATABASE_ERRORS", "EXPOSED_HEADERS", "KNOWN_PARTS", "KNOWN_SECRETS", "METHODS", "ORDERS"),
    *("REQUIRED", "SECURITY_HEADERS", "TRANSIENT"),
]


class Mutant(NamedTuple):
    """A file of the template with something taken out."""

    name: str
    path: Path
    text: str
    is_behaviour: bool = False  # it changes what runs, not what is rendered
    condition: str = ""  # the tag that was taken out

    def stages(self) -> Iterator[list[str]]:
        """Give the tests to run: those first that are likely to notice, the slow ones for what the others let pass."""
        variants = [
            ",".join([f"framework={framework}", answers])
            for answers in self.answers()
            for framework in self.frameworks()
        ]
        yield from [RENDERED, ITSELF]
        if self.path.name == "pyproject.toml":
            yield from [REQUIREMENTS, SERVERS]
        if ROOT in self.path.parents:
            if self.path.suffix == ".py" and not self.is_behaviour:
                yield from ([*TYPES, "--variant", variant] for variant in variants)
            yield from ([*SUITE, "--variant", variant] for variant in variants)
            yield from ([*DOCUMENTS, "--variant", variant] for variant in variants)
        yield from [RUNNING, SLOW]

    def words(self) -> set[str]:
        """Return the facts that the folder of the file is named for, or that the tag asks for."""
        inside = self.path.relative_to(ROOT).parts if ROOT in self.path.parents else ()
        return {word for part in inside for word in part.split("+")} | set(self.condition.split('"'))

    def answers(self) -> list[str]:
        """Return those with nothing on that may have too much of the file, and those with everything on that have it."""
        words = self.words()
        database = "postgresql" if "postgresql" in words else "sqlite"
        auth = "none" if "anonymous" in words else "accounts"
        nothing = ["database=none", "database=sqlite,example=none,auth=none"] if self.is_too_much() else []
        return [*nothing, f"database={database},example=posts,auth={auth}"]

    def is_too_much(self) -> bool:
        """Tell whether it is something that is rendered although it was not chosen."""
        return self.name.endswith(": always")

    def frameworks(self) -> list[str]:
        return [framework for framework in FRAMEWORKS if framework in self.words()] or FRAMEWORKS


def mutants() -> Iterator[Mutant]:
    """Give every mutant, by kind."""
    yield from without_table_rows(TEMPLATE / "answers_for_cookiecutter_2" / "__init__.py", "RULES", "REQUIREMENTS")
    yield from without_escapes(TEMPLATE / "answers_for_cookiecutter_2" / "__init__.py")
    yield from without_facts(TEMPLATE / "cookiecutter.json")
    for path in sorted(path for path in ROOT.rglob("*") if path.is_file()):
        if path.name != "LICENSE" and "__pycache__" not in path.parts:
            yield from without_tags(path)
            if path.suffix == ".py" and "{{cookiecutter.package_name}}" in path.parts:
                for kind in (without_registrations(path), without_table_rows(path, *TABLES), without_validators(path)):
                    yield from (mutant._replace(is_behaviour=True) for mutant in kind)
            if path.suffix == ".py" and path.parent.name == "versions":
                yield from (mutant._replace(is_behaviour=True) for mutant in without_operations(path))
    for path in sorted(ROOT.rglob("pyproject.toml")):
        yield from without_dependencies(path)


def without_table_rows(path: Path, *tables: str) -> Iterator[Mutant]:
    """Take each element out of a list, tuple or dictionary that a module assigns to one of these names."""
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in tables:
            rows: list[tuple[ast.expr, ast.expr]] = []
            if isinstance(node.value, ast.Dict):
                rows = [(key, value) for key, value in zip(node.value.keys, node.value.values, strict=True) if key]
            elif isinstance(node.value, ast.List | ast.Tuple | ast.Set):
                rows = [(row, row) for row in node.value.elts]
            for number, (first, last) in enumerate(rows, 1):
                start, end = (
                    offset(text, first.lineno, first.col_offset),
                    offset(text, last.end_lineno, last.end_col_offset),
                )
                changed = joined(text[:start], text[end:])
                yield Mutant(f"{path.name}: {node.targets[0].id} without row {number}", path, changed)


def joined(before: str, after: str) -> str:
    """Join what is around an element, formatted as it was: nothing is to be noticed but that the element is missing."""
    after = re.sub(r"^\s*,", "", after)
    if after.startswith("\n"):
        return before.rstrip(" ") + after.removeprefix("\n")
    if after.startswith(" "):
        return before + after.lstrip(" ")
    return before.removesuffix(", ") + after


def offset(text: str, line: int | None, column: int | None) -> int:
    """Turn a position of `ast` (lines from 1, columns in bytes) into an index."""
    assert line is not None
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def without_escapes(path: Path) -> Iterator[Mutant]:
    """Take each replacement of `escaped`, and each character that `markdown` escapes, out of the filters."""
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(r"\.replace\((?:'.+?'|\".+?\"), (?:'.+?'|\".+?\")\)", text[text.index("def escaped") :]):
        yield Mutant(f"{path.name}: escaped without {found[0]}", path, text.replace(found[0], "", 1))
    (characters,) = re.findall(r're\.sub\(r"\[(.+)\]"', text)
    for character in re.findall(r"\\.|.", characters):
        changed = text.replace(characters, characters.replace(character, "", 1))
        yield Mutant(f"{path.name}: markdown without {character}", path, changed)


def without_facts(path: Path) -> Iterator[Mutant]:
    """Take each fact out of the list."""
    questions = json.loads(path.read_text(encoding="utf-8"))
    for number, fact in enumerate(questions["__facts"]):
        others = [*questions["__facts"][:number], "", *questions["__facts"][number + 1 :]]
        text = json.dumps(questions | {"__facts": others}, ensure_ascii=False, indent=2)
        yield Mutant(f"{path.name}: __facts without {fact}", path, text)


def without_tags(path: Path) -> Iterator[Mutant]:
    """Take each pair of control tags out: once without what is between them, once with it."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    opened = [number for number, line in enumerate(lines) if re.match(r" *# \{% if ", line)]
    for first in opened:
        last = next(number for number in range(first, len(lines)) if re.match(r" *# \{% endif ", lines[number]))
        where = f"{path.relative_to(ROOT)}:{first + 1}"
        always = "".join(lines[:first] + lines[first + 1 : last] + lines[last + 1 :])
        yield Mutant(f"{where}: always", path, always, condition=lines[first])
        without = "".join(lines[:first] + lines[last + 1 :])
        if not is_documentation(path, "".join(lines), without):
            yield Mutant(f"{where}: never", path, without, condition=lines[first])


def is_documentation(path: Path, text: str, without: str) -> bool:
    """Tell whether two texts differ in their paragraphs only: a missing one breaks nothing."""
    if path.suffix != ".py":
        return path.suffix == ".md"
    try:
        return ast.dump(undocumented(text)) == ast.dump(undocumented(without))
    except SyntaxError:  # the package's name has no spelling yet
        return False


def undocumented(text: str) -> ast.Module:
    """Parse a module, and take the contents out of its docstrings."""
    module = ast.parse(text)
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Pass()
    return module


REGISTERS = re.compile(
    r"@(router|bp|main)\."
    r"|\s*\w+(\.\w+)?\.(include_router|register_blueprint|add_command|init_app|add_middleware|add_api_route)\("
    r"|\s*(app|bp)\.(exception_handler|register_error_handler|before_request|after_request)\("
    r"|\s*(response\.headers\[.*\]|message\[.headers.\]|error\.headers) = "
    r"|\s*response\.headers\.update\("
)


def without_registrations(path: Path) -> Iterator[Mutant]:
    """Take each route, each response header, and whatever else is registered with an application, out of a module."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines):
        if REGISTERS.match(line):
            changed = "".join(lines[:number] + lines[number + 1 :])
            yield Mutant(f"{path.relative_to(ROOT)}:{number + 1}: without {line.strip()}", path, changed)


def without_validators(path: Path) -> Iterator[Mutant]:
    """Take each rule that settings follow out of their class."""
    text = path.read_text(encoding="utf-8") if path.name.endswith(("config.py", "settings.py")) else ""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.decorator_list and node.name.startswith("_"):
            changed = "".join(lines[: node.decorator_list[0].lineno - 1] + lines[node.end_lineno :])
            yield Mutant(f"{path.relative_to(ROOT)}: without {node.name}", path, changed)


def without_operations(path: Path) -> Iterator[Mutant]:
    """Take each operation out of a migration, up and down."""
    text = path.read_text(encoding="utf-8")
    for function in [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]:
        for node in function.body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                start = offset(text, node.lineno, node.col_offset)
                end = offset(text, node.end_lineno, node.end_col_offset)
                what = f"{function.name} without {text[start:end].split(',')[0]}"
                yield Mutant(f"{path.name}:{node.lineno}: {what}", path, f"{text[:start]}pass{text[end:]}")


def without_dependencies(path: Path) -> Iterator[Mutant]:
    """Take each requirement out of pyproject.toml."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines):
        if re.match(r'    "[a-z0-9-]+(\[\w+\])?(>=[^"]*)?",$', line.rstrip()):
            changed = "".join(lines[:number] + lines[number + 1 :])
            yield Mutant(f"{path.relative_to(ROOT)}:{number + 1}: without {line.strip()}", path, changed)


def killed_by(mutant: Mutant, *options: str) -> str | None:
    """Run the suite on a copy that holds the mutant; return the first test that fails, or None if it survives."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "template"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TEMPLATE, capture_output=True
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (TEMPLATE / name).exists():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(TEMPLATE / name, copy / name)
        (copy / ".cache").symlink_to(TEMPLATE / ".cache")
        commit(copy, "before")
        (copy / mutant.path.relative_to(TEMPLATE)).write_text(mutant.text, encoding="utf-8")
        commit(copy, "after")
        for stage in mutant.stages():
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pytest",
                    "-q",
                    "--tb=no",
                    "-p",
                    "no:cacheprovider",
                    "--all-variants",
                    *options,
                    *stage,
                ],
                cwd=copy,
                # Generated suites end with their first failure, too.
                env=os.environ | {"TMPDIR": folder, "PYTEST_ADDOPTS": "--exitfirst"},
                capture_output=True,
                text=True,
            )
            if done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED:
                raise RuntimeError(f"nothing tests {stage}")
            if done.returncode < 0:
                raise RuntimeError(
                    f"{stage} was ended by signal {-done.returncode}: that says nothing of {mutant.name}"
                )
            if done.returncode:
                failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
                return failed[1] if failed else done.stdout.strip().splitlines()[-1]
    return None


def commit(repository: Path, message: str) -> None:
    identity = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        [*identity, "commit", "--quiet", "--allow-empty", "-m", message],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)


def changed_since(revision: str) -> set[Path]:
    """Return the files that differ from those of a revision, new ones included; raise SystemExit if there is none."""
    commands = (["diff", "--name-only", "-z", revision], ["ls-files", "-z", "--others", "--exclude-standard"])
    names: list[str] = []
    for command in commands:
        done = subprocess.run(["git", *command], cwd=TEMPLATE, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr.strip())
        names += filter(None, done.stdout.split("\0"))
    return {TEMPLATE / name for name in names}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants", description="Break the template, one thing at a time."
    )
    parser.add_argument("names", nargs="*", metavar="name", help="only the mutants whose name holds one of these")
    parser.add_argument("--changed", metavar="REVISION", help="only those of files that have changed since a revision")
    parser.add_argument(
        "--part", type=int, metavar="NUMBER", help=f"only one of {PARTS} parts, such as that of the week"
    )
    parser.add_argument("--list", action="store_true", help="list the mutants and run nothing")
    arguments = parser.parse_args()
    chosen = [each for each in mutants() if not arguments.names or any(name in each.name for name in arguments.names)]
    if arguments.changed:
        changed = changed_since(arguments.changed)
        chosen = [each for each in chosen if each.path in changed]
    if arguments.part is not None:
        chosen = chosen[arguments.part % PARTS :: PARTS]
    if arguments.list:
        print("\n".join(mutant.name for mutant in chosen))
        return 0
    if not chosen:
        print("no mutant is of that kind")
        return 0
    started = time.monotonic()
    whole = TEMPLATE / "cookiecutter.json"
    unchanged = Mutant("the template as it is", whole, whole.read_text(encoding="utf-8"))
    if killer := killed_by(unchanged, "-n", "2"):
        print(f"{killer} fails without a mutant; nothing can be said of mutants until it passes", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = []
        for number, (mutant, killer) in enumerate(zip(chosen, pool.map(killed_by, chosen), strict=True), 1):
            print(f"[{number}/{len(chosen)}] {mutant.name}: {killer or 'SURVIVED'}", flush=True)
            survivors += [] if killer else [mutant.name]
    minutes = (time.monotonic() - started) / 60
    print(f"{len(chosen)} mutants, {len(survivors)} survived, {minutes:.1f} minutes")
    print("".join(f"survived: {name}\n" for name in survivors), end="")
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
