"""The drawings: what is farther to the right is more."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from bot.core.backtest.case import Label
from bot.core.backtest.plots import intervals, timeline, waits
from bot.core.backtest.score import scores
from bot.core.verdict.verdict import Result
from tests.core.backtest.test_score import replayed


def _places(drawing: str, tag: str, name: str) -> list[float]:
    return [float(x) for x in re.findall(rf'<{tag}[^>]*? {name}="([\d.]+)"', drawing)]


def test_an_interval_holds_its_share() -> None:
    """The dot lies between the two ends, and the limit is drawn."""
    drawing = intervals(scores([replayed(Result.PASS), replayed(Result.FAIL, minutes=1)]), 0.02)

    bars = re.search(r'<line class=bar x1="([\d.]+)" x2="([\d.]+)"', drawing)
    assert bars
    assert float(bars[1]) < _places(drawing, "circle", "cx")[0] < float(bars[2])


def test_the_limit_is_where_its_figure_is_and_says_what_it_is() -> None:
    """A red line in the place of 2 %, which is named beside it."""
    drawing = intervals(scores([replayed(Result.PASS) for _ in range(200)]), 0.02)
    [line] = re.findall(r'<line class=limit x1="([\d.]+)"', drawing)

    assert re.search(
        rf'<text class=figure text-anchor="middle" x="{line}" y="\d+.?\d*">2.0%<', drawing
    )
    assert f'x="{line}" y="12">limit 2.0%: the upper end must lie below<' in drawing


def test_a_long_name_is_cut_and_whole_under_the_pointer() -> None:
    """It would run into the drawing."""
    drawing = timeline([replayed(Result.PASS, component="a" * 40)])

    assert f">seed-2020 {'a' * 21}…<title>seed-2020 {'a' * 40}</title></text>" in drawing


def test_colours_are_named() -> None:
    """Every result has its square and its word."""
    drawing = timeline([replayed(Result.PASS)])

    assert [f"<tspan class={one}>■</tspan> {one}" in drawing for one in Result] == [True] * 3


def test_nothing_to_count_is_said_in_its_row() -> None:
    """A share of nothing has no dot."""
    drawing = intervals(scores([replayed(Result.INCONCLUSIVE)]), 0.02)

    assert "nothing to count" in drawing
    assert "<circle" not in drawing


def test_later_fails_are_farther_right() -> None:
    """Twice the minutes, twice the way."""
    found = [replayed(Result.FAIL, Label.BAD, minutes=m) for m in (3, 6, 12)]

    places = _places(waits(found), "circle", "cx")

    assert places == sorted(places)
    assert places[2] - 230 == 2 * (places[1] - 230)


def test_bad_releases_stand_out() -> None:
    """A bad one is taller than a good one, and says what it is to a pointer."""
    drawing = timeline([replayed(Result.PASS), replayed(Result.PASS, Label.BAD)])

    low, high = _places(drawing, "rect", "height")
    assert low < high
    assert "pass (bad)" in drawing


def test_the_drawings_are_well_formed() -> None:
    """Quoted or not, a browser and an XML reader see the same tree once names are quoted."""
    drawing = timeline([replayed(Result.FAIL, minutes=1, component="<&>")])
    quoted = re.sub(r"(\s\w+)=(\w+)(?=[ >/])", r'\1="\2"', drawing)

    assert ET.fromstring(quoted).tag == "svg"  # noqa: S314 - made here
