"""Leases of what came in: one process answers it, and a dead one's is taken over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the columns; what older versions recorded has no lease, and only its age counts."""
    op.add_column("inbox", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("inbox", sa.Column("lease_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Forget who is at work on what."""
    op.drop_column("inbox", "lease_until")
    op.drop_column("inbox", "owner")
