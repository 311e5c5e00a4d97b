"""Every message key has an English sentence, and every sentence gets what it speaks of."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable, Iterator
from random import Random

import pytest
from pydantic import BaseModel

from bot.chat.english import TEXTS
from bot.chat.texts import Words
from bot.core import view
from bot.core.card import Card
from bot.core.config import Language
from bot.core.event import Event
from bot.core.machine import Outcome
from bot.core.release import Release, StepKind
from bot.core.value import Text, text
from bot.core.verb import Verb
from tests.support.chaos import Chaos, any_release
from tests.support.releases import ADMIN
from tests.support.source import Module, modules

pytestmark = pytest.mark.thorough

_CODE = modules("bot", "adapters")
_SAYS = {"text", "fact", "Text"}
_MAY_BE_EMPTY = {"detail", "reason", "sample", "who", "names", "nearest", "summary", "step", "note"}
_KEYED = {"state": "state.{}", "past": "past.{}", "text": "{}"}
"""Format specifications whose value names another message, and under which key."""


def _called(module: Module) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls that name a message, with the key's expression."""
    for name, call in module.calls():
        if name.rpartition(".")[2] in _SAYS and call.args:
            yield call, call.args[0]


def _literals() -> Iterator[tuple[str, str, set[str] | None]]:
    """(place, key, parameters) of calls with a literal key; None: parameters come as a mapping."""
    for module in _CODE:
        for call, key in _called(module):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                names = {word.arg for word in call.keywords}
                given = None if None in names else {n for n in names if n}
                yield f"{module.name}:{call.lineno}", key.value, given


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """(place, pattern) of the keys that are put together."""
    for module in _CODE:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.JoinedStr):
                parts = (
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
                    for part in node.values
                )
                yield f"{module.name}:{node.lineno}", re.compile("".join(parts))


def _fields(key: str) -> dict[str, str]:
    """The parameters that a sentence speaks of -> how they are written."""
    parsed = string.Formatter().parse(TEXTS[key])
    return {name: spec or "" for _, name, spec, _ in parsed if name}


def test_every_named_message_has_a_sentence() -> None:
    """A key in the code without a template would be shown to people as it is."""
    missing = [
        f"{place}: {key}" for place, key, _ in _literals() if "." in key and key not in TEXTS
    ]

    assert missing == []


def test_every_composed_key_has_sentences() -> None:
    """A key that is put together begins like at least one template."""
    composed = [
        (f"{module.name}:{call.lineno}", key)
        for module in _CODE
        for call, key in _called(module)
        if isinstance(key, ast.JoinedStr)
    ]
    places = dict(_patterns())
    lost = [p for p, _ in composed if not any(places[p].fullmatch(key) for key in TEXTS)]

    assert lost == []
    assert len(composed) > 10


def test_every_sentence_gets_what_it_speaks_of() -> None:
    """Each parameter of a template is given where its key is named."""
    lost = [
        f"{place}: {key} lacks {sorted(set(_fields(key)) - given)}"
        for place, key, given in _literals()
        if key in TEXTS and given is not None and set(_fields(key)) - given
    ]

    assert lost == []


