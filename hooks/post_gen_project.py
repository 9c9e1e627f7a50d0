"""Put the chosen framework and licence in their final places, and remove the others."""

import os

PROMOTED = {
    "_frameworks/{{ cookiecutter.framework }}": ".",
    "_licenses/{{ cookiecutter.license }}": "LICENSE",
}
PRUNED = ["_frameworks", "_licenses"]


def promote(source: str, target: str) -> None:
    """Move a file, or all files below a folder, without overwriting anything."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            promote(os.path.join(source, name), os.path.join(target, name))
    elif os.path.exists(target):
        raise FileExistsError(f"{source} would overwrite {target}")
    else:
        os.rename(source, target)


def prune(path: str) -> None:
    """Remove a file or a folder; one that does not exist is an error in this table."""
    if os.path.isdir(path):
        for name in os.listdir(path):
            prune(os.path.join(path, name))
        os.rmdir(path)
    else:
        os.remove(path)


for source, target in PROMOTED.items():
    promote(source, target)
for path in PRUNED:
    prune(path)
