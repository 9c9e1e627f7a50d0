"""Render the default service into a temporary folder and serve it: `make try`."""

import os
import sys
import tempfile
from pathlib import Path

from tools.render import render


def main(framework: str) -> None:
    """Render, say what can be asked, and hand over to `make run` in the project."""
    project = render({"framework": framework}, Path(tempfile.mkdtemp(prefix="app-factory-")))
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
