"""One event, one transaction: journal row, new state, effects; or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import TypeAdapter

from bot.core.effect import Effect, EffectKind
from bot.core.event import Event, Happened, Order, Planned, Replanned
from bot.core.machine import Outcome, advance, plan_release
from bot.core.release import Release
from bot.core.value import Text, Value
from bot.engine.services import Services
from bot.store import Tx
from bot.store.rows import EffectRow

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
OUTSIDE = frozenset({"refused", "delivery_failed", "unlocked"})
"""Codes of journal rows that tell of something which did not move the release."""


class Entry(Value):
    """The body of a journal row: the event (None for a row outside the release) and its facts."""

    event: Event | None = None
    facts: tuple[Text, ...] = ()


class Applied(Value):
    """A transition, and the effects that this process has taken along with it."""

    model_config = {"arbitrary_types_allowed": True}

    outcome: Outcome
    taken: tuple[EffectRow, ...] = ()


def load(tx: Tx, release_id: int) -> Release | None:
    """The release as stored, None when there is none with this id."""
    row = tx.get(release_id)
    return Release.model_validate_json(row.body) if row else None


def create(tx: Tx, release: Release, *, services: Services) -> Applied:
    """Store a new release (its id and locks were claimed in this transaction) and begin it."""
    now = services.now()
    outcome = plan_release(release, now)
    event = Planned(release=release)
    return _keep(tx, outcome, event, services=services, expected=0, actor=release.started_by.name)


def apply(tx: Tx, release_id: int, event: Event, *, services: Services) -> Applied | None:
    """Move a release by one event; None when there is no such release.

    Nothing is written when the event changed nothing; a refused order is journalled.
    """
    row = tx.get(release_id)
    if row is None:
        return None
    release = Release.model_validate_json(row.body)
    now = services.now()
    outcome = advance(release, event, now)
    actor = event.actor.name if isinstance(event, (Order, Replanned)) else ""
    if outcome.refusal is not None:
        note(tx, release_id, "refused", (outcome.refusal,), now=now, actor=actor)
        return Applied(outcome=outcome)
    if outcome.release is release and not outcome.effects and not outcome.facts:
        return Applied(outcome=outcome)
    return _keep(tx, outcome, event, services=services, expected=row.version, actor=actor)


def note(
    tx: Tx, release_id: int, code: str, facts: Iterable[Text], *, now: datetime, actor: str = ""
) -> None:
    """A journal row that moves nothing: a refusal, a failed delivery, an unlock."""
    body = Entry(facts=tuple(facts)).model_dump_json()
    tx.append(release_id, at=now, actor=actor, code=code, body=body)


def _keep(  # noqa: PLR0913 - one place where everything meets; all but three are keywords
    tx: Tx, outcome: Outcome, event: Event, *, services: Services, expected: int, actor: str
) -> Applied:
    release, now = outcome.release, services.now()
    tx.put_body(
        release.id,
        expected_version=expected,
        phase=str(release.phase),
        live=release.live,
        body=release.model_dump_json(),
        at=now,
    )
    body = Entry(event=event, facts=outcome.facts).model_dump_json()
    tx.append(release.id, at=now, actor=actor, code=event.kind, body=body)
    taken = tuple(
        row for effect in outcome.effects if (row := _enqueue(tx, release.id, effect, services))
    )
    if not release.live:
        _end(tx, release)
    return Applied(outcome=outcome, taken=taken)


def _enqueue(tx: Tx, release_id: int, effect: Effect, services: Services) -> EffectRow | None:
    """Keep an effect; what is due now is taken along, which saves a transaction."""
    now = services.now()
    due = effect.due <= now
    row = tx.enqueue(
        release_id,
        effect.key,
        kind=str(effect.kind),
        body=effect.model_dump_json(),
        due_at=effect.due,
        taken_by=services.owner if due else None,
        lease_until=now + services.limits.lease if due else None,
    )
    return row if row.taken and row.owner == services.owner else None


def _end(tx: Tx, release: Release) -> None:
    kinds = [k for k in EffectKind if k not in {EffectKind.SHOW, EffectKind.SHARE}]
    tx.cancel_kinds(release.id, [str(k) for k in kinds])
    tx.free(release.id)


def happened(tx: Tx, release_id: int) -> tuple[Happened, ...]:
    """The events of a release for a replay, without the rows that moved nothing."""
    entries = (
        (row.at, Entry.model_validate_json(row.body).event)
        for row in tx.journal(release_id)
        if row.code not in OUTSIDE
    )
    return tuple(Happened(at=at, event=event) for at, event in entries if event is not None)
