"""posts and accounts"""

revision = "7be0d94c15fa"
# Whichever of the two came first, it was not changed when the other one came.
down_revision = ("5a0c1b7d9e42", "c3f1a8e2b604")
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Join the two lines."""


def downgrade() -> None:
    """Part them again."""
