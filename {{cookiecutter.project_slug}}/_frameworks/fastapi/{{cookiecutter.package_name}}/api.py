"""The list of routers under /api/v1."""

from fastapi import APIRouter

from .about.router import router as about
# {% if cookiecutter.auth == "accounts" %}
from .accounts.router import router as accounts
# {% endif %}
# {% if cookiecutter.__example == "posts" %}
from .posts.router import router as posts
# {% endif %}

router = APIRouter(prefix="/api/v1")

router.include_router(about)
# {% if cookiecutter.auth == "accounts" %}
router.include_router(accounts)
# {% endif %}
# {% if cookiecutter.__example == "posts" %}
router.include_router(posts)
# {% endif %}
