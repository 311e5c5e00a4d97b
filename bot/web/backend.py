"""What the web application needs of the bot behind it: small protocols, given by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.chat.room import RoomLog, RoomMessage
from bot.core.config import Person, RoomConfig, Target
from bot.core.inbound import Inbound, Reply
from bot.core.operation import Candidate

__all__ = ["Alerts", "Backend", "Facts", "Intake", "RoomLog", "RoomMessage"]


class Intake(Protocol):
    """Where what people say and click goes in."""

    async def submit(self, inbound: Inbound) -> Reply:
        """Record the message, do what it asks for, and say how it ended.

        What was recorded is never lost; raises when it could not be recorded.
        """
        ...


class Facts(Protocol):
    """What pages show beside messages. People, rooms and targets are the newest valid ones."""

    def people(self) -> Mapping[str, Person]:
        """Everybody in release.yml, by key."""
        ...

    def rooms(self) -> Mapping[str, RoomConfig]:
        """Every room in release.yml, by key."""
        ...

    def targets(self) -> Mapping[str, Target]:
        """Every target in release.yml, by key."""
        ...

    async def candidates(self, target: str) -> Mapping[str, Sequence[Candidate]]:
        """List what could be released, by component, newest first; empty: any may be named.

        Raises ExecutorError when an executor does not tell.
        """
        ...

    async def journal(self, release: int) -> list[dict[str, object]]:
        """List the events of a release, oldest first, as JSON; LookupError: no such release."""
        ...

    async def ready(self) -> Mapping[str, str]:
        """Say for each part of the bot why it is not ready; an empty string: it is."""
        ...


class Alerts(Protocol):
    """Where alerts of the system layer go in."""

    async def alert(
        self,
        component: str,
        name: str,
        *,
        status: str,
        summary: str,
        at: datetime,
        fingerprint: str,
    ) -> None:
        """Record one alert; `status` is firing or resolved, `at` when it began.

        The same fingerprint, status and time may come again and counts once.
        """
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything behind the web application."""

    intake: Intake
    log: RoomLog
    facts: Facts
    alerts: Alerts
