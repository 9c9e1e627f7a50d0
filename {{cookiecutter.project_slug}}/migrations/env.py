"""What Alembic runs: the migrations of all tables of the service."""

from typing import Any, Literal

from alembic import context

# The list of endpoints imports every domain, and with it every table.
from {{ cookiecutter.package_name }} import api, engine  # noqa: F401
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.models import Base, UtcDateTime


def render_item(kind: str, item: object, autogenerate: object) -> str | Literal[False]:
    """Write UtcDateTime as what it is to the database; migrations do not import the service."""
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
        # Replicas that migrate at once take turns; who comes second finds nothing left to do.
        engine.lock(connection)
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
