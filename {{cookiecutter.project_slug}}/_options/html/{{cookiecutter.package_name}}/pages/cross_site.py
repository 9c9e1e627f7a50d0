"""Rejection of forms that other sites send: https://cheatsheetseries.owasp.org (CSRF), by Fetch Metadata."""

from ..web.problems import ProblemError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class CrossSiteRequest(ProblemError):
    """A form was not sent by a page of this site."""

    status = 403
    detail = (
        "The form was not sent by a page of this site, so nothing was changed. "
        "Open the page here and send it again."
    )


def check_origin(method: str, host: str, site: str | None, origin: str | None) -> None:
    """Raise CrossSiteRequest for an unsafe request unless a page of this site, or the user, has sent it.

    `site` is Sec-Fetch-Site, which scripts cannot set. Browsers without it send Origin.
    """
    if method in SAFE_METHODS:
        return
    is_own = site in ("same-origin", "none") if site else is_origin_of(origin, host)
    if not is_own:
        raise CrossSiteRequest


def is_origin_of(origin: str | None, host: str) -> bool:
    """Return whether an Origin names a host; the scheme may be that of a connection before a proxy."""
    return origin in (f"https://{host}", f"http://{host}")
