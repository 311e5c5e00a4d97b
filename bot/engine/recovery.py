"""What others left behind: recorded messages, executors ahead of the journal, and a sick store."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

import structlog

from bot.core.card import Card
from bot.core.drift import drift
from bot.core.event import Drifted
from bot.core.flow import may_begin
from bot.core.operation import FindState, UnreachableError
from bot.core.release import OPERATIONS, Phase, Release, Step, StepState
from bot.core.value import text
from bot.engine import cut_off
from bot.engine.audience import rooms_of
from bot.engine.engine import Engine
from bot.engine.intake import Intake
from bot.engine.left_behind import Finish, LeftBehind
from bot.engine.operations import executor, operation
from bot.engine.transition import Applied, apply, load, show_again
from bot.ports import RoomError
from bot.store import Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.recovery")

ASKS = frozenset({Phase.RUNNING, Phase.PAUSED})


class Recovery:
    """Makes one process take up what another one left, or what a restored backup forgot."""

    def __init__(
        self, engine: Engine, intake: Intake, finishers: Mapping[str, Finish] | None = None
    ) -> None:
        """`finishers`: surface -> how its platform does and answers what it recorded."""
        self._engine = engine
        self._services = engine.services
        self._left = LeftBehind(intake, finishers or {})
        self._code = ""
        self._episode = 0
        self._tried: set[str] = set()
        self._told: set[str] = set()
        self._rooms: tuple[str, ...] = ()

    async def remember(self) -> None:
        """Note which releases are older than this process; before any of them is worked on."""
        heads = await self._services.store.read(lambda tx: tx.live_heads())
        self._engine.inherit(head.id for head in heads)

    async def compare(self) -> None:
        """Ask the executors of every live release whether more was done than the journal says.

        So a database that was restored from an older backup freezes what is ahead of it, and asks.
        """
        heads = await self._services.store.read(lambda tx: tx.live_heads())
        for head in heads:
            if head.phase in ASKS:
                await self._compare(head.id)

    async def _compare(self, release_id: int) -> None:
        services = self._services
        release = await services.store.read(lambda tx: load(tx, release_id))
        if release is None:
            return
        for change in release.changes:
            found = await self._ahead(release, change.component)
            if found is not None:
                await self._freeze(release, found)

    async def _freeze(self, seen: Release, event: Drifted) -> None:
        """Ask, unless the component moved on while the executor was asked."""
        services = self._services

        def work(tx: Tx) -> Applied | None:
            release = load(tx, seen.id)
            if release is None or release.of(event.component) != seen.of(event.component):
                return None
            applied = apply(tx, seen.id, event, services=services)
            if applied is not None:
                show_again(tx, applied.outcome.release, services=services)
            return applied

        applied = await services.store.transact(work)
        if applied is not None:
            self._engine.pursue(applied)

    async def _ahead(self, release: Release, component: str) -> Drifted | None:
        """Another version than the journal says, or an operation that it does not know of."""
        port = executor(self._services, release, component)
        try:
            found = drift(release, component, await port.running(component))
            if found is not None:
                return Drifted(component=component, expected=found[0], found=found[1])
            for step in _next_operations(release, component):
                wanted = operation(release, step.model_copy(update={"attempt": step.attempt + 1}))
                if (await port.find(wanted)).state is FindState.FOUND:
                    return Drifted(component=component, expected=step.id, found=wanted.key)
        except UnreachableError as error:
            # Nothing is begun unseen: the first start of this release looks for its key again.
            log.warning("not_compared", release=release.id, component=component, why=str(error))
        return None

    async def take_up(self) -> None:
        """Do what a killed process had recorded and not yet told; every second is often enough."""
        try:
            count = await self._left.take_up()
        except StoreError as error:
            log.warning("recovery_waits", code=error.code)
            return
        if count:
            log.info("recovered_messages", count=count)

    async def tell_cut_off(self) -> None:
        """Say of backtests whose process was killed that nothing comes any more."""
        try:
            count = await cut_off.tell(self._services)
        except StoreError as error:
            log.warning("recovery_waits", code=error.code)
            return
        if count:
            log.info("cut_off_told", count=count)

    async def tell_trouble(self) -> None:
        """Tell each room of a live release once that nothing can or could be stored.

        A room that needs the store itself hears it afterwards.
        """
        code = self._engine.trouble
        if code:
            self._code = code
            await self._tell("trouble.now")
        elif self._episode != self._engine.troubles:
            self._episode = self._engine.troubles
            self._tried.clear()
            await self._tell("trouble.over")
            self._tried.clear()
            self._told.clear()

    async def _tell(self, key: str) -> None:
        said = text(key, code=self._code)
        card = Card(kind="notice", title=said, text=said, at=self._services.now())
        for room in await self._concerned():
            port = self._services.adapters.room(room)
            if port is None or room in self._tried | self._told:
                continue
            self._tried.add(room)
            try:
                await port.show(f"trouble:{uuid.uuid4().hex}", card, None)
            except RoomError as error:
                log.warning("trouble_not_told", room=room, error=str(error))
            else:
                self._told.add(room)

    async def _concerned(self) -> Iterable[str]:
        """The rooms of live releases; the last known ones while nothing can be read."""
        services = self._services
        try:
            live = await services.store.read(
                lambda tx: [load(tx, head.id) for head in tx.live_heads()]
            )
        except StoreError:
            return self._rooms
        rooms = (room for r in live if r is not None for room in rooms_of(r, services.file()))
        self._rooms = tuple(dict.fromkeys(rooms))
        return self._rooms


def _next_operations(release: Release, component: str) -> tuple[Step, ...]:
    """The operations that could be the next to begin: before them nothing was begun."""
    return tuple(
        step
        for step in release.of(component)
        if step.kind in OPERATIONS and (step.state is StepState.ASKED or may_begin(release, step))
    )
