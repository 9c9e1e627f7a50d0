"""Promote the folders of `_options` whose facts hold for the answers, and remove the others."""

import os

FACTS = set("{{ cookiecutter.__facts | join(' ') }}".split())


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


def remove(path: str) -> None:
    """Remove a file, or a folder with its contents."""
    if os.path.isdir(path):
        for name in os.listdir(path):
            remove(os.path.join(path, name))
        os.rmdir(path)
    else:
        os.remove(path)


for folder in sorted(os.listdir("_options")):
    if FACTS.issuperset(folder.split("+")):
        promote(os.path.join("_options", folder), ".")
remove("_options")
