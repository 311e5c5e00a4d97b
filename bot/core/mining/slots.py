"""When a place of a pattern is taken for a variable: how many different values it must have had.

The numbers are judgement, not theory: they are the same for all logs, and `bench.templates` says
how well they do. A wrong "variable" hides a new error; a wrong "constant" invents one.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.core.mining.masks import SLOT, WILDCARD, Chunks

BESIDE_WILDCARD = 2
"""Values where one of them is a wildcard alone: the place is known to vary."""
AFTER_KNOWN_CUE = 3
"""Values after a cue that stands before a variable in another template too."""
AFTER_CUE = 4
"""Values after a word that announces a variable: `user`, `for`, `name=`."""
ANYWHERE = 8
AT_START = 12
"""Values of the first chunk: it mostly says what happened."""
WHAT_HAPPENED = 16
"""Values where most are in capitals, names of states and codes, or after `msg=`, `error:` ..."""

_LETTER = re.compile(r"[^\W\d_]")
_CAPITALS = re.compile(r"[^a-z]*[A-Z][^a-z]*")
_OPENS = "=:/@[({<|'\","
_CLOSES = "=:/@])}>|'\",;"
_GLUE = "=:/@"
_CUES = frozenset(
    re.findall(
        r"\w+",
        """
        a an the for from to by at on in into of with as than is was via named called name id key
        user users account group role session client host hosts node server service address domain
        interface port path file table database field column topic queue partition index bucket
        shard class type method module component event job task process thread container pod driver
        device
        """,
    )
)
_TELLING = re.compile(
    r"(?i)(?:msg|message|error|err|exception|cause|reason|level|severity|logger|event|status|state)"
    r"[=:]$"
)


def says(chunk: str) -> bool:
    """Whether the chunk holds a letter beside its wildcards."""
    return _LETTER.search(_atomic(chunk)) is not None


def cue(pattern: Chunks, place: int, lead: str) -> str:
    """What announces a variable at this place; empty where nothing does. `lead`: what is glued."""
    glued = lead.rstrip("\"'([{<")
    if glued and glued[-1] in _GLUE:
        return glued
    before = pattern[place - 1] if place else ""
    if before[-1:] and before[-1:] in "=:":
        return before
    word = before.lower().strip("([{\"'")
    return word if word in _CUES else ""


def shared(values: Collection[str]) -> tuple[str, str]:
    """What all values begin and end with, cut where a name begins or ends: `user=`, `),`."""
    whole = [_atomic(value) for value in values]
    low, high = min(whole), max(whole)
    lead = low[: _alike(low, high)]
    lead = lead[: max(lead.rfind(sign) for sign in _OPENS) + 1]
    turned = [value[len(lead) :][::-1] for value in whole]
    low, high = min(turned), max(turned)
    tail = low[: _alike(low, high)][::-1]
    starts = [tail.find(sign) for sign in _CLOSES if sign in tail]
    return _spelled(lead), _spelled(tail[min(starts) :] if starts else "")


def needed(pattern: Chunks, place: int, values: Collection[str], known: Collection[str]) -> int:
    """How many different values this place must have had to be a variable.

    `known` are cues that stand before variables elsewhere.
    """
    lead, tail = shared(values)
    cores = [value[len(lead) : len(value) - len(tail)] for value in values]
    spoken = [core for core in cores if says(core)]
    loud = sum(1 for core in spoken if _CAPITALS.fullmatch(_atomic(core)))
    if loud * 2 > len(spoken):
        return WHAT_HAPPENED
    if len(spoken) < len(cores):
        return BESIDE_WILDCARD
    word = cue(pattern, place, lead)
    if _TELLING.search(word):
        return WHAT_HAPPENED
    if word:
        return AFTER_KNOWN_CUE if word in known else AFTER_CUE
    return ANYWHERE if place else AT_START


def _atomic(text: str) -> str:
    return text.replace(WILDCARD, "\x01").replace(SLOT, "\x02")


def _spelled(text: str) -> str:
    return text.replace("\x01", WILDCARD).replace("\x02", SLOT)


def _alike(one: str, other: str) -> int:
    size = min(len(one), len(other))
    return next((at for at in range(size) if one[at] != other[at]), size)
