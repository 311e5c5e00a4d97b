"""What people arrange for themselves: watches, linked accounts, codes that link them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = ("watches", "links", "link_codes", "link_guesses")


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "watches",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "person", name="pk_watches"),
    )
    op.create_table(
        "links",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_links"),
    )
    op.create_table(
        "link_codes",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_link_codes"),
    )
    op.create_table(
        "link_guesses",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", "number", name="pk_link_guesses"),
    )


def downgrade() -> None:
    """Forget them: nobody is linked or told one to one any more."""
    for table in reversed(_TABLES):
        op.drop_table(table)
