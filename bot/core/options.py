"""The `key=value` part of a line: own versions of components, and options."""

from __future__ import annotations

import re

from bot.core import parts
from bot.core.command import OPTION_KEYS, Options, Trouble, is_ref
from bot.core.config.target import ConfirmMode
from bot.core.nearest import nearest
from bot.core.normalise import unquote
from bot.core.value import text
from bot.core.words import PuzzledError, Word, Words

_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def mode(word: Word, value: str, words: Words) -> ConfirmMode:
    """Read how a release confirms: each_step or gates."""
    folded = value.casefold().replace("-", "_")
    if folded in set(ConfirmMode):
        return ConfirmMode(folded)
    before = "confirm=" if word.key else ""
    tries = tuple(words.instead(word, f"{before}{name}") for name in ConfirmMode)
    why = text("intent.bad_confirm", word=word.shown)
    raise PuzzledError(Trouble.BAD_VALUE, why, what="confirm", tries=tries)


def settings(words: Words, components: tuple[str, ...]) -> tuple[dict[str, str], Options]:
    """Read `component=REF` and `key=value` to the end of the line, each at most once."""
    refs: dict[str, str] = {}
    given: dict[str, object] = {}
    while (word := words.current) is not None and word.key is not None:
        words.refuse_dashes()
        name = word.key if word.key in components else word.key.casefold()
        if name in refs or name in given:
            why = text("intent.twice", key=name)
            raise PuzzledError(Trouble.UNEXPECTED, why, what=name, tries=(words.without(word),))
        if name in components and name in OPTION_KEYS:
            raise _both(words, word)
        if name in components:
            refs[name] = _own_version(word)
        elif name in OPTION_KEYS:
            given[name] = _option_value(words, word, components)
        else:
            raise _unknown_key(words, word, components)
        words.take()
    return refs, Options.model_validate(given)


def _both(words: Words, word: Word) -> PuzzledError:
    why = text("intent.component_called_option", key=str(word.key))
    tries = (words.instead(word, f"{word.value} only={word.key}"),)
    return PuzzledError(Trouble.AMBIGUOUS, why, what="option", tries=tries)


def _own_version(word: Word) -> str:
    if not word.value:
        raise parts.missing("version")
    if not is_ref(word.value):
        raise parts.not_allowed(word, "version")
    return word.value


def _unknown_key(words: Words, word: Word, components: tuple[str, ...]) -> PuzzledError:
    near = nearest(str(word.key), (*OPTION_KEYS, *components))
    why = text("intent.unknown_option", word=word.shown, nearest=", ".join(near))
    value = words.line[word.start + len(str(word.key)) : word.end]
    tries = tuple(words.instead(word, f"{name}{value}") for name in near)
    return PuzzledError(Trouble.UNKNOWN_OPTION, why, what="option", tries=tries)


def _option_value(words: Words, word: Word, components: tuple[str, ...]) -> object:
    key = str(word.key).casefold()
    if not word.value:
        raise parts.missing("value")
    if key == "note":
        return unquote(word.value)
    if key == "confirm":
        return mode(word, word.value, words)
    if key == "dry":
        if word.value.casefold() not in _YES_NO:
            tries = (words.instead(word, "dry=yes"), words.instead(word, "dry=no"))
            why = text("intent.bad_dry", word=word.shown)
            raise PuzzledError(Trouble.BAD_VALUE, why, what="dry", tries=tries)
        return _YES_NO[word.value.casefold()]
    if key == "env":
        if not is_ref(word.value):
            raise parts.not_allowed(word, "env")
        return word.value
    return tuple(_listed(words, word, name, components) for name in word.value.split(","))


def _listed(words: Words, word: Word, name: str, components: tuple[str, ...]) -> str:
    if name in components:
        return name
    if not name:
        why = text("intent.list_with_spaces", key=str(word.key))
        joined = (re.sub(r",\s+", ",", words.line), words.instead(word, word.text.strip(",")))
        raise PuzzledError(Trouble.BAD_VALUE, why, what=str(word.key), tries=joined)
    piece = Word(text=name, start=word.start, end=word.end)
    if not is_ref(name):
        raise parts.not_allowed(piece, "component")
    near = nearest(name, components)
    others = word.value.split(",")
    tries = tuple(
        words.instead(word, f"{word.key}={','.join(n if o == name else o for o in others)}")
        for n in near
    )
    why = text("intent.unknown_component", word=piece.shown, nearest=", ".join(near))
    raise PuzzledError(Trouble.UNKNOWN_NAME, why, what="component", tries=tries)
