"""What it costs to render a project, against cookiecutter itself: an empty one-file template."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, Run, alternate, run
from benchmarks.projects import workplace_in
from benchmarks.table import Reach, Row
from tests.support.rendering import FRAMEWORKS, TEMPLATE, Workplace

# What a clone would not hold. A clone of this tree would lack what was not committed yet.
NOT_CLONED = shutil.ignore_patterns(".git", ".venv", ".cache", ".*_cache", ".hypothesis", "__pycache__", "uv.lock")


def rows(rounds: int) -> Iterator[Row]:
    """Give the ratio of CPU times, of both hooks as well, for each framework."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        workplace = workplace_in(folder)
        # In a folder that can be written to, the byte code of `hooks/` is cached.
        template = shutil.copytree(TEMPLATE, root / "template", ignore=NOT_CLONED)
        empty = empty_template(root / "empty")
        for framework in FRAMEWORKS:
            yield row(rounds, workplace, template, empty, framework)


def row(rounds: int, workplace: Workplace, template: Path, empty: Path, framework: str) -> Row:
    """Measure one framework: the ratio, and the median of each side in seconds."""
    pairs = alternate(
        rounds,
        lambda: render(workplace, template, f"framework={framework}"),
        lambda: render(workplace, empty),
    )
    subject, baseline = (Figure.of(done.cpu for done in side).median for side in zip(*pairs, strict=True))
    return Row(
        f"render a {framework} project: {subject:.3f} s of CPU",
        f"an empty one-file template: {baseline:.3f} s",
        Figure.of_ratios((done.cpu, bare.cpu) for done, bare in pairs),
        Reach("≤", 2.0),
    )


def empty_template(path: Path) -> Path:
    """Make a template of one question, one folder and one file in it, without hooks."""
    folder = path / "{{cookiecutter.name}}"
    folder.mkdir(parents=True)
    (folder / "file").touch()
    (path / "cookiecutter.json").write_text('{"name": "empty"}\n')
    return path


def render(workplace: Workplace, template: Path, *answers: str) -> Run:
    """Render into a new folder, and remove it when the clock has stopped."""
    command = ["cookiecutter", str(template), "--no-input", "-o", str(workplace.output), *answers]
    done = run(command, cwd=workplace.root, env=workplace.environment)
    shutil.rmtree(workplace.output)
    workplace.output.mkdir()
    return done
