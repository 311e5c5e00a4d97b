"""[More]: what its button carries, and the card that it shows, anew and whole."""

from __future__ import annotations

from bot.chat.line import fresh
from bot.chat.line.taps import MORE, Tap, fits
from bot.core import intent
from bot.core.card import Card
from bot.core.command import Command
from bot.core.spelling import spell
from bot.core.verb import Verb
from bot.engine import answers, authority
from bot.engine.cards import SAY
from bot.engine.errors_card import MOST
from bot.engine.rooms import card_of
from bot.engine.services import Services

CARD = "card"
"""The verb of a tap that names a card of a release: `42|board`."""


def of_card(key: str) -> str:
    """What the button of a release's card carries; empty for any other key."""
    kind, number, slot = (*key.split(":", 2), "", "")[:3]
    tap = Tap(kind=MORE, verb=CARD, value=f"{number}|{slot}")
    return tap.write() if kind == "release" and slot and fits(tap) else ""


def of_line(line: str, services: Services) -> str:
    """What the button of an answer carries: the line, for as much as can be had; or nothing."""
    command = asked(line, services)
    if command is None:
        return ""
    if command.verb is Verb.ERRORS:
        command = command.model_copy(update={"top": MOST})
    tap = Tap(kind=MORE, verb=SAY, value=spell(command))
    return tap.write() if fits(tap) else ""


def asked(line: str, services: Services) -> Command | None:
    """What a line asks for, if that changes nothing."""
    names = authority.names(services)
    meant = intent.parse(line, wake=intent.Wake(required=False), names=names)
    looks = {*answers.VERBS, Verb.ERRORS}
    return meant if isinstance(meant, Command) and meant.verb in looks else None


async def card(services: Services, value: str) -> Card | None:
    """The card that a button names, as it is now; None for what is none."""
    number, _, slot = value.partition("|")
    if not number.isdecimal() or len(number) > 12:
        return None
    release = await fresh.stored(services, int(number))
    if release is None:
        return None
    try:
        return card_of(release, slot, services)
    except (KeyError, IndexError, ValueError):
        return None
