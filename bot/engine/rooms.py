"""Effects on rooms: bring a card up to date everywhere, and share start, canary and finish."""

from __future__ import annotations

import asyncio
import hashlib

import structlog

from bot.core import access, view
from bot.core.card import Card
from bot.core.config import ReleaseFile, Share
from bot.core.release import SATISFIED, Phase, Question, QuestionKind, Release, Step, StepKind
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine.engine import Job
from bot.engine.services import Services
from bot.engine.transition import note
from bot.ports import RoomError

log = structlog.get_logger("release_master.rooms")

ANSWERS = {
    QuestionKind.START: Verb.START,
    QuestionKind.GATE: Verb.APPROVE,
    QuestionKind.GO: Verb.GO,
    QuestionKind.VERDICT_FAIL: Verb.ROLLBACK,
    QuestionKind.COUNTDOWN: Verb.ROLLBACK,
    QuestionKind.REJECTED: Verb.ROLLBACK,
    QuestionKind.INCONCLUSIVE: Verb.OVERRIDE,
    QuestionKind.ROLLBACK_FAILED: Verb.OVERRIDE,
}
"""The verb whose people are asked; every other question asks whoever may retry."""


def rooms_of(release: Release, file: ReleaseFile) -> tuple[str, ...]:
    """The home room and its mirrors: where the board, questions and verdicts stand."""
    target = file.targets.get(release.target, release.config.target)
    rooms = dict.fromkeys((release.home, *target.rooms))
    return tuple(room for room in rooms if room in file.rooms)


def asked_people(release: Release, question: Question, file: ReleaseFile) -> tuple[str, ...]:
    """Who may answer a question now (keys of people)."""
    verb = ANSWERS.get(question.kind, Verb.RETRY)
    barred: tuple[str, ...] = ()
    if question.kind is QuestionKind.GATE and not release.config.target.self_approval:
        barred = (release.started_by.person,)
    return access.eligible(
        file.people,
        release.target,
        release.config.target,
        verb=verb,
        component=question.component,
        barred=barred,
    )


def card_of(release: Release, slot: str, services: Services) -> Card | None:
    """The card of a slot as the release is now; None when the slot has nothing to show."""
    kind, _, rest = slot.partition(":")
    match kind:
        case "board":
            return view.board(release, services.now())
        case "question":
            question = release.questions[int(rest) - 1]
            return view.question(release, question, asked_people(release, question, services.file()))
        case "check":
            step = release.step(rest)
            return view.check(release, step) if step.rounds or step.next_at else None
        case "override":
            return view.override(release, release.step(rest))
        case "reminder":
            return _reminder(release, rest, services)
        case "rollback":
            return view.rollback(release)
        case "result":
            return view.result(release) if not release.live else None
    return None


def _reminder(release: Release, rest: str, services: Services) -> Card | None:
    number, _, count = rest.partition(":")
    question = release.questions[int(number) - 1]
    if question.closed is not None:
        return None
    target = release.config.target
    last = int(count) >= len(target.reminders) and bool(target.escalate_to)
    people = tuple(p for p in target.escalate_to if p in services.file().people)
    return view.reminder(release, question, last=last, mentions=people if last else ())


async def show(job: Job) -> None:
    """Bring one card up to date in every room it stands in; the last state wins."""
    release = await job.release()
    slot = job.effect.slot
    card = card_of(release, slot, job.services) if release else None
    if release is None or card is None:
        await job.done()
        return
    rooms = list(rooms_of(release, job.services.file()))
    if slot == "result" and release.phase is not Phase.DONE:
        rooms += [s.room for s in release.config.target.share if s.room not in rooms]
    if slot.startswith("reminder:") and card.mentions:
        rooms += [r for r in release.config.target.escalate_to if r in job.services.file().rooms]
    await _deliver(job, release, {room: (slot, card) for room in dict.fromkeys(rooms)})


async def share(job: Job) -> None:
    """Tell the rooms that only hear: each component, or once for the whole release."""
    release = await job.release()
    if release is None:
        await job.done()
        return
    step = release.step(job.effect.step)
    cards: dict[str, tuple[str, Card]] = {}
    for room in release.config.target.share:
        if room.share is Share.EACH:
            cards[room.room] = (f"share:{step.id}", view.share(release, step, digest=False))
        elif digest_due(release, step):
            cards[room.room] = (f"digest:{step.group}", view.share(release, step, digest=True))
    await _deliver(job, release, cards)


def digest_due(release: Release, step: Step) -> bool:
    """Whether this sharing message is the one that a digest room hears of its kind."""
    alike = [
        s
        for s in release.steps
        if s.kind is StepKind.ANNOUNCE and s.group == step.group and not s.undo
    ]
    told = [s for s in alike if s.state in SATISFIED]
    if step.group == "finish":
        return len(told) == len(alike)
    return min(told, key=lambda s: (s.finished_at or release.planned_at, s.number)).id == step.id


async def _deliver(job: Job, release: Release, cards: dict[str, tuple[str, Card]]) -> None:
    """Show the cards; what failed is tried again later, without repeating what succeeded."""
    failed = [
        room
        for room, ok in zip(
            cards,
            await asyncio.gather(
                *(_show_in(job.services, release, room, *cards[room]) for room in cards)
            ),
            strict=True,
        )
        if not ok
    ]
    if not failed:
        await job.done()
        return
    limits, tries = job.services.limits, job.row.tries
    if tries >= limits.deliveries:
        fact = text("fact.delivery_failed", rooms=", ".join(failed), slot=job.effect.key)
        now = job.services.now()
        await job.services.store.transact(
            lambda tx: note(tx, release.id, "delivery_failed", (fact,), now=now)
        )
        await job.done()
        return
    await job.later(limits.retry[min(tries, len(limits.retry)) - 1])


async def _show_in(services: Services, release: Release, room: str, slot: str, card: Card) -> bool:
    port = services.adapters.room(room)
    if port is None:
        return True
    before = await services.store.read(lambda tx: tx.post(room, release.id, slot))
    digest = digest_of(card)
    if before is not None and before.digest == digest:
        return True
    try:
        ref = await port.show(f"release:{release.id}:{slot}", card, before.ref if before else None)
    except RoomError as error:
        log.warning("delivery_failed", room=room, slot=slot, error=str(error))
        services.watch.delivery_failed(room)
        return False
    now = services.now()
    await services.store.transact(lambda tx: tx.put_post(room, release.id, slot, ref=ref, digest=digest, at=now))
    return True


def digest_of(card: Card) -> str:
    """What a card says, without the moment it was made: an unchanged card is not sent again."""
    body = card.model_dump_json(exclude={"at"})
    return hashlib.sha256(body.encode()).hexdigest()[:16]
