"""Who people are, on every platform, and what they may do."""

from __future__ import annotations

from enum import StrEnum, unique

from pydantic import Field

from bot.core.config.language import Language
from bot.core.value import Value


@unique
class Role(StrEnum):
    """Each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for viewer up to 3 for admin."""
        return list(Role).index(self)


class Person(Value):
    """One person; the identities are the platforms' immutable ids, never display names."""

    name: str = Field(min_length=1, max_length=80)
    """How cards call this person."""
    role: Role = Role.VIEWER
    """The role on every target that `roles` does not name."""
    roles: dict[str, Role] = {}
    """target -> role there."""
    slack: str = Field(default="", pattern=r"^$|^[UW][A-Z0-9]{2,20}$")
    """Slack user id, `U…` or `W…`."""
    email: str = Field(default="", max_length=254, pattern=r"^$|^[^@\s]+@[^@\s]+$")
    """The e-mail address that Slack knows this person by; for people without a `slack` id."""
    slack_group: str = Field(default="", pattern=r"^$|^S[A-Z0-9]{2,20}$")
    """A Slack user group, `S…`: on Slack the roles count only while this person is in it."""
    line: str = Field(default="", pattern=r"^$|^U[0-9a-f]{32}$")
    """LINE user id: `U` and 32 hexadecimal digits."""
    language: Language = Language.ENGLISH
    """The language in which the bot talks with this person alone."""
    zone: str = ""
    """The time zone of times shown to this person alone (IANA name); empty: that of the file."""
    token_sha256: str = Field(default="", pattern=r"^$|^[0-9a-f]{64}$")
    """SHA-256 of the token that lets this person into the web room, in hexadecimal."""
