"""The axis: its figures are round, few, and where they say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.backtest.axis import LEFT, LONG, amounts, shares, times

FIRST = datetime(2026, 11, 1, 7, 13, tzinfo=UTC)


@given(st.floats(0.0005, 1.0))
def test_shares_are_evenly_spaced_and_reach_the_top(top: float) -> None:
    """From 0 %, at most seven figures, none twice, each the per cent of its place."""
    axis = shares(top, "share")
    values = [value for value, _ in axis.figures]
    said = [float(words.removesuffix("%")) / 100 for _, words in axis.figures]

    assert 3 <= len(values) <= 7
    assert values[0] == 0
    assert values[-2] < top <= values[-1] * (1 + 1e-9)
    assert said == pytest.approx(values)
    assert len({words for _, words in axis.figures}) == len(values)


@pytest.mark.parametrize(
    ("top", "figures"),
    [
        (0.03, ["0.0%", "0.5%", "1.0%", "1.5%", "2.0%", "2.5%", "3.0%"]),
        (0.06, [f"{n}%" for n in range(7)]),
        (0.08, ["0%", "2%", "4%", "6%", "8%"]),
        (0.9, ["0%", "20%", "40%", "60%", "80%", "100%"]),
    ],
)
def test_shares_are_round(top: float, figures: list[str]) -> None:
    """Steps of 1, 2 or 5, with no more digits than they need."""
    assert [said for _, said in shares(top, "share").figures] == figures


def test_amounts_are_written_plainly() -> None:
    """As numbers; the axis ends at the last of them."""
    axis = amounts(21.2, "minutes")

    assert [said for _, said in axis.figures] == ["0", "5", "10", "15", "20", "25"]
    assert (axis.at(0), axis.at(25)) == (LEFT, LEFT + LONG)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.timedeltas(timedelta(minutes=2), timedelta(days=9000)),
)
def test_times_are_few_and_lie_between_both_ends(first: datetime, span: timedelta) -> None:
    """Two to seven moments at whole minutes, evenly apart, and each is written once."""
    axis = times(first, first + span, "time")
    places = [value for value, _ in axis.figures]

    assert 2 <= len(places) <= 7
    assert axis.low <= places[0] < places[-1] <= axis.high
    assert all(place % 60 == 0 for place in places)
    assert len({late - early for early, late in pairwise(places)}) == 1
    assert len({said for _, said in axis.figures}) == len(places)


@pytest.mark.parametrize(
    ("span", "figures"),
    [
        (timedelta(hours=2), ["11-01 07:30", "11-01 08:00", "11-01 08:30", "11-01 09:00"]),
        (timedelta(days=4), ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"]),
        (timedelta(days=28), ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]),
        (timedelta(0), ["2026-11-01 07:13"]),
    ],
)
def test_times_are_round(span: timedelta, figures: list[str]) -> None:
    """Hours, midnights and Mondays; a single moment is written as it is."""
    assert [said for _, said in times(FIRST, FIRST + span, "time").figures] == figures


def test_a_figure_stands_below_its_tick() -> None:
    """Both at the place of the value; what is written is no markup."""
    drawn = amounts(4, "<minutes>").drawn(0, 100)
    ticks = re.findall(r'<line class=axis x1="([\d.]+)" x2="\1" y1="100" y2="105"', drawn)
    said = re.findall(r'<text class=figure text-anchor="middle" x="([\d.]+)" y="119">', drawn)

    assert ticks == said == ["230.0", "372.5", "515.0", "657.5", "800.0"]
    assert "&lt;minutes&gt;" in drawn
