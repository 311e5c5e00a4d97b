"""The tables: one description for SQLite and PostgreSQL; migrations bring databases to it.

Times are BIGINT microseconds since 1970 in UTC. Bodies are JSON text beside their version.
Release 0 stands for the bot itself (audit rows, effects of no release), which is why rows
that name a release carry no foreign key.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite hands out ids only to a column of exactly the type INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")

inbox = Table(
    "inbox",
    metadata,
    Column("id", _ID, Identity(), primary_key=True),
    Column("dedupe", Text, nullable=False, unique=True),
    Column("surface", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("result", Text),
    Column("settled_at", BigInteger),
    # Which process is at work on it, and until when nobody else is.
    Column("owner", Text),
    Column("lease_until", BigInteger),
    sqlite_autoincrement=True,
)
Index(
    "ix_inbox_unsettled",
    inbox.c.at,
    sqlite_where=inbox.c.settled_at.is_(None),
    postgresql_where=inbox.c.settled_at.is_(None),
)

releases = Table(
    "releases",
    metadata,
    Column("id", _ID, Identity(), primary_key=True),
    Column("target", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(None, "target", "id"),
    sqlite_autoincrement=True,
)
Index(
    "ix_releases_live",
    releases.c.id,
    # SQLite uses the index only for the very words that its queries are made of.
    sqlite_where=text("live = 1"),
    postgresql_where=text("live"),
)

journal = Table(
    "journal",
    metadata,
    Column("release_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_version", Integer, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("id", _ID, Identity(), primary_key=True),
    Column("release_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("body_version", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    # Never before due_at, and not before the lease ends: the one column that taking looks at.
    Column("ready_at", BigInteger, nullable=False, index=True),
    Column("generation", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("owner", Text),
    Column("taken_generation", Integer),
    UniqueConstraint("release_id", "key"),
    sqlite_autoincrement=True,
)

locks = Table(
    "locks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("release_id", BigInteger, index=True),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("renewed_at", BigInteger, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("room", Text, primary_key=True),
    Column("release_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("slot", Text, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

room_messages = Table(
    "room_messages",
    metadata,
    Column("id", _ID, Identity(), primary_key=True),
    Column("room", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("release_id", BigInteger),
    Column("change", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("edited_at", BigInteger),
    Column("card", Text, nullable=False),
    Column("body_version", Integer, nullable=False),
    UniqueConstraint("room", "key"),
    Index(None, "room", "change"),
    sqlite_autoincrement=True,
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

kept_values = Table(
    "kept_values",
    metadata,
    Column("key", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    # What says which logs they are of, and the component.
    Column("key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

watches = Table(
    "watches",
    metadata,
    # `#42` or a target's name.
    Column("subject", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("events", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

link_codes = Table(
    "link_codes",
    metadata,
    # SHA-256: the code itself is stored nowhere.
    Column("hash", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

link_guesses = Table(
    "link_guesses",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

baselines = Table(
    "baselines",
    metadata,
    # A digest of what is counted, and how: another way to count is another baseline.
    Column("key", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("trouble", Text, nullable=False),
    Column("wanted_at", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
)

minute_days = Table(
    "minute_days",
    metadata,
    Column("key", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("upto", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
    Column("known", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    # What was fitted, and how; the end is the minute of the comparison behind its last one.
    Column("key", Text, primary_key=True),
    Column("end", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)

verdict_counts = Table(
    "verdict_counts",
    metadata,
    Column("release_id", BigInteger, primary_key=True, autoincrement=False),
    Column("step", Text, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("repeat", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
