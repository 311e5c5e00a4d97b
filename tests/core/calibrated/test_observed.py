"""Counts by host and minute are added up over the hosts that may be compared, from their minute."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from bot.core.calibrated.observed import Observed, observe
from bot.core.counts import Alive, TypeCount, Window, WindowCounts
from bot.core.minutes import MINUTE, bin_of

BEGIN = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
FIRST = bin_of(BEGIN, MINUTE)


def seen() -> Observed:
    """Two hosts for four and a half minutes; the second one is silent in minute 2."""
    rows = [("a", 0, 2), ("a", 1, 3), ("b", 0, 1), ("b", 3, 5), ("b", 4, 7)]
    lives = [("a", minute) for minute in range(5)] + [("b", minute) for minute in (0, 1, 3, 4)]
    return observe(
        WindowCounts(
            window=Window(start=BEGIN, end=BEGIN + 4.5 * MINUTE),
            types=tuple(
                TypeCount(error_type="X", level="ERROR", host=h, count=n, bucket=BEGIN + m * MINUTE)
                for h, m, n in rows
            ),
            alive=tuple(Alive(host=h, bucket=BEGIN + m * MINUTE, count=1) for h, m in lives),
        ),
        MINUTE,
    )


def test_hosts_are_added_up_from_their_own_minute() -> None:
    """The minute that is not over takes no part, nor does a host before its time."""
    panel = seen().panel(["ERROR X"], {"a": FIRST, "b": FIRST + 1})

    assert (panel.start, panel.minutes) == (FIRST, 4)
    assert panel.counts.tolist() == [[2, 3, 0, 5]]
    assert panel.exposure.tolist() == [1, 2, 1, 2]


def test_a_minute_without_any_host_is_unknown() -> None:
    """Never zero."""
    panel = seen().panel(["ERROR X", "WARN Y"], {"b": FIRST})

    assert np.isnan(panel.counts[:, 2]).all()
    assert panel.counts[:, 3].tolist() == [5, 0]


def test_what_was_served_is_the_exposure() -> None:
    """Where a field says it, as in the baseline; a host that served nothing is unknown."""
    served = [("a", 0, 300), ("a", 1, 280), ("b", 0, 40), ("b", 1, 0)]
    window = WindowCounts(
        window=Window(start=BEGIN, end=BEGIN + 2 * MINUTE),
        alive=tuple(
            Alive(host=h, bucket=BEGIN + m * MINUTE, count=1, exposure=n) for h, m, n in served
        ),
    )
    found = observe(window, MINUTE)

    assert found.panel(["ERROR X"], {"a": FIRST, "b": FIRST}).exposure.tolist() == [340, 280]
    alone = found.panel(["ERROR X"], {"b": FIRST})
    assert alone.known.tolist() == [True, False]


def test_totals_count_every_document_and_distinct_hosts() -> None:
    """Also those of the minute that is not over."""
    assert seen().totals(["a", "b"]) == {"ERROR X": (18, 2)}
    assert seen().totals(["b"]) == {"ERROR X": (13, 1)}
    assert seen().totals([]) == {}
