"""Whole bots for tests: store, engine and intake between hosts, rooms and a clock in memory.

The store is a real one. Nothing here waits for real time: `run` performs what is due and sets the
clock to the next row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar, cast

from adapters.deploy.memory import MemoryDeployer, MemoryWorld
from adapters.logs.memory import MemoryStore
from bot.core.card import Action, Card
from bot.core.config import ExecutorConfig, LogStoreConfig, MemoryExecutor, ReleaseFile
from bot.core.counts import CountRequest, Counts
from bot.core.effect import EffectKind
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.operation import Find, Operation
from bot.core.question import QuestionKind
from bot.core.release import Release
from bot.core.value import Text
from bot.engine import operations, rooms, rounds
from bot.engine.calibrated import Calibration
from bot.engine.engine import SETTLING, Engine
from bot.engine.intake import Intake
from bot.engine.recovery import Recovery
from bot.engine.services import Limits, Services
from bot.engine.transition import Entry, load
from bot.ports import Executor, LogStore, Room, RoomBusyError, RoomError
from bot.store import JournalRow, Store, Tx
from tests.support.steady_logs import fit_here

T = TypeVar("T")
T0 = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
BROKEN = "2.0-broken"
STARTER, OTHER, OPERATOR, ADMIN, VIEWER = "mina", "taro", "hana", "ken", "mo"
HOME, MIRROR, TEAM, LINE, ELSEWHERE = "release", "mirror", "team", "line", "kitchen"


def release_file(policy: dict[str, Any] | None = None, **target: object) -> ReleaseFile:
    """The seed's shape: seven components, two canaried, two rooms that only hear.

    `policy` and the rest are as in release.yml.
    """
    return ReleaseFile.model_validate(
        {
            "people": {
                STARTER: {"name": "Mina", "role": "approver"},
                OTHER: {"name": "Taro", "role": "approver"},
                OPERATOR: {"name": "Hana", "role": "operator"},
                ADMIN: {"name": "Ken", "role": "admin"},
                VIEWER: {"name": "Mo", "role": "viewer"},
            },
            "rooms": {
                **{name: {"kind": "web"} for name in (HOME, MIRROR, ELSEWHERE)},
                **{name: {"kind": "http", "url": "http://hook"} for name in (TEAM, LINE)},
            },
            "executors": {
                "pmc": {"kind": "memory", "hosts": 3, "versions": ["2.0", "1.9", BROKEN]}
            },
            "log_stores": {"app": {"kind": "memory"}},
            "policies": {"default": policy or {}},
            "targets": {
                "openchat": {
                    "rooms": [HOME, MIRROR],
                    "share": [{"room": TEAM}, {"room": LINE, "share": "digest"}],
                    "executor": "pmc",
                    "logs": "app",
                    "confirm": "gates",
                    "components": {
                        "auth": {"owners": [OPERATOR]},
                        "profile": {"depends_on": ["auth"]},
                        "chat": {"canary": "canary"},
                        "media": {},
                        "push": {},
                        "search": {},
                        "gateway": {"canary": "canary"},
                    },
                    **target,
                }
            },
        }
    )


SMALL: dict[str, Any] = {"components": {"chat": {"canary": "canary"}}}
"""A target of one canaried component: deploy, canary, three rounds, gate, restart, three rounds."""
SINGLE: dict[str, Any] = {"components": {"chat": {}}}
"""A target of one component without a canary."""


class KilledError(BaseException):
    """The process is gone at this very point; nothing in it can catch that."""


class Life:
    """Counts the moments at which a process can be killed, and kills it at one of them."""

    def __init__(self, ends_at: int | None = None) -> None:
        self.ends_at = ends_at
        self.moments = 0
        self.dead = False
        self.where = ""
        """Where it ended; set beforehand, it ends at the first moment of that name."""

    def moment(self, where: str) -> None:
        """Something can be cut off here."""
        if self.dead:
            raise KilledError(where)
        self.moments += 1
        if self.moments == self.ends_at or where == self.where:
            self.dead, self.where = True, where
            raise KilledError(where)


class MortalStore:
    """A store as a process sees it that may be killed before or after any transaction."""

    def __init__(self, store: Store, life: Life) -> None:
        self.real = store
        self._life = life
        self.notifies = store.notifies
        self.on_work = store.on_work

    async def transact(self, work: Callable[[Tx], T]) -> T:
        """Run a transaction, unless killed first; what is committed stays."""
        self._life.moment("before a transaction")
        value = await self.real.transact(work)
        self._life.moment("after a transaction")
        return value

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Read, unless killed."""
        self._life.moment("before a read")
        return await self.real.read(work)


