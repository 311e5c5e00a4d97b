"""An index by which the posts of releases that are long over are found, to be forgotten."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_posts_release_id", "posts", ["release_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_posts_release_id", "posts")
