"""An in-memory backend of the web room, with a small scripted bot, for tests and for looking."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry

from bot.core.card import Action, Card, Style
from bot.core.config import Component, HttpRoom, Person, Role, RoomConfig, Target, WebRoom
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.operation import Candidate
from bot.core.value import Text, text
from bot.web.app import create_app, listen
from bot.web.backend import Backend, RoomMessage
from bot.web.security import allowed_hosts
from bot.web.site import Mode, Site


def t(words: str) -> Text:
    """A text that is said word for word."""
    return text("plain", words=words)


def say(message: Text) -> str:
    """Say a text of `t`; any other one as its key and parameters."""
    words = message.params.get("words")
    return str(words) if words is not None else f"{message.key} {message.params or ''}".strip()


def token_of(person: str) -> str:
    """The token that lets this person of the fake in."""
    return f"token-of-{person}"


PEOPLE = {
    key: Person(
        name=name, role=role, token_sha256=hashlib.sha256(token_of(key).encode()).hexdigest()
    )
    for key, name, role in (
        ("ayumi", "Ayumi", Role.OPERATOR),
        ("rin", "Rin", Role.APPROVER),
        ("ken", "Ken", Role.ADMIN),
        ("mo", "Mo", Role.VIEWER),
    )
}
COMPONENTS = ("gateway", "chat", "search", "media", "push", "admin", "batch")


class MemoryLog:
    """Room messages in memory; `fail` makes reading fail."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, str], RoomMessage] = {}
        self.fail: Exception | None = None
        self._changes = count(1)
        self._changed = asyncio.Condition()

    async def put(self, room: str, key: str, card: Card, at: datetime) -> str:
        """Insert or edit."""
        old = self.messages.get((room, key))
        self.messages[room, key] = RoomMessage(
            id=old.id if old else f"m{len(self.messages) + 1}",
            room=room,
            key=key,
            change=next(self._changes),
            at=old.at if old else at,
            edited=old is not None,
            card=card,
        )
        async with self._changed:
            self._changed.notify_all()
        return self.messages[room, key].id

    async def since(self, room: str, change: int, limit: int) -> list[RoomMessage]:
        """List by change."""
        if self.fail:
            raise self.fail
        found = [m for m in self.messages.values() if m.room == room and m.change > change]
        return sorted(found, key=lambda m: m.change)[:limit]

    async def wait(self, room: str, change: int, timeout: float) -> None:  # noqa: ASYNC109 - as in the protocol
        """Wait for any newer change."""

        def newer() -> bool:
            return any(m.room == room and m.change > change for m in self.messages.values())

        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(newer)
        except TimeoutError:
            return


@dataclass
class MemoryFacts:
    """What release.yml and the release would say."""

    everybody: dict[str, Person] = field(default_factory=lambda: dict(PEOPLE))
    not_ready: dict[str, str] = field(default_factory=lambda: {"store": "", "engine": ""})
    trouble: Exception | None = None
    hangs: bool = False
    events: dict[int, list[dict[str, object]]] = field(default_factory=dict)

    def people(self) -> Mapping[str, Person]:
        """Everybody."""
        return self.everybody

    def rooms(self) -> Mapping[str, RoomConfig]:
        """Two web rooms and an outgoing one."""
        return {
            "main": WebRoom(kind="web", name="Release room"),
            "ops": WebRoom(kind="web", name="Operations"),
            "outside": HttpRoom(kind="http", url="http://127.0.0.1:1/"),
        }

    def targets(self) -> Mapping[str, Target]:
        """The weekly release."""
        components = {name: Component() for name in COMPONENTS}
        return {"openchat": Target(title="OpenChat", rooms=("main",), components=components)}

    async def candidates(self, target: str) -> Mapping[str, list[Candidate]]:
        """Two versions of everything, a third one of chat, any of batch."""
        if self.trouble:
            raise self.trouble
        if self.hangs:
            await asyncio.Event().wait()
        both = [
            Candidate(version="2026.11.4", title="Read receipts without flicker"),
            Candidate(version="2026.11.3", title="Smaller thumbnails"),
        ]
        found = {name: list(both) for name in COMPONENTS if target == "openchat"}
        found["chat"].insert(1, Candidate(version="2026.11.4-broken", title="Breaks on purpose"))
        found["batch"] = []
        return found

    async def journal(self, release: int) -> list[dict[str, object]]:
        """The events that a test put in."""
        return self.events[release]

    async def ready(self) -> Mapping[str, str]:
        """What a test put in."""
        return self.not_ready


