"""Render the template as its users do, and run what comes out."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

TEMPLATE = Path(__file__).parents[2]
QUESTIONS = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
FRAMEWORKS: list[str] = QUESTIONS["framework"]
LICENSES: list[str] = QUESTIONS["license"]
PROJECT = TEMPLATE / "{{cookiecutter.project_slug}}"
OPTIONS = PROJECT / "_options"
PACKAGE = "{{cookiecutter.package_name}}"
BIN = Path(sys.executable).parent


class Workplace:
    """A folder to render into, with a configuration of its own: neither reads nor writes the user's home."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "projects"
        self.output.mkdir(parents=True)
        self.config = root / "config.yaml"
        self.configure()
        self.environment = {
            "HOME": str(root),
            "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
            "COOKIECUTTER_CONFIG": str(self.config),
            "GIT_CONFIG_GLOBAL": str(root / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LANG": "C.UTF-8",
            "TMPDIR": str(root),
        }
        (root / "gitconfig").write_text("[user]\nname = Tests\nemail = tests@example.com\n")

    def configure(self, **default_context: str) -> None:
        """Write the user configuration, with answers that stand in for the defaults."""
        settings = {
            "cookiecutters_dir": str(self.root / "cookiecutters"),
            "replay_dir": str(self.root / "replay"),
            "default_context": default_context,
        }
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")

    def run(
        self, *command: str | Path, cwd: Path | None = None, typed: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever its exit code."""
        return subprocess.run(
            [str(part) for part in command],
            input=typed,
            cwd=cwd or self.output,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def git(self, *arguments: str | Path, cwd: Path | None = None) -> str:
        """Run git, and return what it prints."""
        done = self.run("git", *arguments, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def cookiecutter(self, *options: str | Path, **answers: str) -> subprocess.CompletedProcess[str]:
        """Run cookiecutter on the working tree without asking."""
        extra = [f"{question}={answer}" for question, answer in answers.items()]
        return self.run("cookiecutter", TEMPLATE, "--no-input", *options, *extra)

    def render(self, **answers: str) -> Path:
        """Render a project, and fail with all that was said if that fails."""
        done = self.cookiecutter(**answers)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        (project,) = self.output.iterdir()
        return project

    def left(self) -> list[str]:
        """List what is in the folder that projects are rendered into, and in the one above it."""
        known = {"projects", "config.yaml", "gitconfig", "replay", "cookiecutters"}
        return [path.name for path in [*self.output.iterdir(), *self.root.iterdir()] if path.name not in known]


def template_files() -> list[Path]:
    """List the files that git would commit below the template's folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "{{cookiecutter*"]
    listed = subprocess.run(command, cwd=TEMPLATE, capture_output=True, text=True, check=True)
    return [TEMPLATE / name for name in sorted(listed.stdout.split("\0")) if name and (TEMPLATE / name).exists()]


def files(project: Path) -> dict[str, bytes]:
    """Return the contents of every file below a folder, by its path."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes() for path in sorted(project.rglob("*")) if path.is_file()
    }


def read_back(project: Path) -> dict[str, dict[str, str]]:
    """Parse the answers out of whatever they were written into: `{"description": {"README.md": "…", …}, …}`."""
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (module,) = project.glob("*/metadata.py")
    constants = {
        node.targets[0].id: node.value.value
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    readme = markdown_text(project / "README.md")
    agents = markdown_text(project / "AGENTS.md")
    licence = (project / "LICENSE").read_text(encoding="utf-8").split("\n")[:3]
    holders = [line.removeprefix("Copyright (c) ") for line in licence if line.startswith("Copyright (c) ")]
    read = {
        "project_name": {
            "metadata.py": str(constants["NAME"]),
            "README.md": readme[0],
            "AGENTS.md": agents[0].removeprefix("Working on "),
        },
        "description": {
            "pyproject.toml": metadata["description"],
            "metadata.py": str(constants["DESCRIPTION"]),
            "README.md": readme[1].removeprefix(f"{metadata['name']}: "),
        },
        "author_name": {
            "pyproject.toml": metadata["authors"][0]["name"],
            "README.md": re.sub(r"\. (All rights reserved|Licensed under \S+, see LICENSE)\.$", "", readme[-1])[14:],
        },
        "author_email": {"pyproject.toml": metadata["authors"][0]["email"]},
    }
    if holders:  # the texts of Apache-2.0 and GPL-3.0-or-later name none
        read["author_name"]["LICENSE"] = holders[0].removesuffix(". All rights reserved.")
    return read


def markdown_text(page: Path) -> list[str]:
    """Return the text of each heading, paragraph and cell, as a reader sees it."""
    tokens = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(page.read_text(encoding="utf-8"))
    inline = [token.children or [] for token in tokens if token.type == "inline"]
    return ["".join(child.content for child in children if child.type != "html_inline") for children in inline]
