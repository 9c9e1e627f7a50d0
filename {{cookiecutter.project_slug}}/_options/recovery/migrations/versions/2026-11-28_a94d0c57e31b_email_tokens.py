"""email tokens"""

import sqlalchemy as sa
from alembic import op

revision = "a94d0c57e31b"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade the database to this revision."""
    op.create_table(
        "email_tokens",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=50), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("state", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('CONFIRM', 'RESET')", name=op.f("ck_email_tokens_purpose")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_email_tokens")),
    )
    op.create_index(op.f("ix_email_tokens_expires_at"), "email_tokens", ["expires_at"])
    op.create_table(
        "confirmed_emails",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_confirmed_emails")),
    )


def downgrade() -> None:
    """Downgrade the database to the previous revision."""
    op.drop_table("confirmed_emails")
    op.drop_table("email_tokens")
