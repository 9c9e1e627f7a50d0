"""What the suite of the template shows when a module of it cannot be imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.rendering import TEMPLATE


@pytest.mark.slow
def test_module_that_cannot_be_imported_is_reported(tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("import nothing_of_this_name\n")
    configuration = ["--config-file", str(TEMPLATE / "pyproject.toml"), "--rootdir", str(TEMPLATE)]

    # The other module is there for the plugins of its folder.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", __file__, str(broken), *configuration, "-p", "no:cacheprovider"],
        cwd=TEMPLATE,
        capture_output=True,
        text=True,
    )

    assert done.returncode == pytest.ExitCode.INTERRUPTED, done.stdout + done.stderr
    assert "No module named 'nothing_of_this_name'" in done.stdout
    assert "repeat: .venv/bin/python -m pytest" in done.stdout
    assert " 1 error in " in done.stdout.splitlines()[-1]
