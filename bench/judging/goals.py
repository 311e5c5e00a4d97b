"""The goals of the verdict's specification, section 4.7, as far as these runs can judge them."""

from __future__ import annotations

from dataclasses import dataclass

from bench.judging import faults
from bench.judging.deploys import Outcome
from bench.judging.figures import Share, wilson
from bench.judging.newborn import Newborn
from bench.judging.robust import NOTHING_VISIBLE, Found
from bench.judging.windows import FALSE_A_WINDOW

NULLS = 3000
INJECTIONS = 100
"""Fewer healthy releases, or injections in a class, say nothing about a goal."""
FALSE = 0.010
FALSE_HIGH = 0.013
VISIBLE = 0.95
"""The share of tenfold rises that is to fail although a part of the data is missing."""
Goal = dict[str, object]


@dataclass(frozen=True)
class Wanted:
    """A recall, with the median minutes at most."""

    background: str
    rise: float
    sizes: tuple[str, ...]
    recall: float
    minutes: float = 15.0


WANTED = {
    "G2": (
        Wanted("S1q", 2.0, (">100",), 0.95, 3.0),
        Wanted("S1q", 2.0, ("30-100",), 0.80),
        Wanted("S1q", 3.0, ("10-30",), 0.90),
        Wanted("S1q", 5.0, ("3-10",), 0.95),
        Wanted("S1q", 10.0, ("1-3",), 0.95),
    ),
    "G3": (Wanted("S1", 3.0, ("30-100",), 0.80, 3.0), Wanted("S1", 5.0, ("30-100",), 0.97, 3.0)),
    "G4": (Wanted("S2", 5.0, ("30-100",), 0.55), Wanted("S2", 5.0, (">100",), 0.78)),
    "G5": tuple(
        wanted
        for name in ("S2, canary", "S1b, canary")
        for wanted in (
            Wanted(name, 3.0, ("30-100",), 0.95),
            Wanted(name, 5.0, ("3-10",), 0.85),
            Wanted(name, 5.0, ("10-30", "30-100", ">100"), 0.999, 4.0),
            Wanted(name, 10.0, ("1-3",), 0.90),
        )
    ),
}
FALSE_OF = {"G1": ("S1", "S1q", "S1b", "S2"), "G5": ("S2, canary", "S1b, canary")}
FALSE_NEW = 0.003
NOT_RUN = {
    "G10": "python -m bench.templates measures it",
}
"""Goals that this bench does not measure, and why."""
FEW = "too few runs to say"
LEFT_OUT = "not run here"


def goal(met: bool | None, found: Share | None = None, reason: str = "") -> Goal:
    """One entry of `goals`: met, value, low, high and n; null with a reason where not judged."""
    if found is None:
        empty = {"value": None, "low": None, "high": None, "n": 0}
        return {"met": met, **empty, "reason": reason or LEFT_OUT}
    return {"met": met, **found.as_json(), **({"reason": FEW} if met is None else {})}


def judge(
    outcomes: dict[str, Outcome],
    newborn: Newborn | None = None,
    robust: dict[str, Found] | None = None,
    defects: dict[str, faults.Found] | None = None,
) -> dict[str, Goal]:
    """Each goal with its worst figure; met is null where too few were run."""
    made = {"G1": _false(outcomes, FALSE_OF["G1"])}
    for name, wanted in WANTED.items():
        parts = [_recall(outcomes, one) for one in wanted]
        if name in FALSE_OF:
            parts.append((_false(outcomes, FALSE_OF[name]), 0.0))
        mets = [part["met"] for part, _ in parts]
        met = False if False in mets else None if None in mets else True
        worst = min(parts, key=lambda part: part[1])[0]
        made[name] = {**worst, "met": met}
    made["G6"] = _new_types(newborn)
    made["G7"] = _defects(defects)
    made["G9"] = _bad_data(robust)
    made |= {name: goal(None, reason=reason) for name, reason in NOT_RUN.items()}
    return dict(sorted(made.items(), key=lambda entry: int(entry[0][1:])))


def _new_types(found: Newborn | None) -> Goal:
    """False alarms on real births; on two hosts all of two events or more are to be seen."""
    if found is None:
        return goal(None)
    if found.false.n < NULLS:
        return goal(None, found.false)
    seen = all(s.value == 1 for (_, hosts), s in found.found.items() if hosts > 1)
    listed = found.watched.value == 1
    return goal(found.false.value <= FALSE_NEW and seen and listed, found.false)


def _defects(ways: dict[str, faults.Found] | None) -> Goal:
    """All defects of real logs in their service, and hardly any service blamed without one.

    Counts are judged, as a policy has them and has no requests to follow; that those find more is
    said with it.
    """
    if ways is None:
        return goal(None)
    found, followed = ways[faults.COUNTS], ways[faults.REQUESTS]
    few = found.false_a_window <= FALSE_A_WINDOW
    wrong = f"{found.false_a_window:.2f} false services a window, n {found.windows}"
    hits = f"{followed.found.value * followed.found.n:.0f} of {followed.found.n}"
    other = f"{faults.REQUESTS}, which no policy reads yet: {hits}, {followed.false_a_window:.2f}"
    return {**goal(few and found.found.value == 1, found.found), "reason": f"{wrong}; {other}"}


def _bad_data(found: dict[str, Found] | None) -> Goal:
    """Passes on data that is not usable; what is visible of a tenfold rise is to fail."""
    if found is None:
        return goal(None)
    unusable = {name: one for name, one in found.items() if not one.usable}
    n = sum(one.passed.n for one in unusable.values())
    passes = sum(one.passed.value * one.passed.n for one in unusable.values())
    low, high = wilson(passes, n)
    together = Share(passes / max(n, 1), low, high, n)
    if n < INJECTIONS:
        return goal(None, together)
    visible = [one.failed.value for name, one in unusable.items() if name != NOTHING_VISIBLE]
    return goal(passes == 0 and min(visible) >= VISIBLE, together)


def _false(outcomes: dict[str, Outcome], names: tuple[str, ...]) -> Goal:
    found = [outcomes[n].methods["calibrated"].false for n in names if n in outcomes]
    if not found:
        return goal(None)
    worst = max(found, key=lambda share: (share.value, share.high))
    if len(found) < len(names) or min(share.n for share in found) < NULLS:
        return goal(None, worst)
    return goal(all(s.value <= FALSE and s.high <= FALSE_HIGH for s in found), worst)


def _recall(outcomes: dict[str, Outcome], wanted: Wanted) -> tuple[Goal, float]:
    if wanted.background not in outcomes:
        return goal(None), 0.0
    method = outcomes[wanted.background].methods["calibrated"]
    found, minutes = method.recall.of(wanted.rise, *wanted.sizes)
    margin = found.value - wanted.recall
    if found.n < INJECTIONS:
        return goal(None, found), margin
    return goal(margin >= 0 and minutes <= wanted.minutes, found), margin
