"""The goals of the verdict's specification, section 4.7, as far as these runs can judge them."""

from __future__ import annotations

from dataclasses import dataclass

from bench.judging.deploys import Outcome
from bench.judging.figures import Share

NULLS = 3000
INJECTIONS = 100
"""Fewer healthy releases, or injections in a class, say nothing about a goal."""
FALSE = 0.010
FALSE_HIGH = 0.013
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
NOT_RUN = ("G6", "G7", "G9", "G10")
"""Not measured by this bench yet: new types, labelled faults, bad data, templates."""


def goal(met: bool | None, found: Share | None = None) -> Goal:
    """One entry of `goals`: met, value, low, high and n; all null where it was not measured."""
    if found is None:
        return {"met": met, "value": None, "low": None, "high": None, "n": 0}
    return {"met": met, **found.as_json()}


def judge(outcomes: dict[str, Outcome]) -> dict[str, Goal]:
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
    return {**made, **{name: goal(None) for name in NOT_RUN}}


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
