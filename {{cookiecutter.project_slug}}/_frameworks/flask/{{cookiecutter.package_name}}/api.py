"""The list of blueprints under /api/v1."""

from flask import Blueprint

from .about.views import bp as about
# {% if cookiecutter.auth == "accounts" %}
from .accounts.views import bp as accounts
# {% endif %}
# {% if cookiecutter.__example == "posts" %}
from .posts.views import bp as posts
# {% endif %}

bp = Blueprint("api", __name__, url_prefix="/api/v1")

bp.register_blueprint(about)
# {% if cookiecutter.auth == "accounts" %}
bp.register_blueprint(accounts)
# {% endif %}
# {% if cookiecutter.__example == "posts" %}
bp.register_blueprint(posts)
# {% endif %}
