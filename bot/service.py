"""One running bot: store, engine, rooms, clock and web application, put together."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from aiohttp import web

from bot.chat.outage import Outages
from bot.chat.platform import Ground
from bot.chat.room import RoomLog
from bot.chat.stored_log import StoredLog
from bot.clock import Clock, SteadyClock
from bot.core.config import ReleaseFile
from bot.core.effect import EffectKind
from bot.engine import operations, rooms, rounds
from bot.engine.calibrated import PATIENCE, Calibration
from bot.engine.engine import Engine, Performer
from bot.engine.intake import Intake
from bot.engine.recovery import Recovery
from bot.engine.retention import Retention
from bot.engine.services import Limits, Services
from bot.engine.sources import State, states
from bot.facts import Facts
from bot.observability import LoopLag, Metrics
from bot.platforms import make_platforms
from bot.resources import Factory, Resources
from bot.settings import Reloader
from bot.store import Store, Tx
from bot.store.errors import StoreError
from bot.store.room_log import StoreRoomLog
from bot.web.app import any_port, create_app, create_figures_app, listen
from bot.web.backend import Backend
from bot.web.security import allowed_hosts, check_bind
from bot.web.site import Mode, Site

log = structlog.get_logger("release_master")

LOOPBACK = "127.0.0.1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ANSWERS_WITHIN = 1.0
"""Seconds at the end for telling and settling what was taken up."""
TICK = 1.0
"""Seconds between two looks for work of killed processes and for the clock."""
SWEEPS = 600.0
"""Seconds between two looks for what is old enough to be forgotten."""

PERFORMERS: dict[EffectKind, Performer] = {
    EffectKind.START: operations.start,
    EffectKind.LOOK: operations.look,
    EffectKind.STOP: operations.stop,
    EffectKind.VERIFY: operations.verify,
    EffectKind.CHECK: rounds.check,
    EffectKind.SHOW: rooms.deliver,
    EffectKind.SHARE: rooms.deliver,
}
"""Who performs which effect; timers are the engine's own."""


