"""Redirects after a login, which stay on the site."""

import re

# One slash: browsers treat `//host`, `/\host` and `https:host` as another site, and remove tabs and line breaks.
LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def is_local(target: str) -> bool:
    """Return whether a target of a redirect is a path of this site."""
    return LOCAL.fullmatch(target) is not None
