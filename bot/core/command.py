"""What a line can mean: a command, a misunderstanding with help, or nothing for the bot."""

from __future__ import annotations

import re
from enum import StrEnum, unique

from bot.core import localised
from bot.core.config.target import ConfirmMode
from bot.core.span import Span
from bot.core.value import Text, Value
from bot.core.verb import Verb
from bot.core.watch import Events

ALL = "all"
"""Stands for every target in `status`, and for every component in `rollback`."""

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:@/-]{0,127}")


def is_ref(word: str) -> bool:
    """Whether a version, component or host group may be called so.

    Letters, digits and `. _ + : @ / -`, beginning with a letter or digit, at most 128 characters,
    no two dots in a row: such a word is harmless as an argument and in a path.
    """
    return _REF.fullmatch(word) is not None and ".." not in word


ALIASES = {
    "st": Verb.STATUS,
    "err": Verb.ERRORS,
    "rb": Verb.ROLLBACK,
    "?": Verb.HELP,
    **localised.VERBS,
}
"""Other ways of saying a verb: short ones, and those of the rooms' languages."""

YES = frozenset({"ok", "lgtm", "yes"})
"""Whole messages that approve, and only as the answer to exactly one open question."""

LATER = frozenset({"freeze", "unfreeze", "schedule", "train"})
"""Verbs of later versions: unknown, but surely meant for the bot."""


class Wake(Value):
    """How a room calls the bot."""

    required: bool = True
    """Whether a line without a wake word is none of the bot's business."""
    mentions: tuple[str, ...] = ()
    """How a mention of the bot looks in this room: `@U0BOT` (Slack id), `@Release Master`."""
    slack: bool = False
    """Whether lines carry Slack's escapes, links and mention tokens."""


class Names(Value):
    """What exists, so that nothing is guessed."""

    targets: dict[str, tuple[str, ...]] = {}
    """target -> its components, in the order of their release."""
    people: tuple[str, ...] = ()
    """The keys of people in release.yml."""
    accounts: dict[str, str] = {}
    """Platform user id -> person, for mentions."""

    @property
    def components(self) -> tuple[str, ...]:
        """Every component once, in order."""
        return tuple(dict.fromkeys(name for names in self.targets.values() for name in names))


class Options(Value):
    """The `key=value` part of start and plan."""

    confirm: ConfirmMode | None = None
    """None: as the target says."""
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    note: str = ""
    dry: bool = False
    """Plan and check only; nothing is deployed or restarted."""
    env: str = ""


OPTION_KEYS = tuple(Options.model_fields)


class Command(Value):
    """One thing somebody wants. A field that the line left out is empty; nothing is guessed."""

    verb: Verb
    bare: bool = False
    """Said as ok, lgtm or yes: counts only as the answer to exactly one open question."""
    release: int | None = None
    target: str = ""
    """A known target; `all` for `status all`."""
    component: str = ""
    """A known component; `all` for `rollback #42 all`."""
    step: str = ""
    """A step id (`gateway/deploy`) or a step number as the board shows it (`7`)."""
    ref: str = ""
    """The version for every component."""
    refs: dict[str, str] = {}
    """component -> its own version."""
    to_ref: str = ""
    """The version to go back to."""
    options: Options = Options()
    reason: str = ""
    span: Span | None = None
    of: str = ""
    """A known target or component whose errors are wanted."""
    in_: str = ""
    """A host group; the room knows no list of them."""
    top: int | None = None
    last_n: int | None = None
    pseudo: int | None = None
    """How many pseudo-releases of each component a backtest judges."""
    text: str = ""
    """What is to be noted."""
    topic: str = ""
    """The verb that help is wanted for."""
    person: str = ""
    """A known person's key."""
    events: Events = Events.FAILURES
    """What a watcher is told."""


@unique
class Trouble(StrEnum):
    """Why a line was not understood."""

    UNKNOWN_VERB = "unknown_verb"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_OPTION = "unknown_option"
    MISSING = "missing"
    NOT_ALLOWED = "not_allowed"
    DASHES = "dashes"
    BAD_VALUE = "bad_value"
    AMBIGUOUS = "ambiguous"
    UNEXPECTED = "unexpected"
    TOO_LONG = "too_long"


class Misunderstood(Value):
    """A line for the bot that says nothing it can do, and what would have been right."""

    code: Trouble
    text: Text
    verb: Verb | None = None
    """The verb, where it was clear, so that its form can be opened."""
    what: str = ""
    """The part in question: target, component, version, step, reason, option, ..."""
    line: str = ""
    """The line as it was read, without wake word, where its verb was clear: the part goes there."""
    example: str = ""
    """One right line for the same verb."""
    suggestions: tuple[str, ...] = ()
    """At most three whole lines, each of which parses; without wake word."""


class NotForUs(Value):
    """A line that people said to each other."""


Intent = Command | Misunderstood | NotForUs
