"""Environment of Alembic. Import the models of every domain here: autogenerate compares imported tables only."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _repr_type
from sqlalchemy import Enum
from sqlalchemy.types import TypeDecorator, TypeEngine

# {% if "recovery" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.accounts import email_models as emails  # noqa: F401  # its tables
# {% endif %}
# {% if "accounts" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.accounts import models as accounts  # noqa: F401  # its tables
# {% endif %}
from {{ cookiecutter.package_name }}.config import Settings
from {{ cookiecutter.package_name }}.database import engine
from {{ cookiecutter.package_name }}.database.base import Base
# {% if "jobs" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.jobs import models as jobs  # noqa: F401  # its table
# {% endif %}
# {% if "posts" in cookiecutter.__facts %}
from {{ cookiecutter.package_name }}.posts import models as posts  # noqa: F401  # its tables
# {% endif %}


def render_item(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    """Render enums as strings, TypeDecorators of the service as their implementations, and import other types."""
    if isinstance(item, Enum) and not item.native_enum:
        return f"sa.String(length={item.length})"
    module = type(item).__module__
    if not isinstance(item, TypeEngine) or module.startswith("sqlalchemy."):
        return False
    if isinstance(item, TypeDecorator):
        # Migrations do not import the service: they keep their meaning when it changes.
        implementation = item.load_dialect_impl(autogenerate.migration_context.dialect)
        return _repr_type(implementation, autogenerate)
    autogenerate.imports.add(f"import {module}")
    return False


settings = context.config.attributes.get("settings") or Settings()
options: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    "compare_server_default": True,
    "render_item": render_item,
    "transactional_ddl": True,
    **engine.MIGRATION_OPTIONS,
}

if context.is_offline_mode():
    context.configure(url=engine.url_of(settings), literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
else:
    migrations = engine.migration_engine(settings)
    # Replicas that migrate concurrently wait for the first one, which leaves them nothing to do.
    with engine.migration_lock(migrations), migrations.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
