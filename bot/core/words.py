"""A line cut into words: what stands where, and the one way of saying that it is puzzling."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.command import OPTION_KEYS, Trouble
from bot.core.normalise import unquote
from bot.core.value import Text, text

BECAUSE = "because"
_WORD = re.compile(
    r"""(?P<key>[^\s"'=]+=)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')(?=\s|$)|\S+"""
)
_DASHED = re.compile(r"-{1,2}(?P<key>[A-Za-z][A-Za-z_-]*)(?:=(?P<value>.*))?")


class PuzzledError(Exception):
    """A line cannot be read. `tries` are whole lines that may be what was meant."""

    def __init__(
        self, code: Trouble, why: Text, *, what: str = "", tries: tuple[str, ...] = ()
    ) -> None:
        super().__init__(why.key)
        self.code = code
        self.text = why
        self.what = what
        self.tries = tries


@dataclass(frozen=True, slots=True)
class Word:
    """One word or one quoted piece of a line; `key` is set in `key=value`."""

    text: str
    start: int
    end: int
    quoted: bool = False
    key: str | None = None
    value: str = ""

    @property
    def folded(self) -> str:
        """How keywords are compared; a quoted piece is no keyword."""
        return "" if self.quoted else self.text.casefold()

    @property
    def is_number(self) -> bool:
        """Whether it is a number of at most nine digits."""
        return not self.quoted and re.fullmatch("[0-9]{1,9}", self.text) is not None

    @property
    def shown(self) -> str:
        """The word as an answer repeats it: cut visibly after 60 characters."""
        return self.text if len(self.text) <= 60 else self.text[:59] + "…"


def _word(match: re.Match[str]) -> Word:
    key, start, end = match["key"], match.start(), match.end()
    inner = match["double"] if match["double"] is not None else match["single"]
    if inner is not None and key is None:
        return Word(text=inner, start=start, end=end, quoted=True)
    whole = match[0]
    before, sign, after = whole.partition("=")
    if not sign:
        return Word(text=whole, start=start, end=end)
    value = after if inner is None else inner
    return Word(text=whole, start=start, end=end, key=before, value=value)


class Words:
    """A cursor over the words of a normalised line; the first word is the verb."""

    def __init__(self, line: str) -> None:
        self.line = line
        self._words = tuple(_word(match) for match in _WORD.finditer(line))
        self._at = 1

    @property
    def current(self) -> Word | None:
        """The word that is read next."""
        return self.ahead(0)

    @property
    def keyword(self) -> str:
        """The word that is read next, casefolded; empty at the end and for a quoted piece."""
        return self.current.folded if self.current else ""

    def ahead(self, count: int) -> Word | None:
        """The word `count` after the next one."""
        at = self._at + count
        return self._words[at] if at < len(self._words) else None

    def take(self) -> Word:
        """Go on by one word; there must be one."""
        word = self._words[self._at]
        self._at += 1
        return word

    def ends_clause(self, count: int) -> bool:
        """Whether the line ends there, or a reason that is marked as one begins."""
        word = self.ahead(count)
        return word is None or word.quoted or word.folded == BECAUSE

    def free_text(self) -> str:
        """Everything from the next word to the end, as it was written, without outer quotes."""
        rest = self.line[self.current.start :] if self.current else ""
        self._at = len(self._words)
        return unquote(rest)

    def instead(self, word: Word, other: str, *, drop_next: bool = False) -> str:
        """The whole line with one word said otherwise, and perhaps the word after it left out."""
        end = word.end
        if drop_next:
            end = next((w.end for w in self._words if w.start >= word.end), word.end)
        return f"{self.line[: word.start]}{other}{self.line[end:]}"

    def without(self, word: Word) -> str:
        """The whole line without one word."""
        return f"{self.line[: word.start].rstrip()}{self.line[word.end :]}"

    @property
    def verb(self) -> str:
        """The first word."""
        return self.line.partition(" ")[0]

    def upto(self) -> str:
        """The line up to the next word."""
        word = self.current
        return self.line if word is None else self.line[: word.start].rstrip()

    def with_because(self, count: int = 0) -> str:
        """The whole line with the rest, from the word `count` after the next, as a reason."""
        word = self.ahead(count)
        at = word.start if word else len(self.line)
        return f"{self.line[:at]}{BECAUSE} {self.line[at:]}"

    def refuse_dashes(self) -> None:
        """Raise PuzzledError where the next word is a `--flag`."""
        word = self.current
        match = _DASHED.fullmatch(word.text) if word and not word.quoted else None
        if word is None or match is None:
            return
        key, following = match["key"], self.ahead(1)
        tries: list[str] = []
        if match["value"] is not None:
            tries.append(self.instead(word, f"{key}={match['value']}"))
        elif key in OPTION_KEYS and following is not None:
            pair = f"{key}={self.line[following.start : following.end]}"
            tries.append(self.instead(word, pair, drop_next=True))
        if key == "dry":
            tries.append(self.instead(word, "dry=yes"))
        if key not in OPTION_KEYS:
            tries += [self.without(word), self.with_because()]
        raise PuzzledError(
            Trouble.DASHES,
            text("intent.dashes", word=word.shown, key=key),
            what="option",
            tries=tuple(tries),
        )
