"""What the web application shows beside messages, read from the store and release.yml."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.chat.texts import Words
from bot.core.config import Person, RoomConfig, Target
from bot.core.operation import Candidate
from bot.engine import planner
from bot.engine.services import Services
from bot.engine.transition import Entry


class Facts:
    """The Facts of the web application."""

    def __init__(
        self, services: Services, ready: Callable[[], Awaitable[Mapping[str, str]]]
    ) -> None:
        self._services = services
        self._ready = ready

    def people(self) -> Mapping[str, Person]:
        """Everybody in release.yml."""
        return self._services.file().people

    def rooms(self) -> Mapping[str, RoomConfig]:
        """Every room in release.yml."""
        return self._services.file().rooms

    def targets(self) -> Mapping[str, Target]:
        """Every target in release.yml."""
        return self._services.file().targets

    async def candidates(self, target: str) -> Mapping[str, Sequence[Candidate]]:
        """What could be released, by component."""
        return await planner.candidates(self._services, target)

    async def journal(self, release: int) -> list[dict[str, object]]:
        """The events of a release, worded."""
        rows = await self._services.store.read(lambda tx: tx.journal(release))
        if not rows:
            raise LookupError(release)
        say = Words(self._services.file().zone)
        return [
            {
                "seq": row.seq,
                "at": row.at.isoformat(),
                "actor": row.actor,
                "code": row.code,
                "text": "; ".join(say(f) for f in Entry.model_validate_json(row.body).facts),
                "hash": row.hash[:12],
            }
            for row in rows
        ]

    async def ready(self) -> Mapping[str, str]:
        """Which part is not ready, and why."""
        return await self._ready()
