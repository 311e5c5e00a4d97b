"""What somebody wants: one line of text to a command, or to help with saying it right."""

from __future__ import annotations

from enum import Enum, auto, unique

from bot.core import grammar
from bot.core.command import (
    ALIASES,
    ALL,
    LATER,
    YES,
    Command,
    Intent,
    Misunderstood,
    Names,
    NotForUs,
    Options,
    Trouble,
    Wake,
    is_ref,
)
from bot.core.nearest import close, nearest
from bot.core.normalise import normalise
from bot.core.spelling import examples, spell
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.words import PuzzledError

__all__ = [
    "ALIASES",
    "ALL",
    "LONGEST",
    "Command",
    "Intent",
    "Misunderstood",
    "Names",
    "NotForUs",
    "Options",
    "Trouble",
    "Verb",
    "Wake",
    "examples",
    "is_ref",
    "parse",
    "spell",
]

LONGEST = 2000
"""Characters of a line; a longer one is refused, never cut."""

ALWAYS = "errors since deploy"
"""The message that every room may write without calling the bot."""

_WAKE_WORDS = ("/release", "@releasebot", "release")
_MARKS = "?!.,:;。"
_LIKELY = {
    "accept": Verb.APPROVE,
    "cancel": Verb.ABORT,
    "continue": Verb.RESUME,
    "deny": Verb.REJECT,
    "deploy": Verb.START,
    "freeze": Verb.PAUSE,
    "log": Verb.ERRORS,
    "logs": Verb.ERRORS,
    "no": Verb.REJECT,
    "revert": Verb.ROLLBACK,
    "run": Verb.GO,
    "ship": Verb.START,
    "stop": Verb.ABORT,
    "undo": Verb.ROLLBACK,
    "wait": Verb.PAUSE,
}


@unique
class _Called(Enum):
    NO = auto()
    WORD = auto()
    """By the bare word "release", which people also say to each other."""
    NAME = auto()


def parse(line: str, *, wake: Wake, names: Names) -> Intent:
    """Read one message. Total: every text gives a value, none raises.

    `errors since deploy` is read in every room. Target, component and person must exist exactly
    as written; nothing is abbreviated or guessed, and every suggestion is a line that parses.
    """
    # Normalising can shorten a line, so twice the limit is looked at before it is measured.
    plain = normalise(line[: 2 * LONGEST + 1], slack=wake.slack)
    rest, called = _strip_wake(plain, wake)
    if called is _Called.NO and plain.casefold().rstrip(_MARKS) == ALWAYS:
        rest = ALWAYS
    elif called is _Called.NO and wake.required:
        return NotForUs()
    if len(line) > 2 * LONGEST or len(rest) > LONGEST:
        return Misunderstood(code=Trouble.TOO_LONG, text=text("intent.too_long", most=LONGEST))
    if not rest:
        return NotForUs() if called is _Called.NO else Command(verb=Verb.HELP)
    quiet = wake.required and called is _Called.WORD
    return _understand(rest, names=names, quiet=quiet)


def _strip_wake(line: str, wake: Wake) -> tuple[str, _Called]:
    called = _Called.NO
    mentions = tuple(normalise(mention) for mention in wake.mentions if mention)
    for _ in range(2):
        for mark in (*mentions, *_WAKE_WORDS):
            rest = _behind(line, mark)
            if rest is not None:
                strong = mark != "release" or called is _Called.NAME
                line, called = rest, _Called.NAME if strong else _Called.WORD
                break
    for mark in (*mentions, "@releasebot"):
        if line.casefold().endswith(f" {mark.casefold()}"):
            return line[: -len(mark)].rstrip(), _Called.NAME
    return line, called


def _behind(line: str, mark: str) -> str | None:
    if line[: len(mark)].casefold() != mark.casefold():
        return None
    rest = line[len(mark) :]
    return rest.lstrip(" ,:") if not rest or rest[0] in " ,:" else None


def _understand(line: str, *, names: Names, quiet: bool) -> Intent:
    first, _, rest = line.partition(" ")
    word = first.casefold().rstrip(_MARKS) or first
    if word in YES:
        return _yes(rest, names)
    if word not in set(Verb) and word not in ALIASES:
        if quiet and not _meant(word, first, names):
            return NotForUs()
        return _unknown_verb(word, first, rest, names)
    verb = ALIASES[word] if word in ALIASES else Verb(word)
    read = f"{verb} {rest}".rstrip()
    try:
        return grammar.read(verb, read, names)
    except PuzzledError as puzzled:
        shown = examples(verb, names)
        # Examples are shown, never offered as buttons: #42 may be somebody's release.
        tries = (*puzzled.tries, f"help {verb}")
        return Misunderstood(
            code=puzzled.code,
            text=puzzled.text,
            verb=verb,
            what=puzzled.what,
            line=read,
            example=shown[0] if shown else "",
            suggestions=_that_parse(tries, names),
        )


def _yes(rest: str, names: Names) -> Intent:
    if not rest:
        return Command(verb=Verb.APPROVE, bare=True)
    tries = (f"approve {rest}", f"approve because {rest}", "help approve")
    return Misunderstood(
        code=Trouble.UNEXPECTED,
        text=text("intent.yes_alone"),
        verb=Verb.APPROVE,
        example="approve",
        suggestions=_that_parse(tries, names),
    )


def _meant(word: str, first: str, names: Names) -> bool:
    return word in LATER or word in _LIKELY or first in names.targets or close(word, Verb)


def _unknown_verb(word: str, first: str, rest: str, names: Names) -> Misunderstood:
    likely = (_LIKELY[word],) if word in _LIKELY else ()
    verbs = tuple(Verb(v) for v in dict.fromkeys((*likely, *nearest(word, tuple(Verb)))))[:3]
    said = rest
    if first in names.targets:
        verbs, said = (Verb.START, Verb.PLAN, Verb.STATUS), f"{first} {rest}"
    tries: list[str] = []
    for verb in verbs:
        tries += _that_parse((f"{verb} {said}".rstrip(), f"help {verb}"), names)[:1]
    shown = first if len(first) <= 60 else first[:59] + "…"
    why = text("intent.unknown_verb", word=shown, nearest=", ".join(verbs))
    return Misunderstood(code=Trouble.UNKNOWN_VERB, text=why, what="verb", suggestions=tuple(tries))


def _that_parse(tries: tuple[str, ...], names: Names) -> tuple[str, ...]:
    right: list[str] = []
    for line in dict.fromkeys(tries):
        verb = line.partition(" ")[0]
        try:
            grammar.read(Verb(verb), line, names)
        except PuzzledError:
            continue
        right.append(line)
        if len(right) == 3:
            break
    return tuple(right)