def test_no_sentence_is_left_over() -> None:
    """Each template is named somewhere, as a word or as a pattern."""
    words = {
        node.value
        for module in _CODE
        if module.name != "bot/chat/english.py" and not module.name.startswith("bot/chat/texts_")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # Words for states and verbs are found by the format specification of a parameter.
    patterns = [re.compile(r"(state|past|via)\.\w+")]
    patterns += [p for _, p in _patterns() if re.match(r"\w+\\\.", p.pattern)]
    left = [
        key for key in TEXTS if key not in words and not any(p.fullmatch(key) for p in patterns)
    ]

    assert left == []


def _texts(value: object) -> Iterator[Text]:
    """Every message inside a card."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)


def _cards(release: Release) -> Iterator[Card]:
    """Every card that a release has."""
    yield view.board(release, release.planned_at)
    if release.rollback or release.rolled_back:
        yield view.rollback(release)
    for question in release.questions:
        yield view.question(release, question, ("ren",))
        yield view.reminder(release, question, last=True, mentions=())
        yield view.reminder(release, question, last=False, mentions=())
    for step in release.steps:
        if step.kind is StepKind.CHECK:
            yield view.check(release, step)
        if step.kind is StepKind.ANNOUNCE:
            yield view.share(release, step, digest=True)
            yield view.share(release, step, digest=False)
        if step.override:
            yield view.override(release, step)
    if not release.live:
        yield view.result(release)


class Heard:
    """Collects everything that a release says."""

    def __init__(self) -> None:
        self.said: dict[str, Text] = {}

    def add(self, texts: Iterable[Text]) -> None:
        """Keep each message once for each set of empty parameters."""
        for item in texts:
            empty = sorted(name for name, value in item.params.items() if value in {"", None})
            self.said.setdefault(f"{item.key} {empty}", item)

    def __call__(self, before: Release, event: Event, outcome: Outcome) -> None:
        """Hear one transition."""
        self.add(outcome.facts)
        if outcome.refusal:
            self.add((outcome.refusal,))


@pytest.fixture(scope="module")
def said() -> list[Text]:
    """What releases say that were played by chance, on their cards and in the journal."""
    heard = Heard()
    for seed in range(50):
        dice = Random(seed)
        world = Chaos(any_release(dice), heard)
        world.order(Verb.START, ADMIN, reason="because")
        for move in range(90):
            world.act(dice, honest=True)
            if move % 15 == 0:
                for card in _cards(world.release):
                    heard.add(_texts(card))
    return list(heard.said.values())


def test_whatever_a_release_says_has_a_sentence(said: list[Text]) -> None:
    """No key is shown in place of words, neither as message nor inside of one."""
    lost = set()
    for item in said:
        if item.key not in TEXTS:
            lost.add(item.key)
            continue
        for name, spec in _fields(item.key).items():
            word = _KEYED[spec].format(item.params.get(name)) if spec in _KEYED else ""
            if word and spec == "text" and word not in TEXTS:
                lost.add(f"{item.key}: {word}")

    assert lost == set()
    assert len(said) > 150


@pytest.mark.parametrize("language", Language)
def test_whatever_a_release_says_is_said_in_every_language(
    said: list[Text], language: Language
) -> None:
    """Each sentence can be said: no parameter, no word and no key shows through."""
    words, english = Words("Asia/Bangkok", language), Words("Asia/Bangkok")
    holes = [
        f"{item.key}: {sentence}"
        for item in said
        for sentence in (words(item),)
        if not sentence or re.search(r"\b(state|past|question\.kind|result)\.\w+", sentence)
    ]
    alike = {item.key for item in said if words(item) == english(item) and _has_words(item.key)}

    assert holes == []
    assert language is Language.ENGLISH or alike == set()


def _has_words(key: str) -> bool:
    """Whether a template says anything beside its parameters."""
    return re.search(r"[A-Za-z]{3}", re.sub(r"\{[^}]*\}", "", TEXTS[key])) is not None


def test_nothing_that_a_sentence_speaks_of_is_blank(said: list[Text]) -> None:
    """Only a reason, a detail and the like may be empty."""
    blank = {
        f"{item.key}: {name}"
        for item in said
        for name in _fields(item.key)
        if item.params.get(name) in {"", None} and name not in _MAY_BE_EMPTY
    }

    assert blank == set()


def test_parameters_are_data_and_never_templates() -> None:
    """Braces in what people or logs say stay as they are."""
    words = Words()

    assert (
        words(text("fact.note", who="{verb}", text="{0} {x:time}")) == "{verb} notes: {0} {x:time}"
    )


def test_moments_are_said_in_the_room_s_zone() -> None:
    """The same moment reads differently in Tokyo."""
    moment = text("time", at="2026-08-06T12:00:00+00:00")

    assert Words()(moment) == "12:00:00"
    assert Words("Asia/Tokyo")(moment) == "21:00:00"


def test_one_is_said_otherwise_than_many() -> None:
    """English has a form for one; the other languages say every number alike."""
    one, many = (text("plan.title", target="chat", steps=n) for n in (1, 3))

    assert Words()(one) == "Plan of chat: 1 step"
    assert Words()(many) == "Plan of chat: 3 steps"
    assert Words(language=Language.KOREAN)(one) == "chat 계획: 1단계"
    assert Words(language=Language.KOREAN)(many) == "chat 계획: 3단계"


def test_words_inside_a_sentence_are_in_its_language() -> None:
    """A state, a past and a named message are translated where they are mentioned."""
    ended = text("refused.ended", release=7, phase="rolled_back")

    assert Words(language=Language.JAPANESE)(ended) == (
        "リリース #7 は終わっています（ロールバック済み）。"
    )
    assert Words(language=Language.TRADITIONAL_CHINESE)(
        text("check.text", release=1, step="a/b", result="result.pass")
    ) == ("發布 #1 a/b：通過")


def test_a_message_without_a_sentence_is_not_lost() -> None:
    """The key and its parameters are shown rather than nothing."""
    assert Words()(text("no.such", a=1)) == "no.such a=1"


def test_what_came_from_elsewhere_says_where() -> None:
    """A decision taken on another surface names it; one of the room's own says nothing more."""
    decided = text("closed.by", verb="approve", at=None, who="{Ren}", via="line")
    unknown = text("closed.by", verb="approve", at=None, who="{Ren}")

    assert Words().on("slack")(decided).startswith("Approved by {Ren} (on LINE) at")
    assert "{Ren}（LINE で）" in Words(language=Language.JAPANESE).on("web")(decided)
    assert "LINE" not in Words().on("line")(decided)
    assert Words().on("slack")(unknown).startswith("Approved by {Ren} at")


def test_words_of_no_surface_name_none() -> None:
    """The command line is nowhere, so nothing is elsewhere; the words lent out stay as they are."""
    words = Words()
    words.on("slack")

    assert words(text("by", who="Ren", via="line")) == "Ren"


@pytest.mark.parametrize("surface", ["web", "slack", "line"])
def test_every_surface_has_a_name(surface: str) -> None:
    """None of them is told as its code."""
    assert Words().on("http")(text("by", who="Ren", via=surface)) != f"Ren ({surface})"
