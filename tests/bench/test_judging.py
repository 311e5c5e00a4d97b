"""The benchmark's own arithmetic, and one small run of all of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.judging import canaries, deploys, goals
from bench.judging.deploys import Method, Outcome, Size
from bench.judging.figures import CLASSES, Recall, Share, share, size_of, wilson
from bench.judging.newborn import Newborn
from bench.judging.rivals import RULES, Sight, cuts, log_tail
from bench.judging.robust import Found
from bench.judging.worlds import DAY, World, synthetic


def test_wilson_s_interval_is_the_known_one() -> None:
    """Three of a hundred: 1.0 to 8.5 %; none of none: anything."""
    assert wilson(3, 100) == pytest.approx((0.0103, 0.0845), abs=0.0005)
    assert wilson(0, 0) == (0.0, 1.0)


def test_alike_days_widen_the_interval() -> None:
    """Twenty hits on one day say less than twenty on twenty days."""
    hits = np.zeros(2000, dtype=bool)
    hits[:20] = True
    together = share(hits, np.repeat(np.arange(100), 20))
    apart = share(hits, np.tile(np.arange(100), 20))

    assert together.high > 1.5 * apart.high
    assert together.value == apart.value == 0.01


def test_classes_begin_at_their_edges() -> None:
    """Three expected events are of the class 3-10."""
    assert [size_of(x) for x in (0.1, 3.0, 2.99, 1000)] == ["<0.3", "3-10", "1-3", ">100"]
    assert len(CLASSES) == 7


def sight(after: float) -> Sight:
    """One type of two a minute."""
    return Sight(
        totals=np.array([[28800.0]]),
        before=np.full((1, 1, 60), 2.0),
        fives=(np.array([[10.0]]), np.array([[3.0]])),
        hours=(np.array([[120.0]]), np.array([[12.0]]), np.array([[150.0]])),
        after=np.full((1, 1, 15), after),
        types=1,
    )


def test_rivals_alarm_as_they_are_known_to() -> None:
    """At 2 all are quiet, at 40 most alarm; the seed needs 960 times as many."""
    shipped = cuts(1)
    loud = {name for name, rule in RULES.items() if rule(sight(40)).max() > shipped[name]}

    assert loud == set(RULES) - {"seed-2020", "Sentry"}
    assert [n for n, rule in RULES.items() if rule(sight(2)).max() > shipped[n]] == []
    assert RULES["seed-2020"](sight(2.0 * 961)).max() > 1


def test_the_tail_of_a_conditional_count_is_exact() -> None:
    """P(Bin(10, 1/2) >= 8) = 56 / 1024."""
    found = log_tail(np.array(8.0), np.array(2.0), 1.0)

    assert float(found) == pytest.approx(-np.log10(56 / 1024), abs=1e-3)


def small() -> World:
    """Six types over eleven and a half days."""
    world = synthetic("S1q", days=12)
    rows = np.argsort(world.counts.sum(axis=1))[-6:]
    keys = tuple(world.keys[row] for row in rows)
    return replace(world, keys=keys, counts=world.counts[rows]).between(0, 11 * DAY)


def test_a_small_run_says_what_was_found() -> None:
    """Few releases: figures for every method, tenfold rises are found, no goal is judged."""
    outcome = deploys.run(small(), Size(nulls=4, injections=2), 1)
    ours = outcome.methods["calibrated"]
    found, minutes = ours.recall.of(10.0, ">100")

    assert set(outcome.methods) == {"calibrated", *RULES, *(f"{n}, hindsight" for n in RULES)}
    assert ours.false.n == 4
    assert found.value == 1
    assert minutes <= 2
    assert ours.slower.of(10.0, ">100")[0].value == 1
    assert set(outcome.odds) == set(deploys.ODDS)
    assert all(goal["met"] is None for goal in goals.judge({"S1q": outcome}).values())


def test_a_small_canary_run_finds_a_tenfold_rise() -> None:
    """On a tenth of the hosts, with the rest as control."""
    outcome = canaries.run(small(), Size(nulls=4, injections=2), 1)
    recall = outcome.methods["calibrated"].recall

    assert {n for (_, n) in recall.found} <= set(CLASSES)
    assert recall.of(10.0, "10-30", "30-100", ">100")[0].value == 1
    assert outcome.methods["calibrated"].false.value == 0


def outcome_of(name: str, false: int, found: float) -> Outcome:
    """Figures of so many releases that goals are judged."""
    hits = np.zeros(4000, dtype=bool)
    hits[: false * 4] = True
    recall = Recall()
    for rise in (2.0, 3.0, 5.0, 10.0):
        for size in CLASSES:
            for n in range(200):
                recall.add(rise, size, 1.0 if n < 200 * found else float("inf"))
    return Outcome(name, {"calibrated": Method(share(hits), recall)}, 0.0, 0.0)


def test_goals_are_met_or_missed_by_their_worst_figure() -> None:
    """Twenty in a thousand are too many; a goal without its backgrounds is not judged."""
    good = {name: outcome_of(name, 5, 0.99) for name in ("S1", "S1q", "S1b", "S2")}
    bad = {**good, "S2": outcome_of("S2", 20, 0.1)}

    assert [goals.judge(good)[g]["met"] for g in ("G1", "G2", "G3", "G4", "G5")] == [
        True, True, True, True, None,
    ]  # fmt: skip
    assert [goals.judge(bad)[g]["met"] for g in ("G1", "G4")] == [False, False]
    assert goals.judge(bad)["G1"]["value"] == 0.02


def born(false: float, two: float) -> Newborn:
    """Figures of new types."""
    return Newborn(
        Share(false, 0, 0.01, 5000), {(2, 2): Share(two, 0.9, 1, 100)}, Share(1, 0.9, 1, 100)
    )


def test_goals_of_new_types_and_of_bad_data_are_strict() -> None:
    """All of two events on two hosts, no pass at all; a goal that is not measured says why."""
    whole, none = Share(1, 0.9, 1, 200), Share(0, 0, 0.02, 200)
    fine = {"lag": Found(usable=False, passed=none, false=none, failed=whole)}
    passed = {"lag": Found(usable=False, passed=Share(0.005, 0, 1, 200), false=none, failed=whole)}

    assert goals.judge({}, born(0.002, 1), fine)["G6"]["met"] is True
    assert goals.judge({}, born(0.004, 1), fine)["G6"]["met"] is False
    assert goals.judge({}, born(0.002, 0.99), fine)["G6"]["met"] is False
    assert goals.judge({}, None, fine)["G9"]["met"] is True
    assert goals.judge({}, None, passed)["G9"]["met"] is False
    assert goals.judge({})["G10"]["reason"] == "python -m bench.templates measures it"
