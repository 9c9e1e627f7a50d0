"""Security headers of every response: https://www.rfc-editor.org/rfc/rfc6797 and OWASP ASVS 5.0, 3.4."""

from ..config import Settings
from ..observability.context import REQUEST_ID_HEADER

# What pages of other origins may read; without the ETag of a thing they could not change it.
EXPOSED_HEADERS = ["ETag", "Location", "Retry-After", REQUEST_ID_HEADER]
# A response that has one of them already keeps its own.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def security_headers(settings: Settings) -> dict[str, dict[str, str]]:
    """Return the headers for each scheme; browsers ignore Strict-Transport-Security without TLS.

    In development it would make browsers refuse every other service of the machine that has no TLS.
    """
    is_strict = settings.environment != "development"
    https = {**SECURITY_HEADERS, **(STRICT_TRANSPORT if is_strict else {})}
    return {"http": SECURITY_HEADERS, "https": https}
