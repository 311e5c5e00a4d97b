"""Cards as LINE messages: whatever a release says fits, shows the same facts, and is data."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.line import more, taps
from bot.chat.line.limits import BUBBLE_BYTES, size
from bot.chat.line.render import FOLDS, Renderer, mention, plain
from bot.chat.samples import HOSTILE
from bot.chat.texts import Words
from bot.core import view
from bot.core.card import Action, Card, Chart, Confirm, Row, Series, Style, Table
from bot.core.config import Component
from bot.core.release import Release, StepKind
from bot.core.value import Text, text
from bot.core.verb import Verb
from tests.support.chaos import Chaos, any_release
from tests.support.line_rules import complaints
from tests.support.releases import ADMIN, release, target

DRAW = Renderer(Words("Asia/Tokyo"))


def cards(made: Release) -> Iterator[Card]:
    """Every card that a release has as it is now."""
    yield view.board(made, made.planned_at)
    yield from (view.question(made, q, ("ren",)) for q in made.questions)
    yield from (
        view.reminder(made, q, last=last, mentions=("ren",))
        for q in made.questions
        for last in (True, False)
    )
    yield from (view.expired(made, q) for q in made.questions)
    yield from (view.paused(made, pause) for pause in made.pauses)
    for step in made.steps:
        if step.kind is StepKind.CHECK:
            yield view.check(made, step)
        if step.kind is StepKind.ANNOUNCE:
            yield view.share(made, step, digest=True)
            yield view.share(made, step, digest=False)
        if step.override:
            yield view.override(made, step)
    if made.rollback or made.rolled_back:
        yield view.rollback(made)
    if not made.live:
        yield view.result(made)


def hostile(word: str) -> Card:
    """A card in which everything that people or logs may say is this."""
    act = Action(verb="approve", label=text(word), value="v1|1|a/gate|abc|def")
    return Card(
        kind="verdict",
        title=text(word),
        text=text(word),
        state="fail",
        lines=(word, text("hint.try", line=word)),
        fields=((text(word), word),),
        table=Table(
            caption=text(word), header=(text(word),), rows=(Row(cells=(word, word), state="new"),)
        ),
        chart=Chart(
            title=text(word),
            categories=(word,) * 20,
            series=(Series(name=text(word), values=(1.5,) * 20),),
        ),
        actions=(act, act.model_copy(update={"style": Style.DANGER})),
        footer=word,
    )


@pytest.mark.parametrize("count", [1, 7, 100])
def test_a_release_of_any_size_fits(count: int) -> None:
    """From its plan on; what is not shown is said to be left out."""
    made = release(target({f"component-{n:03}": Component() for n in range(count)}))

    for card in cards(made):
        message = DRAW.message(card)
        assert complaints([message]) == []
    board = json.dumps(DRAW.message(view.board(made, made.planned_at)), ensure_ascii=False)
    assert ("+70 …" in board) is (count == 100)
    assert "component-000" in board


def test_a_card_without_anything_fits() -> None:
    """A title is enough."""
    card = Card(kind="status", title=text("status.title", count=0), text=text("status.title"))

    message = DRAW.message(card)
    assert complaints([message]) == []
    assert message["altText"] == "Active releases:"


def test_every_state_of_any_release_fits() -> None:
    """Releases that are played by chance, everything that they ever say."""
    seen: set[tuple[str, str]] = set()
    for seed in range(6):
        dice = Random(seed)
        world = Chaos(any_release(dice))
        world.order(Verb.START, ADMIN, reason="because")
        for move in range(90):
            world.act(dice, honest=True)
            if move % 30 == 29:
                for card in cards(world.release):
                    seen.add((card.kind, card.state))
                    assert complaints([DRAW.message(card)]) == []
    assert len(seen) > 15


@pytest.mark.scenario(33)
@pytest.mark.scenario(76)
@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_data_and_are_cut_visibly(word: str) -> None:
    """They ping nobody, turn no line around, and never make LINE refuse the message."""
    message = DRAW.message(hostile(word))
    said = json.dumps(message, ensure_ascii=False)

    assert complaints([message]) == []
    assert message["type"] == "flex"  # a Flex text makes no links and mentions nobody
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in said
    if len(word) > 700:
        assert "…" in said


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_braces_beside_a_mention_are_no_placeholders(word: str) -> None:
    """Only those who are asked are mentioned, whatever the text holds."""
    message = mention(word, {"Ren": "U" + "1" * 32, "Kai": "U" + "2" * 32})

    assert complaints([message, plain(word)]) == []
    assert set(message["substitution"]) == {"m0", "m1"}


def test_at_most_twenty_people_are_mentioned() -> None:
    """LINE takes no more."""
    message = mention("now", {str(n): f"U{n:032x}" for n in range(40)})

    assert complaints([message]) == []
    assert len(message["substitution"]) == 20


def test_it_shrinks_in_a_fixed_order_until_it_fits() -> None:
    """The footer goes first, the bars become words only after rows were left out."""
    for before, after in itertools.pairwise(FOLDS):
        assert after.footer <= before.footer
        assert after.lines <= before.lines
        assert after.rows <= before.rows
        assert after.drawn <= before.drawn
        assert after.text <= before.text
    assert [fold.footer for fold in FOLDS[:2]] == [True, False]
    assert next(f for f in FOLDS if not f.drawn).rows < FOLDS[0].rows
    bubble = DRAW.bubble(hostile("\N{PILE OF POO}" * 3000))
    assert size(bubble) <= BUBBLE_BYTES
    assert bubble["footer"]["contents"], "buttons are never left out"


def test_bars_show_shares_and_numbers() -> None:
    """The longest bar is full, a small one is never nothing, each has its number beside it."""
    chart = Chart(
        title=text("check.chart"),
        categories=("Boom",),
        series=(
            Series(name=text("column.before"), values=(1.0,)),
            Series(name=text("column.after"), values=(1234567.0,)),
        ),
    )
    card = Card(kind="verdict", title=text("check.table"), text=text("check.table"), chart=chart)
    said = json.dumps(DRAW.message(card))

    assert '"width": "1%"' in said
    assert '"width": "100%"' in said
    assert '"text": "1234567"' in said


@pytest.mark.parametrize("action", ["button.confirm", "button.go_on_others", "button.rollback_all"])
def test_long_buttons_have_a_short_form(action: str) -> None:
    """Twenty units are LINE's limit; an ellipsis would hide what a button does."""
    label = DRAW.label(Action(verb="go", label=text(action, count=3), value="v"))

    assert len(label) <= 20
    assert "…" not in label


