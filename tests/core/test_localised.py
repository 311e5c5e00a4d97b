"""Verbs in the rooms' languages mean what the English ones mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core import intent
from bot.core.command import Command, Misunderstood
from bot.core.config import Language
from bot.core.localised import VERBS, WORDS
from bot.core.verb import Verb

NAMES = intent.Names(targets={"shop": ("cart", "pay")}, people=("alice",))
WAKE = intent.Wake(required=True, mentions=("@bot",))
PAIRS = [(word, verb) for verbs in WORDS.values() for verb, word in verbs.items()]


def test_every_language_has_every_verb() -> None:
    """One word each, which nothing cuts in two."""
    assert set(WORDS) == set(Language) - {Language.ENGLISH}
    assert all(set(verbs) == set(Verb) for verbs in WORDS.values())
    assert not [word for word, _ in PAIRS if len(word.split()) != 1]


def test_no_word_means_two_verbs() -> None:
    """Not within a language and not between two of them."""
    meant: dict[str, set[Verb]] = {}
    for word, verb in PAIRS:
        meant.setdefault(word, set()).add(verb)

    assert [word for word, verbs in meant.items() if len(verbs) > 1] == []
    assert len(VERBS) == len(meant)
    assert not set(VERBS) & set(Verb)


@pytest.mark.parametrize(("word", "verb"), PAIRS)
def test_a_localised_line_is_the_english_one(word: str, verb: Verb) -> None:
    """The same command, or the same misunderstanding, with the same words behind the verb."""
    for rest in ("", " shop", " #42 cart/deploy because slow"):
        said = intent.parse(f"@bot {word}{rest}", wake=WAKE, names=NAMES)
        meant = intent.parse(f"@bot {verb}{rest}", wake=WAKE, names=NAMES)
        assert said == meant


def test_it_is_normalised_like_everything_typed() -> None:
    """Half-width katakana and a decomposed vowel are the same word."""
    half = intent.parse("@bot ﾛｰﾙﾊﾞｯｸ #42", wake=WAKE, names=NAMES)
    thai = intent.parse("@bot ท\u0e4d\u0e32ต่อ #42", wake=WAKE, names=NAMES)

    assert isinstance(half, Command)
    assert (half.verb, half.release) == (Verb.ROLLBACK, 42)
    assert isinstance(thai, Command)
    assert thai.verb is Verb.RESUME


def test_people_talking_are_left_alone() -> None:
    """Without the wake word the same word is nobody's command."""
    assert isinstance(intent.parse("承認", wake=WAKE, names=NAMES), intent.NotForUs)


def test_help_knows_the_words() -> None:
    """`help` about a verb may be asked in the room's language."""
    found = intent.parse("@bot ヘルプ 承認", wake=WAKE, names=NAMES)

    assert not isinstance(found, Misunderstood)
    assert found == intent.parse("@bot help approve", wake=WAKE, names=NAMES)


def test_the_documentation_lists_them() -> None:
    """Whoever reads docs/languages.md finds every word."""
    text = (Path(__file__).parents[2] / "docs/languages.md").read_text(encoding="utf-8")

    assert [word for word, _ in PAIRS if word not in text] == []
