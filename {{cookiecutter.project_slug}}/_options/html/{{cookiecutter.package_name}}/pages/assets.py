"""Static files: their URLs have a digest of their content, so that browsers may keep them."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from posixpath import normpath

from ..config import Settings

FOLDER = Path(__file__).parent / "static"
# A digest names this content: https://www.rfc-editor.org/rfc/rfc8246
KEPT = "public, max-age=31536000, immutable"
REVALIDATED = "public, no-cache"

Digest = Callable[[str], str]


def make_digest(settings: Settings) -> Digest:
    """Return a function from the name of a file to its digest; in development, an edit changes it at once."""
    return digest_of if settings.environment == "development" else cache(digest_of)


def digest_of(name: str) -> str:
    """Return a digest of the content of a file."""
    return sha256((FOLDER / name).read_bytes()).hexdigest()[:16]


def cache_control(name: str, version: str | None, digest: Digest) -> str:
    """Return the Cache-Control of a file that exists, for the digest in its URL.

    During a deployment, the page of one version may load a file from another: that response must not be kept.
    """
    return KEPT if version and version == digest(normpath(name)) else REVALIDATED
