"""Effects on rooms: bring a card up to date in one room, once for each thing it says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import structlog

from bot.core import access, view
from bot.core.card import Card
from bot.core.config import ReleaseFile
from bot.core.inbound import DIRECT
from bot.core.question import Question, QuestionKind
from bot.core.release import Release, Step, StepKind, StepState
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import watching
from bot.engine.audience import escalates
from bot.engine.job import Job
from bot.engine.services import Services
from bot.engine.transition import note
from bot.ports import Room, RoomBusyError, RoomError
from bot.store import Tx

log = structlog.get_logger("release_master.rooms")


def asked_people(release: Release, question: Question, file: ReleaseFile) -> tuple[str, ...]:
    """Who may answer a question now (keys of people)."""
    verb = access.ANSWERS.get(question.kind, Verb.RETRY)
    return access.eligible(
        file.people,
        release.target,
        release.config.target,
        verb=verb,
        component=question.component,
        without=access.barred(release, question.kind, verb),
    )


def card_of(release: Release, slot: str, services: Services) -> Card | None:
    """The card of a slot as the release is now; None when the slot has nothing to show."""
    kind, _, rest = slot.partition(":")
    return _CARDS[kind](release, rest, services) if kind in _CARDS else None


def board(release: Release, services: Services) -> Card:
    """The board as it is now, with the people who are asked."""
    file = services.file()
    asked = {
        question.id: [file.people[person].name for person in asked_people(release, question, file)]
        for question in release.open_questions
    }
    return view.board(release, services.now(), asked)


def _board(release: Release, _: str, services: Services) -> Card:
    return board(release, services)


def _question(release: Release, number: str, services: Services) -> Card:
    question = release.questions[int(number) - 1]
    card = view.question(release, question, asked_people(release, question, services.file()))
    if question.kind is not QuestionKind.START or question.closed is not None:
        return card
    return card.model_copy(update={"lines": (*card.lines, *services.adapters.notes(release))})


def _check(release: Release, step_id: str, _: Services) -> Card | None:
    step = release.step(step_id)
    return view.check(release, step) if step.rounds or step.next_at else None


def _override(release: Release, step_id: str, _: Services) -> Card:
    return view.override(release, release.step(step_id))


def _reminder(release: Release, rest: str, services: Services) -> Card | None:
    """A question said again; nothing once it is decided."""
    number = rest.partition(":")[0]
    question = release.questions[int(number) - 1]
    if question.closed is not None or not release.live:
        return None
    last = escalates(release, rest)
    named = release.config.target.escalate_to if last else ()
    people = tuple(p for p in named if p in services.file().people)
    return view.reminder(release, question, last=last, mentions=people)


def _expired(release: Release, number: str, _: Services) -> Card:
    return view.expired(release, release.questions[int(number) - 1])


def _rollback(release: Release, _: str, __: Services) -> Card:
    return view.rollback(release)


def _pause(release: Release, number: str, _: Services) -> Card:
    return view.paused(release, release.pauses[int(number) - 1])


def _result(release: Release, _: str, __: Services) -> Card | None:
    return None if release.live else view.result(release)


def _each(release: Release, step_id: str, _: Services) -> Card:
    return view.share(release, release.step(step_id), digest=False)


def _digest(release: Release, group: str, _: Services) -> Card | None:
    told = [s for s in release.steps if _told(s, group)]
    return view.share(release, told[0], digest=True) if told else None


def _told(step: Step, group: str) -> bool:
    return step.kind is StepKind.ANNOUNCE and step.group == group and step.state is StepState.DONE


_CARDS: dict[str, Callable[[Release, str, Services], Card | None]] = {
    "board": _board,
    "question": _question,
    "check": _check,
    "override": _override,
    "reminder": _reminder,
    "expired": _expired,
    "pause": _pause,
    "rollback": _rollback,
    "result": _result,
    "each": _each,
    "digest": _digest,
}


async def deliver(job: Job) -> None:
    """Bring one card up to date in one room; the last state wins, the same is not sent again.

    What failed is tried again, more and more slowly; giving it up is journalled.
    """
    room, services = job.effect.room, job.services
    async with job.lane:
        release = await job.release()
        port = await _port(services, room, release) if release else None
        card = card_of(release, job.effect.slot, services) if release else None
        if port is None or release is None or card is None:
            await job.done()
            return
        # Others may have waited for the room for long before this one.
        await job.hold()
        try:
            told = watching.for_one(card) if room.startswith(DIRECT) else card
            await _send(job, port, release, told)
        except RoomBusyError as busy:
            log.debug("delivery_waits", room=room, slot=job.effect.slot, why=str(busy))
            await job.waits(busy.seconds)
        except RoomError as error:
            log.warning("delivery_failed", room=room, slot=job.effect.slot, error=str(error))
            services.watch.delivery_failed(DIRECT if room.startswith(DIRECT) else room)
            await _failed(job, release)


async def _port(services: Services, room: str, release: Release) -> Room | None:
    if room.startswith(DIRECT):
        return await watching.reach(services, room, release)
    return services.adapters.room(room)


async def _send(job: Job, port: Room, release: Release, card: Card) -> None:
    room, slot, services = job.effect.room, job.effect.slot, job.services
    before = await services.store.read(lambda tx: tx.post(room, release.id, slot))
    digest = digest_of(card)
    if before.digest == digest if before else _is_forgotten(release, services):
        await job.done()
        return
    ref = await port.show(f"release:{release.id}:{slot}", card, before.ref if before else None)
    at = services.now()

    def keep(tx: Tx) -> None:
        tx.put_post(room, release.id, slot, ref=ref, digest=digest, at=at)

    await job.done(keep)


def _is_forgotten(release: Release, services: Services) -> bool:
    """Whether it is no longer known where its messages stand: what is told late is told nowhere."""
    ended = release.ended_at
    return ended is not None and ended < services.now() - services.file().keep


async def _failed(job: Job, release: Release) -> None:
    if job.row.tries < job.services.limits.deliveries:
        await job.again()
        return
    fact = text("fact.delivery_failed", rooms=job.effect.room, slot=job.effect.slot)
    now = job.services.now()
    await job.done(lambda tx: note(tx, release.id, "delivery_failed", (fact,), now=now))


def digest_of(card: Card) -> str:
    """What a card says, without the moment it was made: an unchanged card is not sent again."""
    body = card.model_dump_json(exclude={"at"})
    return hashlib.sha256(body.encode()).hexdigest()[:16]
