"""What is wrong with a setting, said so that the reader can put it right at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from bot.core.value import Value

Loc = tuple[str | int, ...]
"""Where something is in nested mappings and lists."""

HIDDEN = "(hidden)"
_LONGEST = 60
_PLAIN_KEY = re.compile(r"[\w-]+")
_SECRET_KEY = re.compile(
    r"token|secret|passw|credential|auth|cookie|sha256|_env$|(^|[_-])key$", re.IGNORECASE
)
_SECRET_PARENTS = ("headers", "headers_env")
_SECRET_VALUE = re.compile(
    r"^(xox\w-|xapp-|gh\w_|github_pat_|glpat-|sk-|AKIA|eyJ|-----BEGIN|bearer |basic )",
    re.IGNORECASE,
)
_URL = re.compile(r"(\w[\w+.-]*:/{1,3})(?:[^\s/@]*@)?([^\s/?#]*)([^\s]*)")


class Problem(Value):
    """One thing that is wrong. `str()` is one line: file, place, value, what would be right."""

    path: str
    """Where: `targets.openchat.rooms[0]`, `line 3, column 7`, or an environment variable."""
    value: str = ""
    """What is written there, fit to be shown: short, on one line, without secrets."""
    right: str
    """What is wrong with it and what would be right."""
    source: str = "release.yml"
    """The file, or `environment`."""

    def __str__(self) -> str:
        """Say it in one line."""
        place = ": ".join(part for part in (self.source, self.path) if part)
        return f"{place}: " + " ".join(part for part in (self.value, self.right) if part)


class UnusableError(ValueError):
    """What an adapter cannot work with: a key of its configuration, its value and what is wrong."""

    def __init__(self, key: str, value: object, right: str) -> None:
        self._key, self._value, self._right = key, show(value, (key,)), right
        super().__init__(f"{key}: {self._value} {right}")

    def at(self, loc: Loc) -> Problem:
        """The problem of the settings, where the configuration stands at this place."""
        return Problem(path=place((*loc, self._key)), value=self._value, right=self._right)


def place(loc: Loc) -> str:
    """Write a location the way people read it: `targets.openchat.share[0].room`."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            path += f".{part}" if path else part
        else:
            path += f"[{part!r}]"
    return path


def show(value: object, loc: Loc = ()) -> str:
    """Make a value fit to be shown: one short line; what may be a secret is hidden."""
    keys = [part for part in loc if isinstance(part, str)]
    if keys and (_SECRET_KEY.search(keys[-1]) or set(keys) & set(_SECRET_PARENTS)):
        return HIDDEN
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str):
        return _show_text(value)
    if isinstance(value, Iterable):
        return "a list"
    return _cut(str(value))


def meant(word: str, known: Iterable[str]) -> str:
    """Find the known word that was probably meant; empty when none is near."""
    by_folded = {name.casefold(): name for name in known}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else ""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say which known word was meant, or which there are; begins with `; ` or is empty."""
    names = list(known)
    guess = meant(word, names)
    if guess:
        return f"; did you mean {guess!r}?"
    if not names:
        return ""
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"; there are {', '.join(names[:12])}{more}"


def _show_text(text: str) -> str:
    if _SECRET_VALUE.search(text):
        return HIDDEN
    return _cut(repr(_URL.sub(_mask_url, text)))


def _mask_url(match: re.Match[str]) -> str:
    # The path of a hook's address is often its secret, as is what stands before an @.
    scheme, host, rest = match.groups()
    return f"{scheme}{host}" + ("/…" if len(rest) > 1 else rest)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]}…{text[-1]}"
