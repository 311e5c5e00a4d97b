"""The cards of a backtest: how far it is, and what it found."""

from __future__ import annotations

from bot.core.value import Text, text
from bot.core.view.backtest import broken, progress, result
from tests.core.backtest.test_backtest import backtest


def test_the_progress_says_how_far_and_at_what() -> None:
    """In per cent of the whole, with the part that is at work."""
    card = progress("openchat", 1, 3, text("backtest.reading", component="chat", day=1, days=9))

    assert (card.state, card.title.params) == ("running", {"target": "openchat", "percent": 33})
    assert card.lines == (text("backtest.reading", component="chat", day=1, days=9),)


def test_nothing_to_do_is_nothing_done() -> None:
    """Of no part, no per cent."""
    assert progress("openchat", 0, 0, text("x")).title.params["percent"] == 0


def test_a_good_policy_is_said_to_be_allowed() -> None:
    """With counts, the bound, a marked row and bars."""
    card = result(backtest(), 0.02)

    lines = [line for line in card.lines if isinstance(line, Text)]
    assert [line.key for line in lines] == ["backtest.cases", "backtest.may"]
    assert lines[0].params == {"real": 0, "bad": 0, "pseudo": 250}
    assert (lines[1].params["fails"], lines[1].params["high"]) == (0, "1.5 %")
    assert card.table
    assert [row.state for row in card.table.rows] == ["pass"]
    assert card.chart
    assert card.chart.series[1].values == (1.5,)


def test_a_poor_policy_is_said_to_ask() -> None:
    """The bound is above the limit, so people keep deciding."""
    card = result(backtest(fails=10), 0.02)

    assert [line.key for line in card.lines if isinstance(line, Text)][1] == "backtest.may_not"
    assert card.table
    assert card.table.rows[0].state == ""


def test_a_component_that_was_often_wrong_is_named() -> None:
    """All together are below the limit, but a release with that component asks."""
    good, poor = backtest(), backtest(fails=5, component="gateway")
    both = good.model_copy(
        update={"found": (*good.found, *poor.found), "policies": {**good.policies, **poor.policies}}
    )
    card = result(both, 0.03)
    line = card.lines[1]

    assert isinstance(line, Text)
    assert (line.key, line.params["components"]) == ("backtest.may_some", "gateway")
    assert card.table
    assert [row.state for row in card.table.rows] == ["", "pass", ""]


def test_an_empty_backtest_has_no_table() -> None:
    """Where there was nothing to judge, nothing is drawn."""
    card = result(backtest(passes=0), 0.02)

    assert (card.table, card.chart) == (None, None)


def test_what_went_wrong_is_the_card() -> None:
    """The reason stands in the line."""
    card = broken("openchat", text("backtest.no_logs", target="openchat"))

    assert (card.state, card.lines) == ("failed", (text("backtest.no_logs", target="openchat"),))
