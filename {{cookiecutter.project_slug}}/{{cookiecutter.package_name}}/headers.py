"""What every response tells browsers: https://owasp.org/www-project-secure-headers/."""

from . import request_id

# What pages of other origins may read; without the ETag of a thing they could not change it.
EXPOSED_HEADERS = ["ETag", "Location", "Retry-After", request_id.HEADER]
# A response that has one of them already keeps its own.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
