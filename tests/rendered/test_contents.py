"""What the files of all combinations hold, each different content looked at once."""

import ast
import json
import re
import subprocess
import tomllib
from functools import cache
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from posixpath import normpath
from xml.etree import ElementTree

import yaml
from jinja2 import Environment as JinjaEnvironment
from mako.template import Template as MakoTemplate  # type: ignore[import-untyped]  # it has no types
from validate_pyproject import api as metadata

from tests.support.documentation import anchors, blocks, headings, links, patched
from tests.support.every_combination import contents, contents_of, renders, spanning, where, write
from tests.support.rendering import BIN
from tests.support.template import Files


def test_nothing_of_the_template_language_is_left() -> None:
    # Recipes show templates of Flask and of mail, and workflows of GitHub have expressions of their own.
    foreign = re.compile(r"^```(?:html|jinja) .*?^```|\$\{\{ [\w.]+ \}\}", re.DOTALL | re.MULTILINE)
    # Templates of pages and of mail are Jinja's.
    templates = re.compile(r"my_service/\w+/templates/")
    texts = {each: foreign.sub("", each.text) for each in contents() if not templates.match(each.path)}
    left = [each for each in texts if re.search(r"\{\{|\{%|\{#|cookiecutter", f"{each.path}\n{texts[each]}")]

    assert [where(each) for each in left] == []


def test_lines_end_as_they_should() -> None:
    wrong = []
    for each in contents():
        has_blank_lines = each.path.endswith((".py", ".mako"))  # ruff knows better, and mako makes Python
        # Nor does a page decide about the code that it shows.
        prose = re.sub(r"^```.*?^```", "```", each.text, flags=re.DOTALL | re.MULTILINE)
        is_right = (
            each.text.endswith("\n")
            and not each.text.endswith("\n\n")
            and not re.search(r"[ \t\r]$", each.text, re.MULTILINE)
            and (has_blank_lines or "\n\n\n" not in prose)
        )
        # Licences have their own form, and an empty module is empty.
        if not is_right and each.path != "LICENSE" and each.text:
            wrong.append(where(each))

    assert wrong == []