class MortalDeployer(MemoryDeployer):
    """The executor as a process sees it that may be killed around the call."""

    life: Life
    calls: list[str]
    finds: int = 0

    async def start(self, operation: Operation) -> str:
        """Begin, unless killed; the world outlives the caller."""
        self.life.moment("before the executor is called")
        self.calls.append(operation.key)
        handle = await super().start(operation)
        self.life.moment("after the executor was called")
        return handle

    async def find(self, operation: Operation) -> Find:
        """Find by key, counted."""
        self.finds += 1
        return await super().find(operation)


class RecordingRoom:
    """Keeps what it was shown; fails or waits when a test says so."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.posts: list[tuple[str, Card]] = []
        """New messages, in order."""
        self.shown: list[tuple[str, Card]] = []
        """New messages and edits, in order."""
        self.cards: dict[str, Card] = {}
        """What stands in the room: key -> card."""
        self.failing = False
        self.busy = 0.0
        """While above 0, it wants every delivery this many seconds later."""
        self.gate: asyncio.Event | None = None
        """While set and not open, every delivery waits for it."""
        self.first: asyncio.Event | None = None
        """The next delivery waits for it, and only that one."""

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Post or edit."""
        first, self.first = self.first, None
        for gate in (self.gate, first):
            if gate is not None:
                await gate.wait()
        if self.failing:
            raise RoomError("out of order")
        if self.busy:
            raise RoomBusyError("not now", self.busy)
        if ref is None and key not in self.cards:
            self.posts.append((key, card))
        self.shown.append((key, card))
        self.cards[key] = card
        return key

    async def close(self) -> None:
        """Nothing to give back."""

    def of(self, kind: str) -> list[Card]:
        """The posts of one kind, in order."""
        return [card for _, card in self.posts if card.kind == kind]


class MortalRoom:
    """A room as a process sees it that may be killed around a delivery."""

    def __init__(self, room: Room, life: Life) -> None:
        self._room = room
        self._life = life

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Deliver, unless killed."""
        self._life.moment("before a delivery")
        kept = await self._room.show(key, card, ref)
        self._life.moment("after a delivery")
        return kept

    async def close(self) -> None:
        """The room stays."""


class Logs(MemoryStore):
    """Every host writes a line before each look, and errors where it runs a broken version."""

    def __init__(self, world: Outside) -> None:
        super().__init__()
        self._outside = world
        self.silent: set[str] = set()
        """Hosts that write nothing."""
        self._written: set[tuple[str, datetime]] = set()

    async def count(self, request: CountRequest) -> Counts:
        """Count after the hosts have written."""
        now, name = self._outside.clock.now, request.component
        for number in range(1, 4):
            host = f"{name}-{number}"
            # What is counted twice at one moment was not written twice.
            if host in self.silent or (host, now) in self._written:
                continue
            self._written.add((host, now))
            at = now - timedelta(seconds=1)
            self.add(name, at, "INFO", None, host=host)
            if self._outside.world.running.get((name, host)) == BROKEN:
                self.add(name, at, "ERROR", "Boom", host=host, message="it broke token=secret123")
        return await super().count(request)


@dataclass
class ManualClock:
    """A time that only tests move."""

    now: datetime = T0


class Outside:
    """Everything beyond the process: hosts, logs, rooms, time, release.yml. Never killed."""

    def __init__(self, file: ReleaseFile | None = None) -> None:
        self.file = file or release_file()
        self.clock = ManualClock()
        self.world = MemoryWorld()
        self.logs = Logs(self)
        self.rooms = {name: RecordingRoom(name) for name in self.file.rooms}
        self.calls: list[str] = []
        """The key of every start that reached the executor, also where it began nothing new."""
        self.executor: Executor | None = None
        """An executor of a test's own; None: the one in memory."""
        self._ids = count(1)

    def next_id(self) -> int:
        """A number that was never given."""
        return next(self._ids)


