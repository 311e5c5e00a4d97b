"""What the web application shows beside messages, read from the store and release.yml."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.chat.render import Say, ViewerWords
from bot.core.config import Person, RoomConfig, Target
from bot.core.event import Event, StepProgressed
from bot.core.operation import Candidate, HostState
from bot.core.value import Text, text
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
        """The events of a release, worded; moments are ISO 8601, for each viewer's own zone."""
        rows = await self._services.store.read(lambda tx: tx.journal(release))
        if not rows:
            raise LookupError(release)
        say = ViewerWords(self._services.file().zone).on("web")
        return [
            {
                "seq": row.seq,
                "at": row.at.isoformat(),
                "actor": row.actor,
                "code": row.code,
                "text": _told(Entry.model_validate_json(row.body), say),
                "hash": row.hash[:12],
            }
            for row in rows
        ]

    async def ready(self) -> Mapping[str, str]:
        """Which part is not ready, and why."""
        return await self._ready()


def _told(entry: Entry, say: Say) -> str:
    """What came of an event; where nothing did, the event itself."""
    facts = entry.facts or ((_event(entry.event),) if entry.event else ())
    return "; ".join(say(fact) for fact in facts)


def _event(event: Event) -> Text:
    said = {k: v for k, v in event.model_dump().items() if isinstance(v, str | int)}
    if isinstance(event, StepProgressed):
        hosts = event.progress.hosts
        done = sum(host.state is HostState.SUCCEEDED for host in hosts)
        said |= {"state": str(event.progress.state), "done": done, "hosts": len(hosts)}
    return text(f"event.{event.kind}", **said)
