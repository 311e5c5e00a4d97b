"""What in a message is certainly a variable, told by its form: numbers, addresses, paths, times.

A message is first brought to its *outline*, in which every run of digits is `0`: messages that
differ in decimal numbers only are one outline, which is found in a dictionary in no time. All
masks are defined on outlines, so that caching them changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WILDCARD = "<*>"
"""Stands for a variable in a message, told by its form, and in the names of templates."""
SLOT = "<+>"
"""Stands in a pattern for a variable told by how much it varied: there anything may stand."""
LONGEST = 1000
"""Characters of a headline that are looked at: longer ones have the type of their beginning."""
SEEN = 2000
"""Characters of a message in which the headline is looked for; log stores keep as many."""

_CACHED = 20_000
_PERIOD = 4
_DIGITS = re.compile(r"[0-9]+")
_TRACEBACK = "Traceback (most recent call last)"

# Domains that are no words of programs: `mapred.job.id` is no host in Indonesia.
_DOMAINS = (
    "com|net|org|edu|gov|mil|info|biz|io|dev|app|cloud|asia|local|localdomain|internal|lan|corp"
    "|uk|de|fr|jp|kr|tw|th|cn|hk|ru|br|pl|nl|se|ch|eu|au|ca|es|cz|ua|tr|ar|mx|za|fi|dk|gr|hu|ro|sg"
    "|vn|ir|il|pt"
)
_CALENDAR = re.compile(
    r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Satur|Sat|Sun)(?:day)?,?"
    r"|(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)[.,]?"
    r"|[AP]M|UTC|GMT|[A-Z]{1,3}[SD]T"
)
_NAME = r"[A-Za-z0_.$#@*&+~%-]"
_PART = r"[^\s\"'<>|,;:=()\[\]]"
# What may begin inside of a long word would be tried at each of its letters.
_CERTAIN = re.compile(
    rf"""
      [A-Za-z][A-Za-z0+.-]*://[^\s,;"'<>)\]]*                        # an address of the web
    | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+                       # an address of mail
    | (?<![\w)\]])(?:[A-Za-z]:\\|\\\\)[^\s"'<>|,;]+                  # a path of Windows
    | (?<![\w.)\]>])[~.]{{0,2}}/(?:{_PART}+/){_PART}*                # a path of two parts or more
    | (?<![\w.)\]>])/[^\s"'<>|,;:=()\[\]/]*\.[^\s"'<>|,;:=()\[\]/]+  # a path of one, with a suffix
    | (?<![\w.-])(?:[\w-]+\.)+(?:{_DOMAINS})(?![.\w-])(?::0)?         # a host by its domain
    | (?<![\w.-])(?:[\w-]+\.)+[\w-]+:0(?![\w])                        # a host by its port
    | (?<!{_NAME}){_NAME}*0{_NAME}*                                  # a word with a digit
    | (?<=[=:])(?:null|None|nil|undefined|[Tt]rue|[Ff]alse|TRUE|FALSE)(?![\w.])
    """,
    re.VERBOSE,
)
# Only what holds one of these can hold something certain.
_SIGN = re.compile(r"[0/@\\=:]|\.[a-z]")
_BOUND = re.compile(r"(?<!\S)[<>~]=?(?=<\*>(?!\S))")
_UNIT = (
    r"[KMGTP]i?B(?:/s)?|[kKMG]?[Bb]ytes?|[BKMGkb]|[num\u00b5]?s|milliseconds?|msecs?|secs?|seconds?"
    r"|mins?|minutes?|hrs?|hours?|days?|SECONDS|MILLISECONDS|[KMG]?[Hh]z"
)
_QUANTITY = re.compile(rf"<\*>\s?(?:{_UNIT})\b(?:\s?\(<\*>\s?(?:{_UNIT})?\))?")
_RUN = re.compile(r"<\*>(?:[\s:,./\\@#_&*+-]*<\*>)+")
_CHUNK = re.compile(r'(?:"[^"]{0,200}"|\[[^\[\]=:"]*,[^\[\]=:"]*\]|[^\s"])+|"')

Chunks = tuple[str, ...]
"""A masked message: what stands between its blanks; something quoted or listed is one chunk."""


class Masker:
    """Masks messages, always the same way; keeps up to 20,000 words and lines that it has seen.

    `masks` are further expressions (Python's `re`) for what is a variable, applied first. Raises
    re.error for one that is none. For one thread at a time.
    """

    def __init__(self, masks: Iterable[str] = ()) -> None:
        self._masks = [re.compile(mask) for mask in masks]
        self._seen: dict[str, str] = {}
        self._lines: dict[str, Chunks] = {}

    def form(self, message: str) -> str:
        """The masked message as a text, a chunk a line: empty when it says nothing.

        It is the finest type that a message can have, and never changes; at most 1,000 characters.
        """
        form = "\n".join(self.chunks(self.outline(message)))
        if len(form) > LONGEST:
            form = form[:LONGEST].rpartition("\n")[0] or form[:LONGEST]
        return form

    def outline(self, message: str) -> str:
        """The message's headline with every run of digits as `0`, at most 1,000 characters."""
        line = headline(message)
        for mask in self._masks:
            line = mask.sub(WILDCARD, line)
        return _DIGITS.sub("0", line)

    def chunks(self, outline: str) -> Chunks:
        """What an outline is made of, with a wildcard for each variable that its form shows."""
        seen = self._seen
        words = outline.split()
        masked = [seen.get(word) or self._mask(word) for word in words]
        line = " ".join(masked)
        known = self._lines.get(line)
        if known is None:
            if len(self._lines) >= _CACHED:
                self._lines.clear()
            known = self._lines[line] = _chunked(line, masked)
        return known

    def _mask(self, word: str) -> str:
        masked = _BOUND.sub("", _CERTAIN.sub(WILDCARD, word)) if _SIGN.search(word) else word
        if len(self._seen) >= _CACHED:
            self._seen.clear()
        self._seen[word] = masked
        return masked


def headline(message: str) -> str:
    """The line that says what happened: the first, or the last of a Python traceback."""
    message = message[:SEEN]
    if "\n" in message:
        message = message.strip()
        traced = message.startswith(_TRACEBACK)
        message = message.rpartition("\n")[2] if traced else message.partition("\n")[0]
    if len(message) > LONGEST:
        # Half a number would be another word.
        message = message[:LONGEST].rpartition(" ")[0] or message[:LONGEST]
    return message


def _chunked(line: str, masked: list[str]) -> Chunks:
    if WILDCARD not in line:
        return tuple(_CHUNK.findall(line))
    line = _QUANTITY.sub(WILDCARD, _without_dates(masked))
    return unrepeated(_CHUNK.findall(_RUN.sub(WILDCARD, line)))


def unrepeated(chunks: list[str]) -> Chunks:
    """Without repetitions of up to four chunks with a wildcard: a list of any length is one."""
    if len(set(chunks)) == len(chunks) and not any(one.endswith((",", ";")) for one in chunks):
        return tuple(chunks)
    kept: list[str] = []
    bare: list[str] = []
    for chunk in chunks:
        kept.append(chunk)
        # Members of a list are told apart by a comma; the last of them has none.
        bare.append(chunk.rstrip(",;"))
        for size in range(1, min(_PERIOD, len(bare) // 2) + 1):
            if bare[-1] != bare[-1 - size]:
                continue
            last = bare[-size:]
            if last == bare[-2 * size : -size] and any(WILDCARD in one for one in last):
                del kept[-2 * size : -size], bare[-2 * size : -size]
                break
    return tuple(kept)


def _without_dates(words: list[str]) -> str:
    """The line with names of days, months and zones beside a number taken for a part of it."""
    kept: list[str] = []
    for place, word in enumerate(words):
        if len(word) < 11 and word[0].isupper() and _CALENDAR.fullmatch(word):
            after = words[place + 1] if place + 1 < len(words) else ""
            if after.startswith(WILDCARD) or _dated(kept, after):
                kept.append(WILDCARD)
                continue
        kept.append(word)
    return " ".join(kept)


def _dated(kept: list[str], after: str) -> bool:
    if kept and kept[-1].endswith(WILDCARD):
        return True
    return bool(_CALENDAR.fullmatch(after))
