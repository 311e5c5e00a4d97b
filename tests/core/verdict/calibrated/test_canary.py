"""The canary against the other hosts, with bounded false alarms at every minute."""

from __future__ import annotations

import numpy as np
import pytest

from bot.core.verdict.calibrated.canary import evidence, split
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
