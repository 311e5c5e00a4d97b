"""A release as it is now: its board and what is open, since old messages cannot be edited."""

from __future__ import annotations

from bot.core.button import ButtonValue
from bot.core.card import Action, Card
from bot.core.release import Release
from bot.core.view import buttons
from bot.engine.rooms import card_of
from bot.engine.services import Services
from bot.engine.transition import load

OPEN = 3
"""So many open questions go along with a board; there are rarely two."""


async def stored(services: Services, number: int | None) -> Release | None:
    """The release of this number."""
    if number is None:
        return None
    wanted = number
    return await services.store.read(lambda tx: load(tx, wanted))


def cards(services: Services, release: Release, nonce: str = "") -> dict[str, Card]:
    """By their keys: the question of an old button (its nonce), the board, and what is open."""
    decided = [q for q in release.questions if nonce and q.nonce == nonce and q.closed]
    slots = [f"question:{q.id}" for q in decided]
    slots += ["board", *(f"question:{q.id}" for q in release.open_questions[:OPEN])]
    found = ((slot, card_of(release, slot, services)) for slot in slots)
    return {f"release:{release.id}:{slot}": card for slot, card in found if card is not None}


def offered(release: Release, verb: str, value: ButtonValue) -> Action | None:
    """The action behind a button that was pressed, if it is still offered."""
    actions = [a for q in release.open_questions for a in buttons.of_question(release, q)]
    written = value.write()
    for action in [*actions, *buttons.of_board(release)]:
        if action.verb == verb and action.value == written:
            return action
    return None
