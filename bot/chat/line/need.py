"""How many pushes a planned release may need, said before it starts."""

from __future__ import annotations

from bot.chat.line.quota import Quota
from bot.core.config import ConfirmMode, LineRoom, ReleaseFile, Share
from bot.core.release import OPERATIONS, Release, StepKind
from bot.core.value import Text, text
from bot.engine.audience import hearers, rooms_of


def pushes(release: Release, file: ReleaseFile) -> dict[str, int]:
    """The most pushes of each LINE chat, when all goes well and nobody ever says anything there.

    Each question, the end, and what a room that only hears is told.
    """
    kinds = [step.kind for step in release.steps]
    asked = kinds.count(StepKind.GATE)
    if release.confirm is ConfirmMode.EACH_STEP:
        # An approved promotion is also the Go for the restart behind it.
        asked = sum(kind in OPERATIONS for kind in kinds)
    found = dict.fromkeys(rooms_of(release, file), asked + 1)
    groups = [step.group for step in release.steps if step.kind is StepKind.ANNOUNCE]
    for room, share in hearers(release, file):
        found[room] = found.get(room, 0) + len(groups if share is Share.EACH else set(groups))
    return {room: count for room, count in found.items() if isinstance(file.rooms[room], LineRoom)}


def notes(release: Release, file: ReleaseFile, quota: Quota) -> tuple[Text, ...]:
    """One line where the target has LINE chats."""
    found = pushes(release, file)
    if not found:
        return ()
    chats = {room: config.chat for room, config in file.rooms.items() if config.kind == "line"}
    messages = sum(count * quota.members(chats[room]) for room, count in found.items())
    whole = sum(found.values())
    if quota.known is None:
        return (text("line.need_unlimited", pushes=whole, messages=messages),)
    limit, left = quota.known
    if messages > left:
        too_many = text(
            "line.need_too_many", pushes=whole, messages=messages, left=left, limit=limit
        )
        return (too_many,)
    return (text("line.need", pushes=whole, messages=messages, left=left, limit=limit),)
