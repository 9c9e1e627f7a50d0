"""Cross-site requests."""

from contextlib import nullcontext
from typing import Any

import pytest

from {{ cookiecutter.package_name }}.pages.cross_site import CrossSiteRequest, check_origin

HOST = "service.example:8000"


@pytest.mark.parametrize(
    ("site", "origin", "is_accepted"),
    [
        ("same-origin", None, True),
        ("none", None, True),
        ("same-origin", f"https://{HOST}", True),
        ("same-site", f"https://{HOST}", False),
        ("cross-site", f"https://{HOST}", False),
        ("cross-site", "https://evil.example", False),
        (None, f"https://{HOST}", True),
        (None, f"http://{HOST}", True),
        (None, "https://service.example", False),
        (None, "https://evil.example", False),
        (None, f"https://evil.example/{HOST}", False),
        (None, f"https://{HOST}@evil.example", False),
        (None, "null", False),
        (None, "http://[", False),
        (None, "", False),
        (None, None, False),
    ],
)
def test_unsafe_request_needs_the_own_origin(
    site: str | None, origin: str | None, is_accepted: bool
) -> None:
    expected: Any = nullcontext() if is_accepted else pytest.raises(CrossSiteRequest)
    with expected:
        check_origin("POST", HOST, site, origin)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_request_is_accepted(method: str) -> None:
    check_origin(method, HOST, "cross-site", "https://evil.example")
