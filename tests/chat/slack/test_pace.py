"""The pace of edits: under Slack's limit, decisions first, the newest state in the end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack.pace import GAP, Pace
from tests.support.slack_limits import limit


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_message_is_edited_slowly() -> None:
    """What can wait does, what carries a decision does not."""
    clock = _Clock()
    pace = Pace(clock)
    pace.edited("board")

    assert pace.wait("board", urgent=False) == pytest.approx(GAP)
    assert pace.wait("board", urgent=True) == 0
    assert pace.wait("other", urgent=False) == 0
    clock.now += GAP
    assert pace.wait("board", urgent=False) == 0


def test_after_a_rate_limit_decisions_come_first() -> None:
    """Nothing before Retry-After has passed, and what can wait a little later."""
    clock = _Clock()
    pace = Pace(clock)
    pace.limited(30)
    pace.limited(5)

    assert pace.wait("card", urgent=True) == pytest.approx(30)
    assert pace.wait("board", urgent=False) > 30
    clock.now += 30
    assert pace.wait("card", urgent=True) == 0


@given(st.lists(st.floats(0, 2), min_size=16, max_size=16))
def test_a_whole_release_is_decided_without_a_wait(gaps: list[float]) -> None:
    """However often boards want to be edited, the cards of a release's decisions never wait."""
    clock = _Clock()
    pace = Pace(clock)
    for number, gap in enumerate([60.0, *gaps]):
        until = clock.now + gap
        while clock.now < until:
            for board in ("one", "two"):
                if pace.wait(board, urgent=False) == 0:
                    pace.edited(board)
            clock.now += 0.5
        if number:
            assert pace.wait("card", urgent=True) == 0
            pace.edited("card")


@pytest.mark.scenario(71)
@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.floats(0, 3)), max_size=400))
def test_never_more_than_slack_allows(wishes: list[tuple[int, bool, float]]) -> None:
    """Whatever is wished for, no minute has more edits than Slack takes."""
    clock = _Clock()
    pace = Pace(clock)
    made: list[float] = []
    for message, urgent, passed in wishes:
        clock.now += passed
        if pace.wait(str(message), urgent=urgent) == 0:
            pace.edited(str(message))
            made.append(clock.now)

    for moment in made:
        assert sum(moment - 60 < other <= moment for other in made) <= limit("edits_per_minute")


def test_waiting_as_told_is_enough() -> None:
    """After the wait that was told, the edit may be made."""
    clock = _Clock()
    pace = Pace(clock)
    for _ in range(200):
        clock.now += pace.wait("board", urgent=False)
        assert pace.wait("board", urgent=False) == pytest.approx(0, abs=1e-6)
        pace.edited("board")

    assert clock.now - 100 > 120
