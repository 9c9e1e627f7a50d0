"""The template, compiled once and rendered in this process: what cookiecutter writes, for any answers."""

from collections.abc import Mapping
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cookiecutter.utils import create_env_with_context
from jinja2 import Environment, FileSystemLoader, nodes

from tests.support.rendering import QUESTIONS, TEMPLATE, template_files

FOLDER = TEMPLATE / "{{cookiecutter.project_slug}}"
OPTIONS = "_options"

Files = dict[str, str]
Sources = dict[str, "Source"]


class Part:
    """A text of the template, compiled; it is rendered once for all answers that do not differ in what it reads."""

    def __init__(self, environment: Environment, source: str) -> None:
        self.template = environment.from_string(source)
        self.variables = variables_of(environment, source)
        self.rendered: dict[tuple[object, ...], str] = {}

    def render(self, context: Mapping[str, Any]) -> str:
        read = tuple(context[name] for name in (sorted(context) if self.variables is None else self.variables))
        key = tuple(map(str, read))
        if key not in self.rendered:
            self.rendered[key] = self.template.render(cookiecutter=context)
        return self.rendered[key]


class Copy:
    """A text that is the same for all answers."""

    def __init__(self, text: str) -> None:
        self.text, self.variables = text, list[str]()

    def render(self, context: Mapping[str, Any]) -> str:
        return self.text


def content_of(environment: Environment, path: Path) -> "Part | Copy":
    """Return the content of a file; cookiecutter copies some without rendering them."""
    text = path.read_text(encoding="utf-8")
    is_copied = any(fnmatch(str(path), pattern) for pattern in QUESTIONS["_copy_without_render"])
    return Copy(text) if is_copied else Part(environment, text)


def variables_of(environment: Environment, source: str) -> list[str] | None:
    """Return the answers and private variables that a text reads, or None if that can be any."""
    tree = environment.parse(source)
    read = [each for each in tree.find_all(nodes.Getattr) if each.node == nodes.Name("cookiecutter", "load")]
    names = [each for each in tree.find_all(nodes.Name) if each.name == "cookiecutter"]
    is_assembled = next(tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)), None)
    return None if is_assembled or len(names) != len(read) else sorted({each.attr for each in read})


class Source(NamedTuple):
    """A file of the template: where it is, and the templates of its name and of its content."""

    path: str
    name: Part
    content: Part | Copy


class CompiledTemplate:
    """All files and the derived variables of the template."""

    def __init__(self) -> None:
        environment = create_env_with_context({"cookiecutter": QUESTIONS})
        environment.loader = FileSystemLoader([FOLDER, TEMPLATE / "templates"])
        self.defaults = {
            name: default if isinstance(default, list | bool) else Part(environment, str(default))
            for name, default in QUESTIONS.items()
            if name.startswith("__") or not name.startswith("_")
            if name not in ("__prompts__", "__begin", "__facts")
        }
        self.facts = [Part(environment, fact) for fact in QUESTIONS["__facts"]]
        self.sources = [
            Source(name, Part(environment, name), content_of(environment, path))
            for path in template_files()
            for name in [path.relative_to(FOLDER).as_posix()]
        ]

    def context(self, answers: Mapping[str, str]) -> dict[str, Any]:
        """Return what the files are rendered from: answers, defaults and private variables."""
        context: dict[str, Any] = {}
        for name, default in self.defaults.items():
            if isinstance(default, Part):
                context[name] = answers[name] if name in answers else default.render(context)
            else:
                context[name] = answers.get(name, default[0] if isinstance(default, list) else default)
        context["__facts"] = [fact.render(context) for fact in self.facts]
        return context

    def render(self, answers: Mapping[str, str]) -> Files:
        """Return the contents of each file of a project, by its path."""
        context = self.context(answers)
        return {path: source.content.render(context) for path, source in self.chosen(context).items()}

    def chosen(self, context: Mapping[str, Any]) -> Sources:
        """Return the source of each file of a project, by its path, as the hook promotes it: over nothing."""
        chosen: Sources = {}
        for source in self.sources:
            path = promoted(source.name.render(context), set(context["__facts"]))
            if path in chosen:
                raise FileExistsError(f"{source.path} would overwrite {chosen[path].path}")
            if path:
                chosen[path] = source
        return chosen


def promoted(path: str, facts: set[str]) -> str | None:
    """Return where a file ends up, or None if the facts that its folder is named for do not all hold."""
    if not path.startswith(f"{OPTIONS}/"):
        return path
    _, condition, inside = path.split("/", 2)
    return inside if facts.issuperset(condition.split("+")) else None


@cache
def compiled() -> CompiledTemplate:
    """Return the template as it is now, compiled in this process."""
    return CompiledTemplate()
