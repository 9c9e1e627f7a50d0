"""Security headers: https://www.rfc-editor.org/rfc/rfc6797 and OWASP ASVS 5.0, 3.4."""

from ..config import Settings
from ..observability.context import REQUEST_ID_HEADER

# Response headers that scripts of allowed origins may read (CORS).
EXPOSED_HEADERS = [
    "ETag",
    "Location",
    # {% if "accounts" in cookiecutter.__facts %}
    "RateLimit",
    "RateLimit-Policy",
    # {% endif %}
    "Retry-After",
    "WWW-Authenticate",
    REQUEST_ID_HEADER,
]
# Defaults: a response keeps the headers that it sets itself.
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
    """Return the headers for each scheme; Strict-Transport-Security is for https only.

    It is not sent in development, because browsers would then reject all other services on localhost without TLS.
    """
    is_strict = settings.environment != "development"
    https = {**SECURITY_HEADERS, **(STRICT_TRANSPORT if is_strict else {})}
    return {"http": SECURITY_HEADERS, "https": https}