def test_suggested_lines_can_be_said_by_one_tap() -> None:
    """A line that would be right becomes a quick reply, with the wake word of groups."""
    card = Card(
        kind="refusal",
        title=text("refusal.not_understood"),
        text=text("refusal.not_understood"),
        lines=tuple(text("hint.try", line=f"start shop {n}") for n in range(20)),
    )
    message = DRAW.message(card)
    first = message["quickReply"]["items"][0]["action"]

    assert complaints([message]) == []
    assert first == {"type": "message", "label": "start shop 0", "text": "release start shop 0"}
    assert len(message["quickReply"]["items"]) == 13


@pytest.mark.parametrize("state", ["waiting", "planned", "running", "paused", "done"])
def test_a_board_always_says_its_state(state: str) -> None:
    """Also one that waits, whose rows that wait their turn stay calm."""
    row = Row(cells=("auth", "1.0"), state="waiting")
    table = Table(caption=text("board.title"), header=(text("x"),), rows=(row,))
    card = Card(kind="board", title=text("x"), text=text("x"), state=state, table=table)
    drawn = DRAW.bubble(card)["body"]["contents"]

    assert drawn[1]["text"].endswith(DRAW.said(text(f"state.{state}")))
    assert drawn[-1]["contents"][0]["text"] == "• auth"


def test_a_list_is_named_once() -> None:
    """A caption that only repeats the title is left out."""
    table = Table(caption=text("x"), header=(text("x"),), rows=(Row(cells=("a",), state=""),))
    card = Card(kind="help", title=text("x"), text=text("x"), table=table)

    assert [part.get("text") for part in DRAW.bubble(card)["body"]["contents"]] == ["x", None]


WORD = st.text(max_size=800)
CELL = st.one_of(WORD, st.builds(lambda key, x: Text(key=key, params={"x": x}), WORD, WORD))
TEXTS = st.builds(lambda key: Text(key=key), WORD)
ACTION = st.builds(
    Action,
    verb=st.sampled_from([str(v) for v in Verb]),
    label=TEXTS,
    value=st.just("v1|123456789|" + "s" * 60 + "|abcdef12|deadbeef"),
    style=st.sampled_from(list(Style)),
    confirm=st.one_of(st.none(), st.builds(Confirm, title=TEXTS, body=TEXTS)),
)
ROWS = st.builds(
    Row,
    cells=st.lists(CELL, max_size=6).map(tuple),
    state=st.sampled_from(["", "done", "failed", "waiting", "strange"]),
)
SERIES = st.builds(Series, name=TEXTS, values=st.lists(st.floats(0, 1e12), max_size=20).map(tuple))
CHART = st.builds(
    Chart,
    title=TEXTS,
    categories=st.lists(WORD, max_size=20).map(tuple),
    series=st.lists(SERIES, max_size=3).map(tuple),
)
CARD = st.builds(
    Card,
    kind=st.sampled_from(["board", "errors", "history", "question"]),
    title=TEXTS,
    text=TEXTS,
    state=st.sampled_from(["", "running", "fail", "asked", "x"]),
    lines=st.lists(CELL, max_size=30).map(tuple),
    fields=st.lists(st.tuples(TEXTS, CELL), max_size=15).map(tuple),
    table=st.one_of(
        st.none(),
        st.builds(
            Table, caption=TEXTS, header=st.just(()), rows=st.lists(ROWS, max_size=50).map(tuple)
        ),
    ),
    chart=st.one_of(st.none(), CHART),
    actions=st.lists(ACTION, max_size=8).map(tuple),
    footer=st.one_of(st.none(), CELL),
)


@given(CARD, st.sampled_from(["", more.of_card("release:1:board")]))
def test_any_card_fits(card: Card, whole: str) -> None:
    """Whatever a card holds, LINE takes it, and each of its buttons reads back."""
    message = DRAW.message(card, more=whole)

    assert complaints([message]) == []
    buttons = message["contents"].get("footer", {"contents": []})["contents"]
    found = [taps.read(button["action"]["data"]) for button in buttons]
    assert [(tap.verb, tap.value) for tap in found if tap and tap.kind != taps.MORE] == [
        (action.verb, action.value) for action in card.actions
    ]