class Bot:
    """One process of the bot, from `start` to `stop`.

    `patience`: seconds that a round waits for its baseline before it says that it is missing.
    """

    def __init__(
        self,
        reloader: Reloader,
        factory: Factory,
        *,
        try_out: bool = False,
        patience: float = PATIENCE,
        limits: Limits | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self.reloader = reloader
        self.metrics = Metrics()
        self.clock = clock or SteadyClock()
        self.try_out = try_out
        self.store = Store(reloader.current.environment.database_url)
        self.adapters = Resources(factory, lambda: reloader.current, self.clock)
        self.adapters.store = self.store
        services = Services(
            store=self.store,
            adapters=self.adapters,
            file=lambda: reloader.current.file,
            digest=lambda: reloader.current.digest,
            now=self.clock.now,
            seed=lambda: secrets.token_hex(16),
            owner=uuid.uuid4().hex,
            watch=self.metrics,
            limits=limits or Limits(),
            clean=lambda text: reloader.current.clean(text),  # noqa: PLW0108 - a reload changes it
            try_out=try_out,
        )
        self.calibration = Calibration(services, patience=patience)
        self.services = replace(services, comparisons=self.calibration.comparisons)
        self.engine = Engine(self.services, PERFORMERS)
        self.intake = Intake(self.engine)
        self.baselines = self.calibration.baselines
        self.platforms = () if try_out else make_platforms(self._ground())
        self.adapters.platforms = self.platforms
        self._outages = Outages(self.services, self.platforms)
        finishers = {platform.name: platform.finish for platform in self.platforms}
        self.recovery = Recovery(self.engine, self.intake, finishers)
        self._taking_up: asyncio.Task[None] | None = None
        self._idle = False
        self._ticks = Clock()
        self._runner: web.AppRunner | None = None
        self._figures: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def _ground(self) -> Ground:
        return Ground(
            environment=self.reloader.current.environment,
            fresh=lambda: self.reloader.current.environment,
            services=self.services,
            intake=self.intake,
            background=self.engine.background,
            words=self.adapters.words,
        )

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
        mode = Mode.TRY if self.try_out else Mode.SERVE
        people = self.reloader.current.file.people
        refusal = check_bind(environment.host, people, mode=mode)
        if refusal:
            raise ValueError(refusal)
        await self.store.open()
        await self.recovery.remember()
        log_ = StoredLog(StoreRoomLog(self.store))
        self.adapters.room_log = log_
        chosen = environment.port if port is None else port
        # The page answers to its own address only, so its port must be known first.
        taken = None if chosen else any_port(environment.host)
        known = taken.getsockname()[1] if taken else chosen
        app = create_app(self._site(known), self._backend(log_))
        for platform in self.platforms:
            app.add_routes(platform.routes())
        self._runner = await listen(app, environment.host, chosen, taken)
        if environment.metrics_port:
            figures = create_figures_app(self._site(environment.metrics_port), self._backend(log_))
            self._figures = await listen(figures, LOOPBACK, environment.metrics_port)
        lag = LoopLag(self.metrics.loop_lagged, monotonic=time.monotonic, sleep=asyncio.sleep)
        self._tasks = [
            self.engine.background(self.engine.run(), "engine"),
            self.engine.background(self.recovery.compare(), "compare"),
            self.engine.background(self.baselines.run(), "baselines"),
            self.engine.background(lag.run(), "loop-lag"),
            self.engine.background(self.calibration.calibrations.run(), "calibrations"),
        ]
        self._ticks.every(TICK, self.engine.renew, "leases")
        self._ticks.every(TICK, self.intake.renew, "inbox leases")
        self._ticks.every(TICK, self._tick, "tick")
        self._ticks.every(30 * TICK, self._heartbeat, "heartbeat")
        self._ticks.every(30 * TICK, self.recovery.tell_cut_off, "cut-off")
        self._ticks.every(SWEEPS, Retention(self.services).sweep, "retention")
        self._ticks.start()
        for platform in self.platforms:
            await platform.start()

    def _backend(self, room_log: RoomLog) -> Backend:
        return Backend(
            intake=self.intake,
            log=room_log,
            facts=Facts(self.services, self.ready),
            alerts=self.intake,
        )

    def _site(self, port: int) -> Site:
        settings = self.reloader.current
        environment = settings.environment
        return Site(
            mode=Mode.TRY if self.try_out else Mode.SERVE,
            hosts=allowed_hosts(environment.host, port, environment.base_url),
            words=self.adapters.viewer_words,
            registry=self.metrics.registry,
            now=self.clock.now,
            time_scale=settings.file.time_scale,
            on_fail=_on_fail(settings.file) if self.try_out else "",
            alerts_token=environment.alerts_token.get_secret_value(),
            metrics_token=environment.metrics_token.get_secret_value(),
            secure_cookie=environment.base_url.startswith("https://"),
        )

    async def _tick(self) -> None:
        """Once a second: the clock, whatever became due elsewhere, and what others left undone."""
        self.clock.watch(idle=self._idle)
        self.engine.wake()
        if self._taking_up is None or self._taking_up.done():
            # Beside the clock: what is taken up may wait for an executor.
            self._taking_up = self.engine.background(self.recovery.take_up(), "take-up")
        await self.recovery.tell_trouble()
        await self._outages.look(time.monotonic())

    async def _heartbeat(self) -> None:
        """Every half minute: renew locks of live releases, sweep those of dead owners, measure."""
        now = self.clock.now()
        dead = self.services.limits.dead_lock

        def work(tx: Tx) -> tuple[timedelta, bool, list[State]]:
            tx.heartbeat(now)
            tx.sweep(now, dead)
            return tx.oldest_due(now), not tx.live_heads(), states(tx, now)

        try:
            waited, self._idle, baselines = await self.store.transact(work)
        except StoreError as error:
            log.warning("heartbeat_failed", code=error.code)
            return
        self.metrics.outbox_waits(waited.total_seconds())
        self.metrics.forget_baselines()
        for one in baselines:
            age = (now - (one.last or _EPOCH)).total_seconds()
            self.metrics.baseline(
                one.source.name, one.source.component, missing=one.of - one.days, age=age
            )

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
        return parts | {platform.name: platform.trouble() for platform in self.platforms}

    async def stop(self) -> None:
        """Stop within ten seconds; what is cut off goes on with the next start."""
        await self._ticks.stop()
        if self._taking_up is not None:
            # Cut off between telling an answer and settling it, it would be told once more.
            await asyncio.wait({self._taking_up}, timeout=_ANSWERS_WITHIN)
        for platform in self.platforms:
            await platform.stop()
        for runner in (self._runner, self._figures):
            if runner is not None:
                await runner.cleanup()
        await self.engine.stop(4.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.calibration.stop()
        await self.adapters.close()
        await self.store.close()


def _on_fail(file: ReleaseFile) -> str:
    """What a failed check leads to where all policies agree, as those of the try-out do."""
    ways = {str(policy.on_fail) for policy in file.policies.values()}
    return ways.pop() if len(ways) == 1 else ""
