# mypy: ignore-errors
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def run(*command):
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *command],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_database_has_its_commands(environment):
    run("legacy-db", "init")
    run("legacy-db", "migrate", "--message", "customers")
    run("legacy-db", "upgrade")

    (revision,) = (PROJECT / "legacy_migrations" / "versions").glob("*.py")
    assert "create_table('customer'" in revision.read_text()
    assert "seed" in run("db", "--help")
    run("db", "upgrade")
