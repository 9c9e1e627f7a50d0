"""Blueprints of all domains, below /api/v1."""

from flask import Blueprint

from .about.views import bp as about
# {% if "recovery" in cookiecutter.__facts %}
from .accounts.email_views import bp as account_emails
# {% endif %}
# {% if "accounts" in cookiecutter.__facts %}
from .accounts.views import bp as accounts
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
from .posts.views import bp as posts
# {% endif %}

bp = Blueprint("api", __name__, url_prefix="/api/v1")

bp.register_blueprint(about)
# {% if "accounts" in cookiecutter.__facts %}
bp.register_blueprint(accounts)
# {% endif %}
# {% if "recovery" in cookiecutter.__facts %}
bp.register_blueprint(account_emails)
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
bp.register_blueprint(posts)
# {% endif %}
