"""The list of routers under /api/v1."""

from fastapi import APIRouter

from .about.router import router as about
# {% if cookiecutter.__example == "posts" %}
from .posts.router import router as posts
# {% endif %}

router = APIRouter(prefix="/api/v1")

router.include_router(about)
# {% if cookiecutter.__example == "posts" %}
router.include_router(posts)
# {% endif %}
