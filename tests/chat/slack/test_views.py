"""Dialogs and the App Home: Slack accepts them for any team, any release and any words."""

from __future__ import annotations

from random import Random

import pytest

from bot.chat.samples import HOSTILE
from bot.chat.slack import home, modals
from bot.chat.slack.inbound import Heard
from bot.chat.texts import Words
from bot.core import view
from bot.core.card import Action, Card, Confirm, Row, Table
from bot.core.operation import Candidate
from bot.core.value import text
from bot.store import WatchRow
from tests.support.chaos import Chaos, any_release
from tests.support.slack_oracle import check_view

SAY = Words("Asia/Tokyo")
SECRET = {"verb": "reject", "value": "v1|42|chat/gate|a|b", "room": "release"}


@pytest.mark.parametrize("word", HOSTILE)
def test_the_reason_dialog_is_accepted(word: str) -> None:
    """Whatever stands on the card, its dialog opens."""
    said = text("said.line", line=word)
    action = Action(
        verb="reject", label=said, value="v", confirm=Confirm(title=said, body=said, reason=True)
    )

    check_view(modals.reason(action, SAY, SECRET))


@pytest.mark.parametrize("components", [0, 1, 7, 100])
def test_the_start_dialog_is_accepted(components: int) -> None:
    """Up to a hundred components with up to two hundred versions each."""
    found = {
        f"component-{n}": [Candidate(version=f"2.{v}", title="x" * v) for v in range(n * 2)]
        for n in range(components)
    }

    check_view(modals.start("openchat", found, say=SAY, secret=SECRET))
    check_view(modals.start("openchat", None, say=SAY, secret=SECRET))
    check_view(modals.loading(SAY, SECRET))
    check_view(modals.choose_target([f"t{n}" for n in range(components + 2)], SAY, SECRET))
    check_view(modals.nothing(SAY, "slack.start.title", "slack.start.none"))


@pytest.mark.parametrize("word", HOSTILE)
def test_the_note_dialog_is_accepted(word: str) -> None:
    """Any message can be kept; without a running release the dialog says so."""
    running = [any_release(Random(n)) for n in range(3)]

    check_view(modals.note(word, running, SAY, SECRET))
    check_view(modals.note(word, [], SAY, SECRET))


@pytest.mark.parametrize("seed", range(4))
def test_home_is_accepted(seed: int) -> None:
    """No release, and more than are shown; with everything that waits, and a long history."""
    chance = Random(seed)
    chaos = Chaos(any_release(chance))
    for _ in range(25):
        chaos.act(chance)
    release = chaos.release
    cards = [view.question(release, q, ["anna"]) for q in release.questions] * 4
    title = text("history.title", count=200, target="-")
    header = (text("column.release"), text("column.result"))
    rows = tuple(Row(cells=(f"#{n}", HOSTILE[n % 7]), state="done") for n in range(200))
    history = Card(
        kind="history",
        title=title,
        text=title,
        table=Table(caption=title, header=header, rows=rows),
    )
    empty = history.model_copy(update={"table": None})

    watches = [
        WatchRow(subject=word, person="anna", events="all", surface="slack")
        for word in (f"#{n}" for n in range(40))
    ]
    full = home.Shown(
        running=[(release, "https://acme.slack.com/x")] * 30,
        waiting=cards,
        watches=watches,
        history=history,
    )
    check_view(home.home(home.Shown(history=empty), SAY))
    check_view(home.home(full, SAY))
    assert home.home(full, SAY)["blocks"][-1]["type"] == "table"
    check_view(home.stranger(SAY))


def test_what_a_dialog_carries_comes_back() -> None:
    """Ids only, and nonsense in its place is nothing."""
    heard = Heard(dedupe="d", user="U1", team="T1", channel="C1", verb="reject", value="v")
    made = modals.modal("reason", "Reject", [], say=SAY, secret=modals.carried(heard, "release"))

    assert modals.secret_of(made) == {
        "channel": "C1",
        "room": "release",
        "value": "v",
        "verb": "reject",
    }
    assert modals.secret_of({"private_metadata": "{"}) == {}
    assert modals.secret_of({}) == {}
