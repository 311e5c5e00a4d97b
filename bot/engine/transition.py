"""One event, one transaction: journal row, new state, effects; or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.config import OnFail
from bot.core.effect import Effect, EffectKind
from bot.core.event import Event, Happened, Order, Planned, Replanned
from bot.core.machine import Outcome, advance, plan_release
from bot.core.release import AT_REST, Release
from bot.core.value import Text, Value, text
from bot.core.watch import subjects
from bot.engine.audience import Errand, errands
from bot.engine.services import Services
from bot.store import Tx
from bot.store.rows import EffectRow

OUTSIDE = frozenset({"refused", "delivery_failed", "unlocked", "without_backtest"})
"""Codes of journal rows that tell of something which did not move the release."""
ROOMS = frozenset({EffectKind.SHOW, EffectKind.SHARE})
"""Effects on rooms; they go on when the release has ended."""


class Entry(Value):
    """The body of a journal row: the event (None for a row outside the release) and its facts."""

    event: Event | None = None
    facts: tuple[Text, ...] = ()


class Applied(Value):
    """A transition, and the effects that this process has taken along with it."""

    model_config = {"arbitrary_types_allowed": True}

    outcome: Outcome
    taken: tuple[EffectRow, ...] = ()
    ended: bool = False
    """The release came to its end by this event."""
    rested: tuple[tuple[str, str], ...] = ()
    """(kind, state) of each step that came to rest by this event."""


def load(tx: Tx, release_id: int) -> Release | None:
    """The release as stored, None when there is none with this id."""
    row = tx.get(release_id)
    return Release.model_validate_json(row.body) if row else None


def create(tx: Tx, release: Release, *, services: Services) -> Applied:
    """Store a new release (its id and locks were claimed in this transaction) and begin it."""
    outcome = plan_release(release, services.now())
    applied = _keep(tx, outcome, Planned(release=release), services=services, expected=0)
    policies = release.config.policies.items()
    names = [n for n, p in policies if _unproven(p.on_fail, p.auto_rollback_without_backtest)]
    if names:
        fact = text("fact.without_backtest", components=", ".join(names))
        now, who = services.now(), release.started_by.name
        note(tx, release.id, "without_backtest", (fact,), now=now, actor=who)
    return applied


def _unproven(on_fail: OnFail, overridden: bool) -> bool:
    return on_fail is OnFail.ROLL_BACK and overridden


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
    if outcome.refusal is not None:
        note(tx, release_id, "refused", (outcome.refusal,), now=now, actor=_who(event))
        return Applied(outcome=outcome)
    if outcome.release is release and not outcome.effects and not outcome.facts:
        return Applied(outcome=outcome)
    applied = _keep(tx, outcome, event, services=services, expected=row.version)
    return applied.model_copy(
        update={
            "ended": release.live and applied.ended,
            "rested": _rested(release, outcome.release),
        }
    )


def _rested(before: Release, after: Release) -> tuple[tuple[str, str], ...]:
    states = {step.id: step.state for step in before.steps}
    return tuple(
        (str(step.kind), str(step.state))
        for step in after.steps
        if step.state in AT_REST and states.get(step.id) is not step.state
    )


def note(
    tx: Tx, release_id: int, code: str, facts: Iterable[Text], *, now: datetime, actor: str = ""
) -> None:
    """A journal row that moves nothing: a refusal, a failed delivery, an unlock."""
    body = Entry(facts=tuple(facts)).model_dump_json()
    tx.append(release_id, at=now, actor=actor, code=code, body=body)


def _who(event: Event) -> str:
    if isinstance(event, Planned):
        return event.release.started_by.name
    return event.actor.name if isinstance(event, (Order, Replanned)) else ""


def _keep(tx: Tx, outcome: Outcome, event: Event, *, services: Services, expected: int) -> Applied:
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
    tx.append(release.id, at=now, actor=_who(event), code=event.kind, body=body)
    file = services.file()
    told = any(effect.kind in ROOMS for effect in outcome.effects)
    watchers = tx.watches(subjects(release)) if told else ()
    taken = tuple(
        row
        for effect in outcome.effects
        for errand in errands(release, effect, file, watchers)
        if (row := _enqueue(tx, release.id, errand, services)) is not None
    )
    if not release.live:
        _end(tx, release)
    return Applied(outcome=outcome, taken=taken, ended=not release.live)


def _enqueue(tx: Tx, release_id: int, errand: Errand, services: Services) -> EffectRow | None:
    """Keep an effect; what is due now is taken along, which saves a transaction."""
    now = services.now()
    # A card waits a moment, so that changes of one instant become one edit, and hosts come first.
    wait = services.limits.coalesce if errand.kind is EffectKind.SHOW else timedelta(0)
    moment = max(errand.due, now + wait) if wait else errand.due
    due = moment <= now
    row = tx.enqueue(
        release_id,
        errand.key,
        kind=str(errand.kind),
        body=errand.model_dump_json(),
        due_at=moment,
        taken_by=services.owner if due else None,
        lease_until=now + services.limits.lease if due else None,
    )
    return row if row.taken and row.owner == services.owner else None


def show_again(tx: Tx, release: Release, *, services: Services) -> None:
    """Bring board and open questions up to date, also where the store believes that they are.

    After a backup was restored, rooms show what was said since.
    """
    now = services.now()
    for slot in ("board", *(f"question:{question.id}" for question in release.open_questions)):
        effect = Effect(kind=EffectKind.SHOW, key=f"show:{slot}", due=now, slot=slot)
        for errand in errands(release, effect, services.file()):
            post = tx.post(errand.room, release.id, slot)
            if post is not None:
                tx.put_post(errand.room, release.id, slot, ref=post.ref, digest="", at=now)
            _enqueue(tx, release.id, errand, services)


def _end(tx: Tx, release: Release) -> None:
    tx.cancel_kinds(release.id, [str(kind) for kind in EffectKind if kind not in ROOMS])
    tx.free(release.id)


def happened(tx: Tx, release_id: int) -> tuple[Happened, ...]:
    """The events of a release for a replay, without the rows that moved nothing."""
    entries = (
        (row.at, Entry.model_validate_json(row.body).event)
        for row in tx.journal(release_id)
        if row.code not in OUTSIDE
    )
    return tuple(Happened(at=at, event=event) for at, event in entries if event is not None)
