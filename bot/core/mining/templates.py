"""The templates of messages: mined once, then fixed; a message is named by the one that it fits.

A template's name is its text, or the text's beginning and hash, so that names survive restarts,
hosts, order and days: two miners that find the same template give it the same name. When a
template generalises, the old name is itself a text that fits the new one: `resolve` finds it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Literal

from bot.core.mining.masks import SLOT, WILDCARD, Chunks, Masker
from bot.core.mining.merging import merge
from bot.core.value import Value

NAME_LENGTH = 160
"""Characters of a name; a longer template is cut and ends with its hash."""
MOST_PATTERNS = 20_000
"""Patterns without a slot beyond these are forgotten: they name their messages all the same."""

_REMEMBERED = 20_000
_HASH = 8
_CUT = re.compile(r"… #[0-9a-f]{8}$")


class StoredTemplates(Value):
    """The form in which templates are kept. A later version reads all earlier ones."""

    version: Literal[1] = 1
    masks: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    """Masked messages, sorted; the chunks of each are joined by line feeds."""
    aliases: dict[str, str] = {}
    """Names that were cut, and so are no text to be matched -> what they are called now."""


class Templates:
    """A fixed set of templates. `masks` are expressions for variables of one's own.

    Raises re.error when a mask is no regular expression. For one thread at a time.
    """

    def __init__(
        self,
        masks: Iterable[str] = (),
        patterns: Iterable[Chunks] = (),
        aliases: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.masks = tuple(masks)
        self.patterns = frozenset(patterns)
        """What was mined: masked messages, with slots where they were merged."""
        self.aliases = dict(aliases)
        self._masker = Masker(self.masks)
        self._names: dict[str, str] = {}
        self._given = frozenset(map(spelled, self.patterns))
        self._slotted: dict[tuple[int, str], list[tuple[int, str, Chunks]]] = {}
        for pattern in self.patterns:
            if _has_slot(pattern):
                self._index(pattern)
        for row in self._slotted.values():
            row.sort()

    def name(self, message: str) -> str:
        """The name of the message's template: a known one, or else the message's own.

        At most 160 characters; empty for a message of blanks.
        """
        outline = self._masker.outline(message)
        name = self._names.get(outline)
        if name is None:
            name = self.name_of(self._masker.form(message))
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            self._names[outline] = name
        return name

    def name_of(self, form: str) -> str:
        """The name of a masked message, as `Masker.form` writes it."""
        return self._named(_chunks(form))

    def resolve(self, name: str) -> str:
        """What a name that was given earlier is called now: its template may have generalised."""
        if name in self._given:
            return name
        if _CUT.search(name):
            return self.aliases.get(name, name)
        return self.name(name)

    def learn(self, messages: Iterable[str]) -> Templates:
        """The templates with those of these messages too; neither order nor repetition matters."""
        outlines = {self._masker.outline(message): message for message in messages}
        return self.learn_forms({self._masker.form(message) for message in outlines.values()})

    def learn_forms(self, forms: Iterable[str]) -> Templates:
        """The templates with those of these masked messages too; the same ones if all are known."""
        fresh = {_chunks(form) for form in forms} - self.patterns - {()}
        # What fits a template with a slot teaches nothing.
        fresh = {pattern for pattern in fresh if self._fitting(pattern) is None}
        return self._with(fresh, {}) if fresh else self

    def united(self, other: Templates) -> Templates:
        """What both have found, mined together."""
        return self._with(other.patterns, other.aliases)

    def stored(self) -> StoredTemplates:
        """The form in which they are kept."""
        patterns = sorted("\n".join(pattern) for pattern in self.patterns)
        return StoredTemplates(masks=self.masks, patterns=tuple(patterns), aliases=self.aliases)

    @classmethod
    def restored(cls, stored: StoredTemplates) -> Templates:
        """Templates as they were stored."""
        patterns = map(_chunks, stored.patterns)
        return cls(stored.masks, patterns, stored.aliases)

    def _with(self, patterns: AbstractSet[Chunks], aliases: Mapping[str, str]) -> Templates:
        became = merge(self.patterns | patterns)
        slotted = {one for one in became.values() if _has_slot(one)}
        plain = set(became.values()) - slotted
        if len(plain) > MOST_PATTERNS:
            plain = set(sorted(plain, key=_digest)[:MOST_PATTERNS])
        moved = {spelled(old): spelled(new) for old, new in became.items() if old != new}
        moved = {old: new for old, new in moved.items() if old != new and _CUT.search(old)}
        known = {old: moved.get(new, new) for old, new in {**self.aliases, **aliases}.items()}
        return Templates(self.masks, slotted | plain, {**known, **moved})

    def _index(self, pattern: Chunks) -> None:
        name, slots = spelled(pattern), sum(SLOT in chunk for chunk in pattern)
        # The second form is that of its name, which `resolve` looks for.
        for form in {pattern, _squashed(pattern)}:
            first = "" if SLOT in form[0] else form[0]
            self._slotted.setdefault((len(form), first), []).append((slots, name, form))

    def _named(self, chunks: Chunks) -> str:
        if not chunks or chunks in self.patterns:
            return spelled(chunks)
        return self._fitting(chunks) or spelled(chunks)

    def _fitting(self, chunks: Chunks) -> str | None:
        """The name of the template with a slot that this fits; the one with the fewest slots."""
        size = len(chunks)
        # What begins with a constant is looked up by it; then what begins with a slot.
        rows = (self._slotted.get((size, first), ()) for first in (chunks[0], ""))
        fitting = (name for row in rows for _, name, form in row if _fits(chunks, form))
        return next(fitting, None)


def _chunks(form: str) -> Chunks:
    return tuple(form.split("\n")) if form else ()


def spelled(pattern: Chunks) -> str:
    """The name of a pattern: its text, variables side by side as one, cut with a hash if long."""
    text = " ".join(_squashed(pattern)).replace(SLOT, WILDCARD)
    if len(text) <= NAME_LENGTH:
        return text
    return f"{text[: NAME_LENGTH - _HASH - 3]}… #{_digest(pattern)}"


def _squashed(pattern: Chunks) -> Chunks:
    kept: list[str] = []
    for chunk in pattern:
        if chunk in (SLOT, WILDCARD) and kept and kept[-1].endswith((SLOT, WILDCARD)):
            if chunk == SLOT:
                kept[-1] = kept[-1].removesuffix(WILDCARD).removesuffix(SLOT) + SLOT
        else:
            kept.append(chunk)
    return tuple(kept)


def _digest(pattern: Chunks) -> str:
    text = " ".join(_squashed(pattern)).replace(SLOT, WILDCARD)
    return hashlib.blake2b(text.encode(), digest_size=_HASH // 2).hexdigest()


def _has_slot(pattern: Chunks) -> bool:
    return any(SLOT in chunk for chunk in pattern)


def _fits(chunks: Chunks, pattern: Chunks) -> bool:
    return all(one == form or _fills(one, form) for one, form in zip(chunks, pattern, strict=True))


def _fills(chunk: str, form: str) -> bool:
    lead, slot, tail = form.partition(SLOT)
    room = len(chunk) >= len(lead) + len(tail)
    return bool(slot) and room and chunk.startswith(lead) and chunk.endswith(tail)
