"""Environment of Alembic. Import the models of every domain here: autogenerate compares imported tables only."""

from typing import Any, Literal

from alembic import context

# {% if "accounts" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.accounts import models as accounts  # noqa: F401  # its tables
# {% endif %}
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database import engine
from {{ cookiecutter.package_name }}.database.base import Base, UtcDateTime
# {% if "posts" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.posts import models as posts  # noqa: F401  # its tables
# {% endif %}


def render_item(kind: str, item: object, autogenerate: object) -> str | Literal[False]:
    """Render UtcDateTime as its SQLAlchemy type, because migrations do not import the service."""
    return f"sa.{item.impl!r}" if isinstance(item, UtcDateTime) else False


settings = context.config.attributes.get("settings") or Settings()
options: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "compare_server_default": True,
    "render_item": render_item,
    **engine.MIGRATION_OPTIONS,
    "transactional_ddl": True,
}

if context.is_offline_mode():
    context.configure(url=engine.url_of(settings), literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    with engine.migration_engine(settings).begin() as connection:
        # Replicas that migrate concurrently wait for the first one, which leaves them nothing to do.
        engine.lock(connection)
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
