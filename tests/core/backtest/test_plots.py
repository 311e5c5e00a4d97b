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
    assert "class=limit" in drawing


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
