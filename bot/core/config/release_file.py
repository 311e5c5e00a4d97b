"""The whole of release.yml, and which of its parts serves a component."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from bot.core.config.executor import ExecutorConfig
from bot.core.config.log_store import LogStoreConfig
from bot.core.config.person import Person
from bot.core.config.policy import Policy
from bot.core.config.room import RoomConfig
from bot.core.config.target import Target
from bot.core.value import Duration, Value


class ReleaseFile(Value):
    """What a team writes down: who, where, what, and by which rules."""

    zone: str = "UTC"
    """The time zone of times that are shown and typed (IANA name)."""
    time_scale: float = Field(default=1.0, ge=1, le=10000)
    """Divides every duration of the comparison; above 1 only for rehearsals."""
    keep: Duration = Field(default=timedelta(days=90), ge=timedelta(days=7))
    """How long messages, clicks and the files of commands are kept once they are done; never
    shorter than a live release. Releases and their journals are kept for ever."""
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


def component_executor(file: ReleaseFile, target: str, component: str) -> str:
    """Name the executor of a component: its own, else the target's; empty when there is none."""
    whole = file.targets[target]
    return whole.components[component].executor or whole.executor


def component_logs(file: ReleaseFile, target: str, component: str) -> str:
    """Name the log store of a component: its own, else the target's; empty when there is none."""
    whole = file.targets[target]
    return whole.components[component].logs or whole.logs


def component_policy(file: ReleaseFile, target: str, component: str) -> Policy:
    """Return the rules of a component: its own, the target's, `default`, or the built-in ones."""
    whole = file.targets[target]
    named = whole.components[component].policy or whole.policy or "default"
    return file.policies.get(named, Policy())
