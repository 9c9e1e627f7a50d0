"""Routers of all domains, below /api/v1."""

from fastapi import APIRouter

from .about.router import router as about
# {% if "recovery" in cookiecutter.__facts %}
from .accounts.email_router import router as account_emails
# {% endif %}
# {% if "accounts" in cookiecutter.__facts %}
from .accounts.router import router as accounts
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
from .posts.router import router as posts
# {% endif %}

router = APIRouter(prefix="/api/v1")

router.include_router(about)
# {% if "accounts" in cookiecutter.__facts %}
router.include_router(accounts)
# {% endif %}
# {% if "recovery" in cookiecutter.__facts %}
router.include_router(account_emails)
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
router.include_router(posts)
# {% endif %}
