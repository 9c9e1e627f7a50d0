"""Abort if the folder contains anything but `.git`; `answers_for_cookiecutter_2` has already validated the answers."""

import os
import sys

if set(os.listdir()) - {".git"}:
    sys.exit(
        f"{os.getcwd()} holds files already, and nothing was changed; "
        "render into another folder, or bring a rendered project up to date with `cruft update`."
    )
