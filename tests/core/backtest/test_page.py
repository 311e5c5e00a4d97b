"""The page of a backtest: whole, self-contained, and harmless."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from bot.core.backtest.case import Label
from bot.core.backtest.page import Subject, page
from bot.core.backtest.score import Replayed, scores
from bot.core.verdict.verdict import Result
from tests.core.backtest.test_score import replayed

SUBJECT = Subject(target="openchat", at=datetime(2026, 11, 25, tzinfo=UTC), max_false_fail=0.02)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def _read(found: list[Replayed]) -> _Reader:
    reader = _Reader()
    reader.feed(page(SUBJECT, scores(found), found))
    return reader


def test_it_tells_each_score_and_each_mistake() -> None:
    """Counts, intervals, whether rolling back is allowed, and the cases worth a look."""
    found = [
        *(replayed(Result.PASS) for _ in range(3)),
        replayed(Result.FAIL, minutes=5).model_copy(update={"types": ("Boom",)}),
        replayed(Result.FAIL, Label.BAD, minutes=6),
    ]

    reader = _read(found)

    assert {"1 of 4", "0 of 1", "0 of 5", "4.6% to 69.9%", "no", "Boom"} <= set(reader.said)
    assert reader.tags.count("rect") == 5
    assert "Wrong, or not measured (1)" in reader.said


def test_a_release_of_two_components_is_one() -> None:
    """The page counts as the card does, and says one in the singular."""
    judged = [replayed(Result.PASS), replayed(Result.FAIL, Label.BAD, minutes=6, component="b")]
    real = {"pseudo": False}
    found = [r.model_copy(update={"case": r.case.model_copy(update=real)}) for r in judged]
    said = "".join(_read(found).said)

    assert "1 release, 1 of them bad, and 0 pseudo-releases." in said


def test_it_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    """No script, no address: it opens the same in ten years and without a network."""
    reader = _read([replayed(Result.PASS)])

    assert reader.addresses == []
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)


def test_hostile_names_stay_text() -> None:
    """What comes from a log never becomes markup."""
    evil = "</td><script>alert(1)</script>"
    found = [replayed(Result.FAIL, minutes=1, component=evil).model_copy(update={"types": (evil,)})]

    reader = _read(found)

    assert "script" not in reader.tags
    assert evil in "".join(reader.said)


def test_nothing_found_is_said() -> None:
    """Without a single case the page is still a page."""
    assert "no case" in _read([]).said


def test_marks_lie_inside_the_drawing() -> None:
    """The first case at the left end, the last one at the right end, none outside."""
    drawn = page(SUBJECT, (), [replayed(Result.PASS)])

    places = [float(x) for x in re.findall(r'<rect class=pass x="([\d.]+)"', drawn)]
    assert places == [229.0]
