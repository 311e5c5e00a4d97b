"""The control of a canary: which part of each type's lines the canary would write anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from bot.core.calibrated.observed import Observed, observe
from bot.core.counts import WindowCounts
from bot.core.verdict.calibrated import canary
from bot.core.verdict.calibrated.canary import HOUR, MEMORY, Bound, Evidence, Split
from bot.core.verdict.calibrated.panel import Floats, Panel
from bot.core.verdict.calibrated.scores import WINDOW

STRANGERS = 3.0
"""The dispersion of hosts without a past, such as new pods: nobody knows their habits."""
LARGEST = 1000.0
WATCHED = 10.0
"""A type is watched at a tenth of the evidence that alarms."""


@dataclass(frozen=True)
class Contrast:
    """The canary against the control, before and since."""

    split: Split
    evidence: Evidence
    gone: Evidence | None
    """The same the other way round, for what vanished on the canary; None: not asked for."""
    bound: Bound
    """On the false alarms of each of the two tests."""
    elapsed: int
    """Minutes that were compared."""
    watched: tuple[str, ...]
    """Types with some evidence, not enough for an alarm."""


@dataclass(frozen=True)
class Hosts:
    """Two groups of hosts of one component."""

    canary: Mapping[str, int]
    """host -> the first bin in which it runs nothing but the new version."""
    control: Sequence[str]


@dataclass(frozen=True)
class Asked:
    """How the two are to be compared."""

    hour: timedelta
    """The length of the buckets of the time before."""
    closes: int
    """The bin with which the window is over."""
    two_sided: bool = False
    """Whether to look for what vanished, too."""


def contrast(seen: Observed, history: WindowCounts, hosts: Hosts, asked: Asked) -> Contrast | None:
    """Test the canary's minutes against the same minutes of the control.

    `history` is the time before the restart by host, in buckets of an hour. The share that a type
    has on the canary is the one of before, moved by how many hosts of each group are alive now.
    None while there is no minute in which both groups can be compared.
    """
    begin = min(hosts.canary.values(), default=seen.end)
    past = observe(history, asked.hour)
    keys = tuple(sorted({*past.keys, *seen.keys}))
    mine = seen.panel(keys, hosts.canary).between(begin, seen.end)
    others = seen.panel(keys, dict.fromkeys(hosts.control, seen.start)).between(begin, seen.end)
    both = mine.known & others.known
    if not both.any():
        return None
    alive = (float(mine.exposure[both].mean()), float(others.exposure[both].mean()))
    split = _split(past, keys, hosts, alive)
    # Two tests share the bound on false alarms.
    alpha = canary.ALPHA / (2 if asked.two_sided else 1)
    bound = Bound(alpha, asked.closes - begin)
    evidence = canary.evidence(split, mine, others, bound)
    gone = None
    if asked.two_sided:
        turned = replace(split, share=1 - split.share)
        gone = canary.evidence(turned, others, mine, bound)
    needed = np.log(max(len(keys), 1) / alpha / WATCHED)
    watched = tuple(
        key
        for key, value in zip(keys, evidence.log_e, strict=True)
        if value >= needed and key not in {*evidence.alarmed, *evidence.flagged}
    )
    return Contrast(split, evidence, gone, bound, mine.minutes, watched)


def detection_limits(found: Contrast) -> dict[str, float]:
    """Give for each type the smallest rise on the canary that would have been an alarm by now.

    The canary's e-value is inverted for its count, given the control's; infinity beyond 1,000 x.
    """
    keys, share = found.split.keys, found.split.share
    control = found.evidence.control
    mean = np.maximum(control, 0.5) * share / (1 - share)
    low, high = np.ones(len(keys)), np.full(len(keys), LARGEST)
    others = Panel(0, keys, control[:, None], np.ones(1))
    needed = np.log(max(len(keys), 1) / found.bound.alpha)
    # The counts stand in one column: the closing count is its own, once it was taken.
    at = 1 if found.elapsed >= found.bound.closing else WINDOW
    bound = replace(found.bound, closing=at)
    for _ in range(30):
        middle = np.sqrt(low * high)
        mine = Panel(0, keys, np.maximum(middle * mean, 0.0)[:, None], np.ones(1))
        enough = canary.evidence(found.split, mine, others, bound).log_e >= needed
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    limits = np.where(high < LARGEST * 0.999, high, np.inf)
    return dict(zip(keys, limits.tolist(), strict=True))


def _split(
    past: Observed, keys: tuple[str, ...], hosts: Hosts, alive: tuple[float, float]
) -> Split:
    mine = _minutes(past.panel(keys, dict.fromkeys(hosts.canary, past.start)))
    others = _minutes(past.panel(keys, dict.fromkeys(hosts.control, past.start)))
    both = mine.known & others.known
    if not both.any():
        share = np.full(len(keys), alive[0] / sum(alive))
        return Split(keys, share, np.full(len(keys), STRANGERS), np.zeros(len(keys)), 0.0)
    before = canary.split(mine, others)
    was = (float(mine.exposure[both].mean()), float(others.exposure[both].mean()))
    odds = before.share / (1 - before.share) * (alive[0] / was[0]) / (alive[1] / was[1])
    return replace(before, share=np.clip(odds / (1 + odds), 1e-6, 1 - 1e-6))


def _minutes(hours: Panel) -> Panel:
    """Hours as minutes: `canary.split` adds minutes up to hours, which then are the same again."""
    counts: Floats = np.zeros((len(hours.keys), hours.minutes * HOUR))
    counts[:, ::HOUR] = np.nan_to_num(hours.counts)
    exposure = np.repeat(hours.exposure, HOUR)
    counts[:, exposure == 0] = np.nan
    panel = Panel(hours.start * HOUR, hours.keys, counts, exposure)
    return panel.between(panel.end - MEMORY, panel.end)
