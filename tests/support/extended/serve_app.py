# mypy: ignore-errors
"""Run the server of a project with another application: `python serve_app.py MODULE:APP [run|serve]`."""

import sys
from importlib import import_module

from my_service.cli import server
from my_service.cli.main import main

module, _, name = sys.argv[1].partition(":")
app = getattr(import_module(module), name)
# Workers import this module as well.
server.create_app = lambda settings=None: app

if __name__ == "__main__":
    main(sys.argv[2:] or ["serve"])
