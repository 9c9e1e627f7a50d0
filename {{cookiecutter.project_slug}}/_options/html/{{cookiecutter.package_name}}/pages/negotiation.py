"""Headers of pages, and the choice between a page and a problem document."""

# The paths of the API, and of what is no page of the site.
OTHER_PATHS = ["/api", "/docs", "/livez", "/metrics", "/openapi.json", "/readyz"]
PERSONAL_PATHS: list[str] = [
    # Those of pages with personal data, which the button "back" must not show after the end of a session.
    # {% if "account_pages" in cookiecutter.__facts %}
    "/account",
    # {% endif %}
    # {% if "recovery_pages" in cookiecutter.__facts %}
    "/reset-password",
    # {% endif %}
]
# A page loads styles and images of this site, and sends its forms to it; it has no scripts.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# Defaults of pages, in place of those of the API.
PAGE_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "same-origin",
}
# Those of errors, and of pages with personal data.
UNSTORED_HEADERS = PAGE_HEADERS | {"Cache-Control": "no-store"}


def is_page_path(path: str) -> bool:
    """Return whether a path belongs to the site, and not to the API."""
    return not is_below(path, OTHER_PATHS)


def page_headers(path: str) -> dict[str, str]:
    """Return the default headers of a page."""
    return UNSTORED_HEADERS if is_below(path, PERSONAL_PATHS) else PAGE_HEADERS


def is_below(path: str, parents: list[str]) -> bool:
    """Return whether a path is one of others, or begins with one."""
    return f"{path}/".startswith(tuple(f"{parent}/" for parent in parents))


def accepts_pages(accept: str) -> bool:
    """Return whether a client asks for HTML, as browsers do; others get problem documents."""
    return any(asks_for_html(media_range) for media_range in accept.lower().split(","))


def asks_for_html(media_range: str) -> bool:
    """Return whether a part of an Accept header is HTML with a quality, `q`, of more than 0."""
    media_type, *parameters = map(str.strip, media_range.split(";"))
    qualities = [each.removeprefix("q=") for each in parameters if each.startswith("q=")]
    return media_type == "text/html" and all(quality.strip("0.") for quality in qualities)
