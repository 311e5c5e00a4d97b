"""Which rooms hear what: an effect on rooms becomes one errand a room, with its own lease.

A room that is slow or gone holds up its own errands only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.core.config import ReleaseFile, Share, usual_share
from bot.core.effect import Effect, EffectKind
from bot.core.inbound import DIRECT
from bot.core.release import SATISFIED, Phase, Release, Step, StepKind
from bot.core.watch import Events, hears
from bot.store.rows import WatchRow

FINISH = "digest:finish"
"""The slot in which a digest room hears of the end of a release that went well."""


class Errand(Effect):
    """An effect as it is stored: one on rooms names its room."""

    room: str = ""


def errands(
    release: Release, effect: Effect, file: ReleaseFile, watchers: Iterable[WatchRow] = ()
) -> Iterator[Errand]:
    """The rows that an effect becomes, given the release behind it and the rooms there are now.

    Whoever watches is told one to one, once, however many of their watches say so.
    """
    fields = effect.model_dump()
    if effect.kind not in {EffectKind.SHOW, EffectKind.SHARE}:
        yield Errand.model_validate(fields)
        return
    hearers = (
        _shared(release, effect, file)
        if effect.kind is EffectKind.SHARE
        else _shown(release, effect, file)
    )
    alone = _alone(release, effect, file, watchers)
    for room, slot in dict.fromkeys((*hearers, *alone)):
        if room in file.rooms or room.startswith(DIRECT):
            key = f"{effect.kind}:{slot}@{room}"
            yield Errand.model_validate({**fields, "key": key, "slot": slot, "room": room})


def _alone(
    release: Release, effect: Effect, file: ReleaseFile, watchers: Iterable[WatchRow]
) -> Iterator[tuple[str, str]]:
    slot = effect.slot
    if effect.kind is EffectKind.SHARE:
        step = release.step(effect.step)
        if not _first(release, step):
            return
        slot = f"digest:{step.group}"
    for watch in watchers:
        if watch.person in file.people and hears(release, effect, Events(watch.events)):
            yield f"{DIRECT}{watch.person}", slot


def rooms_of(release: Release, file: ReleaseFile) -> tuple[str, ...]:
    """The home room and its mirrors: where the board, questions and verdicts stand."""
    target = file.targets.get(release.target, release.config.target)
    return tuple(r for r in dict.fromkeys((release.home, *target.rooms)) if r in file.rooms)


def escalates(release: Release, slot: str) -> bool:
    """Whether this is the last reminder of a question, which tells whom else to call."""
    target = release.config.target
    last = int(slot.rpartition(":")[2]) >= len(target.reminders)
    return last and bool(target.escalate_to)


def _shown(release: Release, effect: Effect, file: ReleaseFile) -> Iterator[tuple[str, str]]:
    slot = effect.slot
    if slot.startswith("pause:"):
        # Where the board stands, it says so itself.
        yield from ((room, slot) for room, _ in hearers(release, file))
        return
    for room in rooms_of(release, file):
        yield room, slot
    if slot == "result" and release.begun_at is not None:
        yield from _ended(release, file)
    if slot.startswith("reminder:") and escalates(release, slot):
        for name in release.config.target.escalate_to:
            yield name, slot


def hearers(release: Release, file: ReleaseFile) -> Iterator[tuple[str, Share]]:
    """The rooms that only hear of a release, and how much of it each of them hears."""
    for hearer in release.config.target.share:
        if hearer.room in file.rooms:
            yield hearer.room, hearer.share or usual_share(file.rooms[hearer.room])


def _ended(release: Release, file: ReleaseFile) -> Iterator[tuple[str, str]]:
    """A failure is told to everybody; a good end to those who did not hear each component."""
    for room, share in hearers(release, file):
        if release.phase is not Phase.DONE:
            yield room, "result"
        elif share is Share.DIGEST:
            yield room, FINISH


def _shared(release: Release, effect: Effect, file: ReleaseFile) -> Iterator[tuple[str, str]]:
    step = release.step(effect.step)
    for room, share in hearers(release, file):
        if share is Share.EACH:
            yield room, f"each:{step.id}"
        elif _first(release, step):
            yield room, f"digest:{step.group}"


def _first(release: Release, step: Step) -> bool:
    """Whether this is the first message of its kind; the finish comes with the end."""
    if step.group == "finish":
        return False
    told = [
        s
        for s in release.steps
        if s.kind is StepKind.ANNOUNCE and s.group == step.group and s.state in SATISFIED
    ]
    return min(told, key=lambda s: (s.finished_at or release.planned_at, s.number)).id == step.id
