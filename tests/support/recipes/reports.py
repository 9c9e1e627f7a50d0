# mypy: ignore-errors
"""The scheduled command of the recipe."""

import re
import subprocess
from pathlib import Path

from .support.framework import run_command

PROJECT = Path(__file__).parents[1]


def test_status_reports_the_outcome(app):
    assert run_command(app, "report-disk").exit_code == 0
    failed = run_command(app, "report-disk", "--minimum", str(2**70))
    assert failed.exit_code == 1
    assert "bytes are free" in failed.output


def test_lines_of_schedulers_run_the_command():
    page = (PROJECT / "docs" / "recipes.md").read_text()
    lines = re.findall(r"^17 3 \* \* \*  (.*)$|^ExecStart=(.*)$", page, re.MULTILINE)

    assert len(lines) == 2
    for command in map("".join, lines):
        command = command.replace("/srv/my-service", str(PROJECT))
        done = subprocess.run(["/bin/sh", "-c", command], cwd=PROJECT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "free disk space" in done.stderr
