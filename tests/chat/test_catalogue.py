"""Every message is translated into every language, with the same parameters and in its script."""

from __future__ import annotations

import re
import string
import unicodedata
from functools import cache

import pytest

from bot.chat.catalogue import catalogue, path
from bot.chat.english import TEXTS
from bot.chat.texts_singular import ONE
from bot.core.command import OPTION_KEYS, YES
from bot.core.config import ConfirmMode, Language, OnFail
from bot.core.verb import Verb
from tests.support import messages
from tests.support.messages import TRANSLATED

_SCRIPTS = {
    Language.JAPANESE: ("HIRAGANA", "KATAKANA", "CJK"),
    Language.KOREAN: ("HANGUL",),
    Language.TRADITIONAL_CHINESE: ("CJK",),
    Language.THAI: ("THAI",),
}
_TYPED = {
    *Verb, *OPTION_KEYS, *YES, *ConfirmMode, *OnFail, "because", "deploy", "since", "between",
    "and", "yesterday", "today", "top", "to", "of", "key", "value", "component", "step",
    "VERSION", "NAME", "VERB", "h", "s", "m", "d", "T", "all", "failures", "yes", "no", "admin",
    "release",
}  # fmt: skip
"""What people type is the same in every language: the grammar, its examples, and roles."""
_NAMES = {
    "LINE": "a product",
    "Slack": "a product",
    "release.yml": "a file",
    "fields.level": "a key of that file",
    "ERROR": "a log level, as logs have it",
    "WARN": "a log level, as logs have it",
    "Go": "the procedure's word for it, and its verb",
    "B": "the name of a rule",
    "x": "times, in front of a number",
    "ID": "written so in every language",
    "Bonferroni": "a person, whose inequality it is",
}
_LINKING = {"by", "at", "of"}
"""English words between parameters, which other languages may say with a sign."""
_LATIN = {
    Language.THAI: {
        "log": "written so by Thai engineers; the Thai word is that for a lock",
        "canary": "written so by Thai engineers",
        "regression": "written so by Thai engineers; the Thai word means recession",
    }
}
"""Words that stay English, with the reason."""


read = cache(messages.read)


def forms(language: Language, key: str) -> tuple[str, ...]:
    """The translations of a message, one a plural form."""
    return messages.forms(read(language)[key])


def fields(template: str) -> set[tuple[str, str]]:
    """The parameters of a template, and how they are written."""
    parsed = string.Formatter().parse(template)
    return {(name, spec or "") for _, name, spec, _ in parsed if name is not None}


def words(template: str) -> str:
    """A template without its parameters."""
    return re.sub(r"\{[^}]*\}", " ", template)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_every_message_and_no_other(language: Language) -> None:
    """Writing it anew changes nothing; else run make messages, and translate what is new."""
    assert path(language).read_bytes() == messages.written(language)
    assert list(read(language)) == list(TEXTS)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: Language) -> None:
    """No translation is missing, and none waits for a look since its English changed."""
    missing = [k for k in TEXTS if not all(forms(language, k)) or read(language)[k].fuzzy]

    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_parameters_of_its_message(language: Language) -> None:
    """None is lost, none is new, and each is written as in English."""
    wrong = {
        key: form
        for key in TEXTS
        for form in forms(language, key)
        if fields(form) != fields(TEXTS[key])
    }

    assert wrong == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_is_left_by_accident(language: Language) -> None:
    """Latin words are those that people type, names, and a few with a reason."""
    known = {*_TYPED, *_NAMES, *_LATIN.get(language, {})}
    left = {
        key: sorted(found)
        for key in TEXTS
        for form in forms(language, key)
        if (found := set(re.findall(r"[A-Za-z][A-Za-z_]*(?:\.yml|\.level)?", words(form))) - known)
    }

    assert left == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_written_in_its_script(language: Language) -> None:
    """Where the English has words, the translation has letters of its language."""
    foreign = {
        key: form
        for key in TEXTS
        for form in forms(language, key)
        if set(re.findall(r"[A-Za-z]+", words(TEXTS[key]))) - {*_TYPED, *_NAMES, *_LINKING}
        if not any(unicodedata.name(c, "").startswith(_SCRIPTS[language]) for c in form)
    }

    assert foreign == {}


def test_only_words_that_are_used_stay_english() -> None:
    """A reason for an English word is kept as long as the word is."""
    for language, reasons in _LATIN.items():
        used = " ".join(form for key in TEXTS for form in forms(language, key))
        assert [word for word in reasons if word not in used] == []


def test_english_for_one_speaks_of_the_same() -> None:
    """The template for one has the parameters of the one for many, the counted one among them."""
    for key, one in ONE.items():
        assert fields(one.template) == fields(TEXTS[key])
        assert one.counted in {name for name, _ in fields(one.template)}
        assert one.template != TEXTS[key]


def test_a_message_whose_english_changed_waits_for_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its translation stays, but is not used; a new message comes without a translation."""
    changed = {**TEXTS, "state.done": "all done", "state.new": "brand new"}
    monkeypatch.setattr(messages, "TEXTS", changed)

    body = messages.written(Language.JAPANESE).decode()

    assert '#, fuzzy\nmsgctxt "state.done"\nmsgid "all done"\nmsgstr "完了"' in body
    assert 'msgctxt "state.new"\nmsgid "brand new"\nmsgstr ""' in body


def test_a_catalogue_is_read_once() -> None:
    """Making words for a room costs nothing once the language was read."""
    first = catalogue(Language.THAI)

    assert catalogue(Language.THAI) is first
