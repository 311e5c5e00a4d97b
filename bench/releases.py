"""Releases to measure with: stored by the thousand, moved, and replayed. Used by bench.engine."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from bot.core.config import ReleaseFile, WebRoom
from bot.core.effect import EffectKind
from bot.core.event import Order
from bot.core.machine import replay
from bot.core.verb import Verb
from bot.engine.services import Services, Unwatched
from bot.engine.transition import apply, create
from bot.store import Store, Tx
from tests.support.releases import STARTER, T0, release, started, target

if TYPE_CHECKING:
    from datetime import datetime


BATCH = 200
ROOMS = ReleaseFile(rooms={"release": WebRoom(kind="web")}, targets={"openchat": target()})


class NoAdapters:
    """Releases are only moved here; nothing reaches the world."""

    def executor(self, config: object) -> object:
        """None is needed."""
        raise NotImplementedError

    log_store = executor
    room = executor


def services(store: Store, now: datetime) -> Services:
    """Just enough to store transitions."""
    return Services(
        store=store,
        adapters=NoAdapters(),  # type: ignore[arg-type]  # nothing is reached
        file=lambda: ROOMS,
        digest=lambda: "",
        now=lambda: now,
        seed=lambda: "seed",
        owner="bench",
        watch=Unwatched(),
    )


async def fill(url: str, count: int, now: datetime) -> None:
    """Store releases that wait for their first Go, each of its own target, with their timers."""
    store = Store(url)
    await store.open()
    made = services(store, now)

    def batch(tx: Tx, numbers: range) -> None:
        for number in numbers:
            _waiting(tx, made, f"target-{number}")

    for begin in range(0, count, BATCH):
        numbers = range(begin, min(count, begin + BATCH))
        await store.transact(partial(batch, numbers=numbers))
    await store.close()


def _waiting(tx: Tx, made: Services, name: str) -> None:
    new = tx.new_release(name, made.now())
    fresh = release().model_copy(
        update={"id": new, "target": name, "planned_at": made.now(), "home": "release"}
    )
    tx.claim([f"target:{name}"], new, owner="Ann", reason="bench", at=made.now())
    create(tx, fresh, services=made)
    apply(tx, new, Order(verb=Verb.START, actor=STARTER), services=made)
    shown = [str(EffectKind.SHOW), str(EffectKind.SHARE)]
    tx.cancel_kinds(new, shown)


async def transition_speed(url: str, count: int) -> float:
    """Stored transitions a second: pause and resume by turns, each its own durable commit."""
    store = Store(url)
    await store.open()
    made = services(store, T0)
    await store.transact(lambda tx: _waiting(tx, made, "openchat"))
    began = time.perf_counter()
    for number in range(count):
        verb = Verb.RESUME if number % 2 else Verb.PAUSE
        await store.transact(partial(_move, made=made, verb=verb))
    spent = time.perf_counter() - began
    await store.close()
    return round(count / spent, 1)


def _move(tx: Tx, made: Services, verb: Verb) -> None:
    applied = apply(tx, 1, Order(verb=verb, actor=STARTER), services=made)
    assert applied is not None
    assert applied.outcome.refusal is None, applied.outcome.refusal


async def replay_speed(times: int) -> float:
    """Events a second when the journal of a whole release is replayed."""
    world = started()
    while world.release.live:
        world.run()
        for question in world.release.open_questions:
            world.click(question, Verb.APPROVE)
    happened = tuple(world.happened)
    began = time.perf_counter()
    for _ in range(times):
        assert replay(happened) == world.release
    return round(len(happened) * times / (time.perf_counter() - began), 1)
