"""Render the default service into a temporary folder and serve it: `make try`."""

import os
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

TEMPLATE = Path(__file__).parent.parent


def main(framework: str) -> None:
    """Render, say what can be asked, and hand over to `make run` in the project."""
    folder = tempfile.mkdtemp(prefix="app-factory-")
    config = Path(folder) / "config.yaml"
    config.write_text(f"cookiecutters_dir: {folder}\nreplay_dir: {folder}/replay\n", encoding="utf-8")
    project = cookiecutter(
        str(TEMPLATE), no_input=True, extra_context={"framework": framework}, output_dir=folder, config_file=str(config)
    )
    url = f"http://{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
    print(
        f"""\
Rendered into {project}; it stays there.
Once it listens, ask it (Ctrl-C ends it):

  curl {url}/livez
  curl {url}/readyz
  curl {url}/api/v1/about
""",
        flush=True,
    )
    os.execvp("make", ["make", "--no-print-directory", "--directory", project, "run"])


if __name__ == "__main__":
    main(*sys.argv[1:])