def test_files_parse() -> None:
    parsers = {
        ".html": JinjaEnvironment().parse,
        ".json": json.loads,
        ".mako": MakoTemplate,
        ".py": ast.parse,
        ".svg": ElementTree.fromstring,
        ".toml": tomllib.loads,
        ".txt": JinjaEnvironment().parse,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    unparsed = {"", ".css", ".md", ".example"}

    for each in contents():
        suffix = PurePosixPath(each.path).suffix
        assert suffix in unparsed | set(parsers), f"{each.path} is of a kind that no test parses"
        if suffix in parsers:
            try:
                parsers[suffix](each.text)
            except Exception as error:
                raise AssertionError(where(each)) from error


def test_style_needs_no_change(tmp_path: Path) -> None:
    for variant in spanning():
        write(renders()[variant], tmp_path / variant.name())

    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [BIN / "ruff", *command, "--quiet", "--no-cache", tmp_path], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_project_metadata_follow_their_schema() -> None:
    validate = metadata.Validator()

    for each in contents_of("pyproject.toml"):
        assert validate(tomllib.loads(each.text)), where(each)


def test_imports_lead_to_modules_that_are_there() -> None:
    missing = set()
    for variant, files in renders().items():
        for path, text in files.items():
            for name in imports_of(path, text) if path.endswith(".py") else ():
                if not is_there(name, files):
                    missing.add(f"{path} imports {'.'.join(name)} with {variant.name()}")

    assert missing == set()


@cache
def imports_of(path: str, text: str) -> list[tuple[str, ...]]:
    """Return what a module of the project imports from the project, as the parts of its dotted name."""
    found: list[tuple[str, ...]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            base = PurePosixPath(path).parts[: -node.level] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            if module[0] in ("my_service", "tests"):
                found += [module] if node.module else [(*module, name.name) for name in node.names]
    return found


def is_there(name: tuple[str, ...], files: Files) -> bool:
    """Return whether a project has a module or a package, or the name in its package."""
    path, package = "/".join(name), "/".join(name[:-1])
    return f"{path}.py" in files or exists(path, files) or name[-1] in names_of(files.get(f"{package}/__init__.py", ""))


@cache
def names_of(text: str) -> set[str]:
    """Return the names that a module defines."""
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_links_lead_to_files_that_are_there() -> None:
    broken = set()
    for variant, files in renders().items():
        for path in files:
            for target in links(files[path]) if path.endswith(".md") else ():
                if not exists(normpath(f"{folder_of(path)}/{target}".lstrip("/")), files):
                    broken.add(f"{path} links to {target} with {variant.name()}")
            for target, anchor in anchors(files[path]) if path.endswith(".md") else ():
                if target.endswith(".md") and anchor not in headings(files[target]):
                    broken.add(f"{path} links to #{anchor} of {target} with {variant.name()}")

    assert broken == set()


def test_changes_of_recipes_can_be_applied() -> None:
    checked: set[tuple[str, str]] = set()
    for files in renders().values():
        # A recipe may continue another one, and change its files.
        created: dict[str, str] = {}
        for block in blocks(files.get("docs/recipes.md", "")):
            path = block.attributes.get("file", "")
            text = files.get(path, created.get(path, ""))
            if block.language != "diff":
                created[path] = block.text
            elif (block.text, text) not in checked:
                assert patched(text, block.text) != text
                checked.add((block.text, text))

    assert checked


def test_readme_shows_the_layout_as_it_is() -> None:
    seen = set()
    for variant, files in renders().items():
        modules = frozenset(path for path in files if is_shown_in_the_layout(path))
        if (files["README.md"], modules) not in seen:
            seen.add((files["README.md"], modules))
            shown = layout(files["README.md"])
            assert {path for path in shown if not exists(path, files)} == set(), variant.name()
            # Below the root of the package, it is enough that the folder is shown.
            hidden = {path for path in modules - set(shown) if folder_of(path) not in {*shown} - {"my_service"}}
            assert hidden == set(), variant.name()


def is_shown_in_the_layout(path: str) -> bool:
    is_module = path.endswith(".py") and not path.startswith(("tests/", "migrations/"))
    return is_module and (path.count("/") < 2 or not path.endswith("/__init__.py"))


def layout(readme: str) -> list[str]:
    """Return the paths of the tree that a README shows."""
    (tree,) = [block.text for block in blocks(readme) if not block.language]
    folders: list[str] = []
    paths = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.match(r" *([^\s,]+(?:, [^\s,]+)*)", line)
        assert names, line
        for name in names[1].split(", "):
            path = "".join([*folders[:depth], name])
            paths.append(path.rstrip("/"))
            if name.endswith("/"):
                folders[depth:] = [name]
    return paths


def exists(path: str, files: Files) -> bool:
    return path in files or any(each.startswith(f"{path}/") for each in files)


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def test_readme_shows_the_settings_as_they_are() -> None:
    for variant, files in renders().items():
        rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| (.*?) ?\|", files["README.md"], re.MULTILINE)
        shown = {
            name: default
            for names, defaults in rows
            for name, default in zip_longest(
                re.findall(r"`(.+?)`", names), re.findall(r"`(.+?)`", defaults), fillvalue=""
            )
        }
        assert shown == settings(files), variant.name()


def settings(files: Files) -> dict[str, str]:
    return dict(re.findall(r"^# ([A-Z_]+)=(.*)$", files.get(".env.example", ""), re.MULTILINE))


def test_makefile_defines_what_it_names() -> None:
    for each in contents_of("Makefile"):
        explained = re.findall(r"^([a-z-]+):.* ## ", each.text, re.MULTILINE)
        declared = " ".join(re.findall(r"^\.PHONY: (.*)$", each.text, re.MULTILINE))
        assert sorted(declared.split()) == sorted(explained), f"{where(each)}: each target is declared and explained"
        defined = re.findall(r"(?:^|: )([A-Z_]+) [:?]?= ", each.text, re.MULTILINE)
        assert set(re.findall(r"\$\(([A-Z_]+)\)", each.text)) == {*defined, "MAKE"}, where(each)