@dataclass
class MemoryAlerts:
    """Alerts as they came in."""

    heard: list[dict[str, object]] = field(default_factory=list)

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
        """Keep it."""
        self.heard.append(
            {
                "component": component,
                "name": name,
                "status": status,
                "summary": summary,
                "at": at,
                "fingerprint": fingerprint,
            }
        )


def card(kind: str, title: str, **more: object) -> Card:
    """A card whose texts are plain words."""
    return Card.model_validate({"kind": kind, "title": t(title), "text": t(title), **more})


class ScriptedBot:
    """Answers a few lines and clicks the way the bot does; `heard` keeps what came in."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.heard: list[Inbound] = []
        self.fail: Exception | None = None
        self.answers: dict[str, Card] = {}
        """What a line is answered with that is not understood."""
        self._seen: set[str] = set()

    async def submit(self, inbound: Inbound) -> Reply:
        """Post what was said; approve the open question; answer everything else privately."""
        if self.fail:
            raise self.fail
        if inbound.dedupe in self._seen:
            return Reply(outcome=Outcome.REPEATED)
        self._seen.add(inbound.dedupe)
        self.heard.append(inbound)
        if inbound.verb:
            return await self._clicked(inbound)
        who = PEOPLE[inbound.person].name
        said = card("said", inbound.text, who=who, lines=(inbound.text,), at=inbound.at)
        await self.log.put(inbound.room, f"said:{inbound.dedupe}", said, inbound.at)
        if inbound.text == "help":
            return Reply(outcome=Outcome.ANSWERED, card=card("help", "What you may do now"))
        if inbound.text in self.answers:
            return Reply(outcome=Outcome.NOT_UNDERSTOOD, card=self.answers[inbound.text])
        return Reply(outcome=Outcome.ACCEPTED)

    async def _clicked(self, inbound: Inbound) -> Reply:
        person = PEOPLE[inbound.person]
        if inbound.verb == "approve" and person.role is Role.OPERATOR:
            switch = Action(verb="act_as", label=t("Act as Rin"), value="rin", style=Style.PRIMARY)
            refusal = card("refusal", "Only approvers may approve: Rin, Ken", actions=(switch,))
            return Reply(outcome=Outcome.REFUSED, card=refusal)
        done = card(
            "question",
            f"{inbound.verb} by {person.name}",
            state="done",
            lines=(inbound.reason or "no reason",),
        )
        await self.log.put(inbound.room, "question", done, inbound.at)
        return Reply(outcome=Outcome.ACCEPTED, release=42)


@dataclass
class World:
    """Everything behind a fake web room, and the application in front."""

    log: MemoryLog
    facts: MemoryFacts
    bot: ScriptedBot
    alerts: MemoryAlerts
    app: web.Application
    base: str = ""
    runner: web.AppRunner | None = None


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


@asynccontextmanager
async def world(
    mode: Mode = Mode.TRY,
    *,
    port: int,
    now: Callable[[], datetime] = utc_now,
    time_scale: float = 1.0,
    heartbeat: float = 15.0,
) -> AsyncIterator[World]:
    """Run the application on loopback in front of a fake backend."""
    log, facts, alerts = MemoryLog(), MemoryFacts(), MemoryAlerts()
    bot = ScriptedBot(log)
    site = Site(
        mode=mode,
        hosts=allowed_hosts("127.0.0.1", port, "https://release.example.net"),
        words=lambda _room: say,
        registry=CollectorRegistry(),
        now=now,
        time_scale=time_scale,
        alerts_token="alert-token",
        metrics_token="metrics-token",
        heartbeat=heartbeat,
        on_fail="ask",
    )
    app = create_app(site, Backend(intake=bot, log=log, facts=facts, alerts=alerts))
    runner = await listen(app, "127.0.0.1", port)
    base = f"http://127.0.0.1:{port}"
    try:
        yield World(log, facts, bot, alerts, app, base, runner)
    finally:
        await runner.cleanup()


async def sign_in(client: aiohttp.ClientSession, base: str, person: str) -> int:
    """Sign in with the person's token; return the status."""
    form = {"token": token_of(person)}
    async with client.post(f"{base}/login", data=form, allow_redirects=False) as answer:
        return answer.status
