"""Leave alone a folder that holds anything but `.git`; the answers were looked at before, by `answers.py`."""

import os
import sys

if set(os.listdir()) - {".git"}:
    sys.exit(
        f"{os.getcwd()} holds files already, and nothing was changed; "
        "render into another folder, or bring a rendered project up to date with `cruft update`."
    )
