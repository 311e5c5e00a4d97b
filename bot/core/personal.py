"""The grammar of what people arrange for themselves: watch, unwatch, link, unlink."""

from __future__ import annotations

from bot.core import parts
from bot.core.command import Command, Names, Trouble
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.watch import Events
from bot.core.words import PuzzledError, Words


def watch(words: Words, names: Names) -> Command:
    """Read `watch (REL | TARGET) [failures | all]`."""
    number = parts.release_unless_target(words, names)
    target = "" if number is not None else parts.target(words, names)
    events, word = Events.FAILURES, words.current
    if word is not None:
        words.refuse_dashes()
        if word.folded not in set(Events):
            why = text("intent.bad_events", word=word.shown)
            tries = tuple(words.instead(word, name) for name in Events)
            raise PuzzledError(Trouble.BAD_VALUE, why, what="events", tries=tries)
        events = Events(words.take().folded)
    return Command(verb=Verb.WATCH, release=number, target=target, events=events)


def unwatch(words: Words, names: Names) -> Command:
    """Read `unwatch [REL | TARGET]`."""
    number = parts.release_unless_target(words, names)
    if number is not None or words.current is None:
        return Command(verb=Verb.UNWATCH, release=number)
    return Command(verb=Verb.UNWATCH, target=parts.target(words, names))


def link(_words: Words, _names: Names) -> Command:
    """Read `link`."""
    return Command(verb=Verb.LINK)


def unlink(words: Words, names: Names) -> Command:
    """Read `unlink [PERSON]`."""
    if words.current is None:
        return Command(verb=Verb.UNLINK)
    return Command(verb=Verb.UNLINK, person=parts.person(words, names))
