"""One running bot: store, engine, rooms, clock and web application, put together and taken apart."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from aiohttp import web

from bot.chat.http import HttpRoomSender
from bot.chat.render import ViewerWords
from bot.chat.room import RoomLog, WebRoom
from bot.chat.stored_log import StoredLog
from bot.chat.texts import Words
from bot.clock import Clock, SteadyClock
from bot.core.card import Card
from bot.core.config import (
    ExecutorConfig,
    HttpRoom,
    LogStoreConfig,
    Person,
    RoomConfig,
    Target,
)
from bot.core.drift import drift
from bot.core.effect import EffectKind
from bot.core.event import Drifted
from bot.core.operation import Candidate, UnreachableError
from bot.core.release import Phase
from bot.core.value import text
from bot.engine import operations, planner, rooms, rounds
from bot.engine.engine import Engine
from bot.engine.intake import Intake
from bot.engine.services import Limits, Services
from bot.engine.transition import Applied, Entry, apply, load
from bot.observability import LoopLag, Metrics
from bot.ports import Executor, LogStore, Room, RoomError
from bot.settings import Reloader, Settings
from bot.store import Store, Tx
from bot.store.errors import StoreError
from bot.store.room_log import StoreRoomLog
from bot.web.app import create_app, listen
from bot.web.backend import Backend
from bot.web.security import allowed_hosts, check_bind
from bot.web.site import Mode, Site

log = structlog.get_logger("release_master")

TICK = 1.0
"""Seconds between two looks for work of killed processes and for the clock."""


class Factory(Protocol):
    """Makes adapters from their configuration; the composition root has the real one."""

    def executor(self, config: ExecutorConfig, settings: Settings) -> Executor:
        """A new executor."""
        ...

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> LogStore:
        """A new log store."""
        ...


class CachedAdapters:
    """Adapters by their configuration: a release keeps the ones it was planned with."""

    def __init__(
        self, factory: Factory, settings: Callable[[], Settings], clock: SteadyClock
    ) -> None:
        self._factory = factory
        self._settings = settings
        self._clock = clock
        self._executors: dict[str, Executor] = {}
        self._log_stores: dict[str, LogStore] = {}
        self._rooms: dict[str, tuple[RoomConfig, Room]] = {}
        self.room_log: RoomLog | None = None

    def executor(self, config: ExecutorConfig) -> Executor:
        """The executor of this configuration."""
        key = config.model_dump_json()
        if key not in self._executors:
            self._executors[key] = self._factory.executor(config, self._settings())
        return self._executors[key]

    def log_store(self, config: LogStoreConfig) -> LogStore:
        """The log store of this configuration."""
        key = config.model_dump_json()
        if key not in self._log_stores:
            made = self._factory.log_store(config, self._settings(), now=self._clock.now)
            self._log_stores[key] = made
        return self._log_stores[key]

    def room(self, key: str) -> Room | None:
        """The room as release.yml has it now."""
        config = self._settings().file.rooms.get(key)
        if config is None:
            return None
        known = self._rooms.get(key)
        if known is None or known[0] != config:
            known = (config, self._make_room(key, config))
            self._rooms[key] = known
        return known[1]

    def _make_room(self, key: str, config: RoomConfig) -> Room:
        settings = self._settings()
        if isinstance(config, HttpRoom):
            return HttpRoomSender(
                key,
                config,
                headers={n: settings.secret(v) for n, v in config.headers_env.items()},
                secret=settings.secret(config.secret_env) if config.secret_env else "",
                say=Words(settings.file.zone),
                now=self._clock.now,
            )
        if self.room_log is None:
            raise RoomError("the room's log is not open")
        return WebRoom(key, self.room_log, now=self._clock.now)

    async def close(self) -> None:
        """Give back everything."""
        for executor in self._executors.values():
            await executor.close()
        for log_store in self._log_stores.values():
            await log_store.close()
        for _, room in self._rooms.values():
            await room.close()


class Facts:
    """What the web application shows beside messages."""

    def __init__(self, services: Services, bot: Bot) -> None:
        self._services = services
        self._bot = bot

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
        return await self._bot.ready()


class Bot:
    """One process of the bot, from `start` to `stop`."""

    def __init__(
        self,
        reloader: Reloader,
        factory: Factory,
        *,
        try_out: bool = False,
        limits: Limits | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self.reloader = reloader
        self.metrics = Metrics()
        self.clock = clock or SteadyClock()
        self.try_out = try_out
        self.store = Store(reloader.current.environment.database_url)
        self.adapters = CachedAdapters(factory, lambda: reloader.current, self.clock)
        self.services = Services(
            store=self.store,
            adapters=self.adapters,
            file=lambda: reloader.current.file,
            digest=lambda: reloader.current.digest,
            now=self.clock.now,
            seed=lambda: secrets.token_hex(16),
            owner=uuid.uuid4().hex,
            watch=self.metrics,
            limits=limits or Limits(),
            try_out=try_out,
        )
        self.engine = Engine(
            self.services,
            {
                EffectKind.START: operations.start,
                EffectKind.LOOK: operations.look,
                EffectKind.STOP: operations.stop,
                EffectKind.VERIFY: operations.verify,
                EffectKind.CHECK: rounds.check,
                EffectKind.SHOW: rooms.show,
                EffectKind.SHARE: rooms.share,
            },
        )
        self.intake = Intake(self.engine)
        self._ticks = Clock()
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if self._runner is None or not self._runner.addresses:
            return 0
        return int(self._runner.addresses[0][1])

    async def start(self, port: int | None = None) -> None:
        """Open the store, take up what was left, and listen.

        Raises ValueError when the address may not be bound without people's tokens, StoreError
        when the store cannot be opened, OSError when the port is taken.
        """
        environment = self.reloader.current.environment
        refusal = (
            None
            if self.try_out
            else check_bind(environment.host, self.reloader.current.file.people)
        )
        if refusal:
            raise ValueError(refusal)
        await self.store.open()
        log_ = StoredLog(StoreRoomLog(self.store))
        self.adapters.room_log = log_
        chosen = environment.port if port is None else port
        app = create_app(self._site(chosen), self._backend(log_))
        self._runner = await listen(app, environment.host, chosen)
        lag = LoopLag(self.metrics.loop_lagged, monotonic=time.monotonic, sleep=asyncio.sleep)
        self._tasks = [
            self.engine.background(self.engine.run(), "engine"),
            self.engine.background(self._recover(), "recover"),
            self.engine.background(lag.run(), "loop-lag"),
        ]
        self._ticks.every(TICK, self._tick, "tick")
        self._ticks.every(30 * TICK, self._heartbeat, "heartbeat")
        self._ticks.start()

    def _backend(self, room_log: RoomLog) -> Backend:
        return Backend(
            intake=self.intake,
            log=room_log,
            facts=Facts(self.services, self),
            alerts=self.intake,
        )

    def _site(self, port: int) -> Site:
        settings = self.reloader.current
        environment = settings.environment
        return Site(
            mode=Mode.TRY if self.try_out else Mode.SERVE,
            hosts=allowed_hosts(environment.host, port, environment.base_url),
            say=ViewerWords(settings.file.zone),
            registry=self.metrics.registry,
            now=self.clock.now,
            time_scale=settings.file.time_scale,
            alerts_token=environment.alerts_token.get_secret_value(),
            metrics_token=environment.metrics_token.get_secret_value(),
            secure_cookie=environment.base_url.startswith("https://"),
        )

    async def _recover(self) -> None:
        """Take up what a killed process left: recorded messages, and versions changed meanwhile."""
        count = await self.intake.recover()
        if count:
            log.info("recovered_messages", count=count)
        rows = await self.store.read(lambda tx: [r for r in tx.live_heads() if r.phase in _CHECKED])
        for row in rows:
            await self._look_for_drift(row.id)

    async def _look_for_drift(self, release_id: int) -> None:
        release = await self.store.read(lambda tx: load(tx, release_id))
        if release is None or release.phase not in {Phase.RUNNING, Phase.PAUSED}:
            return
        for item in release.changes:
            name = release.config.executors[item.component]
            port = self.adapters.executor(release.config.executor_configs[name])
            try:
                running = await port.running(item.component)
            except UnreachableError:
                continue
            found = drift(release, item.component, running)
            if found is None:
                continue
            event = Drifted(component=item.component, expected=found[0], found=found[1])
            applied = await self._apply(release_id, event)
            if applied is not None:
                self.engine.pursue(applied)

    async def _apply(self, release_id: int, event: Drifted) -> Applied | None:
        services = self.services
        return await self.store.transact(lambda tx: apply(tx, release_id, event, services=services))

    async def _tick(self) -> None:
        """Once a second: leases, the clock, and whatever became due elsewhere."""
        self.clock.watch()
        await self.engine.renew()
        self.engine.wake()
        if self.engine.trouble:
            return
        for code in self.engine.take_told():
            await self._tell_trouble(code)

    async def _tell_trouble(self, code: str) -> None:
        """Tell the rooms of live releases once that nothing could be stored for a while."""
        said = text("trouble.over", code=code)
        card = Card(kind="notice", title=said, text=said, at=self.clock.now())
        heads = await self.store.read(lambda tx: tx.live_heads())
        targets = self.reloader.current.file.targets
        named = [targets[head.target].rooms[0] for head in heads if head.target in targets]
        for room in dict.fromkeys(named):
            port = self.adapters.room(room)
            if port is not None:
                await port.show(f"trouble:{uuid.uuid4().hex}", card, None)

    async def _heartbeat(self) -> None:
        """Every half minute: renew locks of live releases, sweep those of dead owners, measure."""
        now = self.clock.now()
        dead = self.services.limits.dead_lock

        def work(tx: Tx) -> timedelta:
            tx.heartbeat(now)
            tx.sweep(now, dead)
            return tx.oldest_due(now)

        try:
            waited = await self.store.transact(work)
        except StoreError as error:
            log.warning("heartbeat_failed", code=error.code)
            return
        self.metrics.outbox_waits(waited.total_seconds())

    async def ready(self) -> Mapping[str, str]:
        """Which part is not ready, and why; empty strings: all is well."""
        parts = {"store": self.engine.trouble, "clock": "", "engine": ""}
        try:
            await asyncio.wait_for(self.store.read(lambda tx: tx.next_due(self.clock.now())), 2.0)
        except (StoreError, TimeoutError) as error:
            parts["store"] = str(error) or "no answer within 2 s"
        if self.clock.stepped:
            seconds = self.clock.stepped.total_seconds()
            parts["clock"] = f"the system's clock was set {seconds:+.0f} s"
        if self._tasks and self._tasks[0].done():
            parts["engine"] = "not running"
        return parts

    async def stop(self) -> None:
        """Stop within ten seconds; what is cut off goes on with the next start."""
        await self._ticks.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.engine.stop(4.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.adapters.close()
        await self.store.close()


_CHECKED = frozenset({str(Phase.RUNNING), str(Phase.PAUSED)})


__all__ = ["Bot", "CachedAdapters", "Factory", "Facts"]
