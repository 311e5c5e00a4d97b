"""The whole of release.yml, with the references between its parts checked."""

from __future__ import annotations

from pydantic import Field

from bot.core.config.executor import ExecutorConfig
from bot.core.config.log_store import LogStoreConfig
from bot.core.config.person import Person
from bot.core.config.policy import Policy
from bot.core.config.room import RoomConfig
from bot.core.config.target import Target
from bot.core.value import Value


class ReleaseFile(Value):
    """What a team writes down: who, where, what, and by which rules."""

    zone: str = "UTC"
    """The time zone of times that are shown and typed (IANA name)."""
    time_scale: float = Field(default=1.0, ge=1, le=10000)
    """Divides every duration of the comparison; above 1 only for rehearsals."""
    people: dict[str, Person] = {}
    """Everybody who may do more than look."""
    rooms: dict[str, RoomConfig] = Field(min_length=1)
    """Where people talk with the bot, and where it shares."""
    executors: dict[str, ExecutorConfig] = {}
    """What deploys and restarts."""
    log_stores: dict[str, LogStoreConfig] = {}
    """Where error logs are counted."""
    policies: dict[str, Policy] = {}
    """Rules of checks; one named `default` serves targets that name none."""
    targets: dict[str, Target] = Field(min_length=1)
    """What can be released."""