class Twins:
    """The adapters of one process: they reach the outside, as long as the process lives."""

    def __init__(self, outside: Outside, life: Life) -> None:
        self._outside = outside
        self._life = life
        config = cast("MemoryExecutor", outside.file.executors["pmc"])
        self.deployer = MortalDeployer(config, world=outside.world)
        self.deployer.life, self.deployer.calls = life, outside.calls

    def executor(self, _: ExecutorConfig) -> Executor:
        """The one executor."""
        return self._outside.executor or self.deployer

    def log_store(self, _: LogStoreConfig) -> LogStore:
        """The one log store."""
        return self._outside.logs

    def room(self, key: str) -> Room | None:
        """The room, when release.yml has it."""
        if key not in self._outside.file.rooms:
            return None
        return MortalRoom(self._outside.rooms[key], self._life)

    def notes(self, release: Release) -> tuple[Text, ...]:
        """Nothing costs anything."""
        return ()

    def direct(self, key: str, identity: str) -> Room | None:
        """The chat with one person alone, when a test made one for this account."""
        room = self._outside.rooms.get(f"{key} {identity}")
        return MortalRoom(room, self._life) if room else None


LIMITS = Limits(find_pause=timedelta(0), answer=timedelta(minutes=1))


@dataclass
class Bot:
    """One process: store, engine and intake, driven by hand."""

    outside: Outside
    real: Store
    life: Life = field(default_factory=Life)
    limits: Limits = LIMITS
    try_out: bool = False
    patience: float = 30.0
    """Seconds that a round waits for its baseline and calibration."""
    ignored: str = ""
    """A room whose deliveries are not waited for."""

    def __post_init__(self) -> None:
        """Put the parts together as the composition root does."""
        self.store = MortalStore(self.real, self.life)
        self.adapters = Twins(self.outside, self.life)
        self.deployer = self.adapters.deployer
        services = Services(
            store=cast("Store", self.store),
            adapters=self.adapters,
            file=lambda: self.outside.file,
            digest=lambda: "digest",
            now=lambda: self.outside.clock.now,
            seed=lambda: f"seed-{self.outside.next_id()}",
            owner=f"owner-{self.outside.next_id()}",
            limits=self.limits,
            try_out=self.try_out,
        )
        self.calibration = Calibration(services, fit_here, patience=self.patience)
        self.services = replace(services, comparisons=self.calibration.comparisons)
        self.engine = Engine(
            self.services,
            {
                EffectKind.START: operations.start,
                EffectKind.LOOK: operations.look,
                EffectKind.STOP: operations.stop,
                EffectKind.VERIFY: operations.verify,
                EffectKind.CHECK: rounds.check,
                EffectKind.SHOW: rooms.deliver,
                EffectKind.SHARE: rooms.deliver,
            },
        )
        self.intake = Intake(self.engine)
        self.recovery = Recovery(self.engine, self.intake)

    async def begin(self) -> None:
        """What a process does when it starts."""
        await self.recovery.remember()
        await self.recovery.take_up()
        await self.recovery.compare()

    async def submit(self, *, person: str = STARTER, room: str = HOME, **fields: Any) -> Reply:
        """Something comes in, as its platform would deliver it."""
        number = self.outside.next_id()
        inbound = {
            "dedupe": f"delivery-{number}",
            "surface": "web",
            "room": room,
            "person": person,
            "at": self.outside.clock.now,
            **fields,
        }
        return await self.intake.submit(Inbound.model_validate(inbound))

    async def say(self, line: str, person: str = STARTER, room: str = HOME) -> Reply:
        """Somebody types a line."""
        return await self.submit(person=person, room=room, text=line)

    async def press(self, action: Action, person: str = STARTER, reason: str = "") -> Reply:
        """Somebody presses a button."""
        return await self.submit(person=person, verb=action.verb, value=action.value, reason=reason)

    async def answer(
        self, kind: QuestionKind, verb: str, person: str = STARTER, reason: str = ""
    ) -> Reply:
        """Somebody presses a button of the open question of a kind; it must be accepted."""
        reply = await self.press(await self.button(kind, verb), person, reason)
        assert reply.outcome is Outcome.ACCEPTED, reply
        return reply

    async def button(self, kind: QuestionKind, verb: str, room: str = HOME) -> Action:
        """The button as the card of the open question shows it in a room."""
        await self.drain()
        for release in await self.live():
            for question in release.open_questions:
                if question.kind is kind:
                    card = self.card(f"question:{question.id}", release.id, room)
                    return next(a for a in card.actions if a.verb == verb)
        raise AssertionError(f"nobody is asked: {kind}")

    def card(self, slot: str, release: int = 1, room: str = HOME) -> Card:
        """What a slot shows in a room."""
        return self.outside.rooms[room].cards[f"release:{release}:{slot}"]

    async def start(self, line: str = "start openchat") -> Release:
        """Somebody starts a release and presses Start."""
        reply = await self.say(line)
        assert reply.outcome is Outcome.ACCEPTED, reply
        await self.answer(QuestionKind.START, "start")
        assert reply.release is not None
        return await self.release(reply.release)

    async def drain(self) -> None:
        """Perform what is due until nothing is at work here and nothing is due for this process."""
        clock = self.outside.clock
        while True:
            self.life.moment("between two looks at the rows")
            began = clock.now
            before = self._at_work()
            waiting = await self.engine.take()
            tasks = self._at_work()
            if tasks:
                await asyncio.wait(tasks)
            if self.life.dead:
                raise KilledError
            # What ended during the look may have left work that the look did not see.
            if tasks or before:
                continue
            if waiting > SETTLING:
                return
            if waiting:
                # Not to the next due row: another process may have taken this one meanwhile.
                clock.now = max(clock.now, began + timedelta(seconds=waiting))

    def _at_work(self) -> list[asyncio.Task[None]]:
        ending = f"@{self.ignored}" if self.ignored else "\0"
        return [t for t in self.engine._tasks.values() if not t.get_name().endswith(ending)]

    async def run(
        self, until: Callable[[Release], object], release: int = 1, *, limit: int = 600
    ) -> Release:
        """Perform and jump the clock to whatever is due next, until the release is like this."""
        for _ in range(limit):
            await self.drain()
            found = await self.release(release)
            if until(found):
                return found
            await self.jump()
        raise AssertionError(f"not reached: {found.phase} {found.open_questions}")

    async def jump(self) -> None:
        """Set the clock to the next due row."""
        clock = self.outside.clock
        due = await self.real.read(lambda tx: tx.next_due(clock.now))
        assert due is not None, "nothing will ever happen again"
        clock.now = max(clock.now, due)

    async def release(self, number: int = 1) -> Release:
        """The release as it is stored."""
        found = await self.real.read(lambda tx: load(tx, number))
        assert found is not None
        return found

    async def live(self) -> list[Release]:
        """The releases that are not over."""
        heads = await self.real.read(lambda tx: tx.live_heads())
        return [await self.release(head.id) for head in heads]

    async def journal(self, number: int = 1) -> list[JournalRow]:
        """What the journal holds."""
        return await self.real.read(lambda tx: tx.journal(number))

    async def facts(self, number: int = 1) -> list[str]:
        """The codes of all facts in the journal."""
        rows = await self.journal(number)
        return [f.key for row in rows for f in Entry.model_validate_json(row.body).facts]

    async def kill(self) -> None:
        """The process is gone: whatever it was at is cut off."""
        self.life.dead = True
        tasks = list(self.engine._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.engine._unsubscribe()


def asked(release: Release) -> bool:
    """People are asked, or the release has ended."""
    return bool(release.open_questions) or not release.live


def ended(release: Release) -> bool:
    """The release has ended."""
    return not release.live


@asynccontextmanager
async def bot(
    url: str, file: ReleaseFile | None = None, outside: Outside | None = None, **fields: Any
) -> AsyncIterator[Bot]:
    """One bot on a database of its own."""
    store = Store(url)
    await store.open()
    made = Bot(outside or Outside(file), store, **fields)
    try:
        yield made
    finally:
        await made.kill()
        await store.close()
