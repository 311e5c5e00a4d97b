"""The canary against the other hosts, with bounded false alarms at every minute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.core.verdict.calibrated.canary import Bound, evidence, split
from bot.core.verdict.calibrated.panel import Floats, Panel, PanelError

KEYS = tuple(f"ERROR/{n}" for n in range(20))


def group(rate: float, minutes: int, seed: int, hosts: float) -> Panel:
    """One group of hosts with steady types."""
    counts = np.random.default_rng(seed).poisson(rate, (len(KEYS), minutes)).astype(np.float64)
    return Panel(0, KEYS, counts, np.full(minutes, hosts))


LEARNT = split(group(1, 1440, 1, 2), group(9, 1440, 2, 18))


def changed(panel: Panel, row: int, values: Floats) -> Panel:
    """The same with other counts of one type."""
    counts = panel.counts.copy()
    counts[row] = values
    return Panel(panel.start, panel.keys, counts, panel.exposure)


def test_the_share_is_learnt_and_drawn_to_the_exposure() -> None:
    """A tenth of the hosts writes a tenth, and a fair split is not dispersed."""
    assert LEARNT.share == pytest.approx(np.full(20, 0.1), abs=0.01)
    assert LEARNT.dispersion.max() < 2


def test_a_rise_on_the_canary_alone_is_proven_early() -> None:
    """Five times as many on the canary; the control stays."""
    canary = changed(group(1, 15, 3, 2), 4, np.full(15, 5.0))
    found = evidence(LEARNT, canary, group(9, 15, 4, 18))

    assert found.alarmed == ("ERROR/4",)
    assert found.at["ERROR/4"] <= 6
    assert "ERROR/4" in found.flagged


def few(minutes: int, begin: int) -> tuple[Panel, Panel]:
    """Fifteen events on the canary from a minute on, thirty of the control, of one type."""
    mine, others = np.zeros(minutes), np.zeros(minutes)
    mine[begin : begin + 15], others[begin : begin + 15] = 1.0, 2.0
    return changed(group(1, minutes, 3, 2), 4, mine), changed(group(9, minutes, 4, 18), 4, others)


def test_a_small_type_is_found_by_its_closing_count() -> None:
    """Fifteen for three expected: too few for the e-value, and no chance at the end."""
    assert evidence(LEARNT, *few(15, 0)).at == {"ERROR/4": 15}
    assert evidence(LEARNT, *few(15, 0), Bound(closing=16)).alarmed == ()


def test_the_closing_count_is_taken_once() -> None:
    """What the minutes behind the window add is not tested again and again."""
    assert evidence(LEARNT, *few(30, 15)).alarmed == ()
    assert evidence(LEARNT, *few(30, 15), Bound(closing=30)).at == {"ERROR/4": 30}


def test_a_share_that_is_hardly_known_proves_less_at_the_closing() -> None:
    """Learnt from one event instead of thousands."""
    steady = replace(LEARNT, dispersion=np.ones(20))
    short = replace(steady, hourly=np.ones(20), hours=1.0)
    assert evidence(steady, *few(15, 0)).alarmed

    assert evidence(short, *few(15, 0)).alarmed == ()


def test_a_share_that_drifts_proves_less_at_the_closing() -> None:
    """From hour to hour it varies three times as much as a fair coin's."""
    drifting = replace(LEARNT, dispersion=np.full(20, 3.0))

    assert evidence(drifting, *few(15, 0)).alarmed == ()


def test_a_rise_everywhere_is_not_the_canary_s() -> None:
    """Traffic times three changes both groups."""
    assert evidence(LEARNT, group(3, 15, 5, 2), group(27, 15, 6, 18)).alarmed == ()


def test_false_alarms_keep_their_bound() -> None:
    """Of 200 healthy canaries at most a few are alarmed, where 2 are promised."""
    false = sum(
        bool(evidence(LEARNT, group(1, 15, s, 2), group(9, 15, 5000 + s, 18)).alarmed)
        for s in range(100, 300)
    )

    assert false <= 2


def test_a_minute_that_one_group_lacks_counts_for_neither() -> None:
    """It is counted as missing, and nothing is made of the other group's events."""
    canary = changed(group(1, 15, 3, 2), 4, np.full(15, np.nan))
    found = evidence(LEARNT, canary, group(9, 15, 4, 18))

    assert found.missing == 15
    assert found.canary.sum() == found.control.sum() == 0
    assert found.alarmed == ()


def test_groups_of_other_minutes_are_refused() -> None:
    """What is not concurrent is no control."""
    with pytest.raises(PanelError):
        evidence(LEARNT, group(1, 15, 3, 2), group(9, 14, 4, 18))
