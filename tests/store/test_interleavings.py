"""However two owners and a planner come in each other's way, an effect has one lease at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import EffectRow, Tx
from bot.store.database import Database

_START = datetime(2026, 1, 1, tzinfo=UTC)
_LEASE = timedelta(seconds=5)
_OWNERS = st.sampled_from(["one", "two"])
_KEYS = st.sampled_from(["a", "b", "c"])
_SECONDS = st.integers(-2, 8)
_STEPS = st.one_of(
    st.tuples(st.just("enqueue"), _KEYS, _SECONDS, st.one_of(st.none(), _OWNERS)),
    st.tuples(st.just("take"), _OWNERS),
    st.tuples(st.just("take"), _OWNERS),
    st.tuples(st.just("renew"), _OWNERS),
    st.tuples(st.just("finish"), _OWNERS),
    st.tuples(st.just("postpone"), _OWNERS, _SECONDS),
    st.tuples(st.just("cancel"), _KEYS),
    st.tuples(st.just("pass"), st.integers(1, 7)),
)


@dataclass
class Known:
    """What must be true of one effect."""

    id: int
    due: datetime
    generation: int = 1
    owner: str | None = None
    until: datetime = _START
    running: int = 0

    def is_free(self, now: datetime) -> bool:
        """Whether it may be taken at this moment."""
        return self.due <= now and (self.owner is None or self.until <= now)


@dataclass
class World:
    """The database beside the plainest model of it."""

    database: Database
    now: datetime = _START
    effects: dict[str, Known] = field(default_factory=dict)
    runs: set[tuple[str, int, int]] = field(default_factory=set)
    """(owner, id, generation) that an owner believes to be its own."""

    def do(self, work: Callable[[Tx], Any]) -> Any:
        """One transaction."""
        return self.database.write(work)[0]

    def by_id(self, effect_id: int) -> Known | None:
        """The known effect with this id."""
        return next((known for known in self.effects.values() if known.id == effect_id), None)

    def lease(self, known: Known, owner: str) -> None:
        """The owner holds it now."""
        known.owner, known.running = owner, known.generation
        known.until = max(self.now + _LEASE, known.due)
        self.runs.add((owner, known.id, known.generation))

    def enqueue(self, key: str, seconds: int, owner: str | None) -> None:
        """A planner enqueues a key, perhaps to run it itself."""
        due = self.now + timedelta(seconds=seconds)
        row: EffectRow = self.do(
            lambda tx: tx.enqueue(
                1,
                key,
                kind="k",
                body="{}",
                due_at=due,
                taken_by=owner,
                lease_until=self.now + _LEASE if owner else None,
            )
        )
        known = self.effects.setdefault(key, Known(row.id, due, generation=0))
        known.generation += 1
        known.due = due
        may_take = owner is not None and known.owner is None
        assert (row.id, row.generation, row.taken) == (known.id, known.generation, may_take)
        if may_take and owner is not None:
            self.lease(known, owner)
        known.until = max(known.until, due)

    def take(self, owner: str) -> None:
        """An owner takes all it may: exactly what is due and held by nobody."""
        free = {known.id for known in self.effects.values() if known.is_free(self.now)}
        rows: list[EffectRow] = self.do(
            lambda tx: tx.take(owner, self.now, self.now + _LEASE, limit=10)
        )
        assert {row.id for row in rows} == free
        for row in rows:
            known = self.by_id(row.id)
            assert known is not None
            self.lease(known, owner)

    def renew(self, owner: str) -> None:
        """An owner renews what it believes in and hears what is still its own."""
        ids = {effect_id for who, effect_id, _ in self.runs if who == owner}
        until = self.now + _LEASE
        kept = self.do(lambda tx: tx.renew(ids, owner, until))
        mine = {known.id for known in self.effects.values() if known.owner == owner}
        assert kept == ids & mine
        for known in self.effects.values():
            if known.id in kept:
                known.until = max(until, known.due)
        self.runs = {run for run in self.runs if run[0] != owner or run[1] in kept}

    def finish(self, owner: str) -> None:
        """An owner ends a run; it counts only while the lease is its own."""
        run = min((run for run in self.runs if run[0] == owner), default=None)
        if run is None:
            return
        self.runs.discard(run)
        known = self.by_id(run[1])
        is_mine = known is not None and known.owner == owner
        assert self.do(lambda tx: tx.finish(run[1], owner, run[2])) is is_mine
        if known is not None and is_mine and known.generation == run[2]:
            self.effects = {k: v for k, v in self.effects.items() if v.id != run[1]}
        elif known is not None and is_mine:
            known.owner = None

    def postpone(self, owner: str, seconds: int) -> None:
        """An owner gives a run back for later."""
        run = min((run for run in self.runs if run[0] == owner), default=None)
        if run is None:
            return
        self.runs.discard(run)
        known = self.by_id(run[1])
        later = self.now + timedelta(seconds=seconds)
        is_mine = known is not None and known.owner == owner
        assert self.do(lambda tx: tx.postpone(run[1], owner, later)) is is_mine
        if known is not None and is_mine:
            known.due = later if known.running == known.generation else known.due
            known.owner = None

    def cancel(self, key: str) -> None:
        """The planner wants the key no more."""
        gone = self.do(lambda tx: tx.cancel(1, key))
        assert (gone is not None) is (key in self.effects)
        self.effects.pop(key, None)

    def step(self, name: str, *values: Any) -> None:
        """One step of the story."""
        if name == "pass":
            self.now += timedelta(seconds=values[0])
        else:
            getattr(self, name)(*values)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(_STEPS, max_size=60))
def test_an_effect_never_has_two_leases(database: Database, steps: list[tuple[Any, ...]]) -> None:
    """Takes give exactly what is free, and only the holder of the lease can end a run."""
    database.write(lambda tx: tx.connection.exec_driver_sql("DELETE FROM effects"))
    world = World(database)

    for step in steps:
        world.step(*step)

    stored = database.read(lambda tx: {row.key: (row.id, row.owner) for row in tx.effects(1)})
    assert stored == {key: (known.id, known.owner) for key, known in world.effects.items()}
