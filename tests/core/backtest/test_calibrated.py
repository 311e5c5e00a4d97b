"""`calibrated` over the minutes of the history, until something is decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from bot.core.backtest.calibrated import looks, replay
from bot.core.backtest.case import Case
from bot.core.backtest.judging import Piece, days, judge, moments
from bot.core.backtest.visible import Visible
from bot.core.calibrated.work import packed
from bot.core.config.policy import Policy
from bot.core.minutes import MinuteCounts
from bot.core.verdict.calibrated.calibration import Calibration, calibrate
from bot.core.verdict.verdict import Result

BEGAN = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
POLICY = Policy(comparison="calibrated", baseline=timedelta(days=5))
DAYS = 5
LONG = DAYS * 1440 + 60
START = int(BEGAN.timestamp() // 60) - DAYS * 1440
HERE = DAYS * 1440
CASE = Case(
    name="pseudo 1",
    component="chat",
    began=BEGAN,
    restarted=BEGAN,
    ended=BEGAN + timedelta(minutes=2),
)


@cache
def _counts() -> np.ndarray:
    return np.random.default_rng(3).poisson([[2.0], [0.2], [8.0]], (3, LONG)).astype(np.float64)


def history(**extra: tuple[int, float]) -> MinuteCounts:
    """Three steady types on two hosts; `extra` puts counts of a type into minutes from the deploy.

    A type is `Known` (the first of the three, so many more) or a new one.
    """
    counts = {f"ERROR Known{n}": row.copy() for n, row in enumerate(_counts())}
    for name, (minute, count) in extra.items():
        row = counts.setdefault(f"ERROR {name}", np.zeros(LONG))
        row[HERE + minute : HERE + 20] += count
    keys = tuple(sorted(counts))
    return MinuteCounts(START, keys, np.array([counts[key] for key in keys]), np.full(LONG, 2.0))


@cache
def fitted() -> Calibration:
    """The calibration on the five days before."""
    return calibrate(history().between(START, START + HERE).panel())


def test_a_steady_service_passes_when_its_window_is_over() -> None:
    """Fifteen minutes behind the restart, and one for late lines."""
    found = replay(CASE, Visible(history()), POLICY, fitted())

    assert (found.result, found.minutes, found.policy) == (Result.PASS, None, "calibrated")


def test_a_large_rise_fails_within_minutes() -> None:
    """Six times as many of a type from the restart on are seen long before the last look."""
    found = replay(CASE, Visible(history(Known0=(2, 10.0))), POLICY, fitted())

    assert (found.result, found.types) == (Result.FAIL, ("Known0",))
    assert found.minutes is not None
    assert found.minutes <= 8


def test_a_type_that_was_never_seen_fails() -> None:
    """Several events of a type without a past."""
    found = replay(CASE, Visible(history(Boom=(3, 4.0))), POLICY, fitted())

    assert (found.result, found.types) == (Result.FAIL, ("Boom",))


def test_without_a_calibration_nothing_passes() -> None:
    """A fit that is not there is no pass."""
    assert replay(CASE, Visible(history()), POLICY, None).result is Result.INCONCLUSIVE


def test_minutes_without_logs_are_no_pass() -> None:
    """Nobody knows what happened in them."""
    silent = history()
    silent.counts[:, HERE + 7], silent.exposure[HERE + 7] = np.nan, 0

    assert replay(CASE, Visible(silent), POLICY, fitted()).result is Result.INCONCLUSIVE


def test_a_piece_of_work_judges_a_day_by_every_policy() -> None:
    """From packed minutes, fitting what has to be fitted, in the order of the cases."""
    whole = history(Known0=(2, 10.0))
    policies = {"seed-2020": Policy(baseline=timedelta(days=5)), "calibrated": POLICY}
    early = CASE.model_copy(
        update={
            "name": "pseudo 0",
            "began": BEGAN - timedelta(hours=3),
            "restarted": BEGAN - timedelta(hours=3),
            "ended": BEGAN - timedelta(hours=2, minutes=58),
        }
    )

    found = judge(_piece(whole, policies, early, CASE))

    told = [(r.case.name, r.policy, r.result) for r in found]
    assert told == [
        ("pseudo 0", "seed-2020", Result.PASS),
        ("pseudo 0", "calibrated", Result.PASS),
        ("pseudo 1", "seed-2020", Result.PASS),
        ("pseudo 1", "calibrated", Result.FAIL),
    ]


def _piece(counts: MinuteCounts, policies: dict[str, Policy], *cases: Case) -> Piece:
    return Piece(
        packed=packed(counts),
        span=(counts.start, counts.end),
        cases=cases,
        policies=policies,
        scale=1.0,
    )


def test_a_day_without_a_baseline_is_inconclusive() -> None:
    """With less than a day before it nothing is fitted."""
    young = history().between(START + HERE - 600, START + LONG)

    (found,) = judge(_piece(young, {"calibrated": POLICY}, CASE))

    assert found.result is Result.INCONCLUSIVE


def test_cases_go_day_by_day() -> None:
    """Each day is a piece of work, the oldest first."""
    moments = (0, 30, 5, 49)
    cases = [CASE.model_copy(update={"began": BEGAN - timedelta(hours=h)}) for h in moments]

    found = days(cases, 1.0)

    assert [[case.began.day for case in day] for day in found] == [[9], [10], [11, 11]]
    assert [len(day) for day in days(cases, 60.0)] == [1, 1, 1, 1]


def test_what_had_not_arrived_was_not_seen() -> None:
    """A rise whose lines arrived for the look of minute 8 is found there, and not before."""
    whole, quiet = history(Known0=(2, 10.0)), history()
    late = {
        now: quiet.between(START + HERE, START + LONG).pack()
        for now in looks(CASE, 1.0)
        if now < BEGAN + timedelta(minutes=11)
    }

    found = replay(CASE, Visible(whole, late), POLICY, fitted())

    assert (found.result, found.minutes) == (Result.FAIL, 11.0)


def test_every_look_of_every_policy_is_a_moment() -> None:
    """Three rounds of one, ten looks of the other, each once and in order."""
    found = moments(CASE, [Policy(), POLICY], 1.0)

    assert found == tuple(sorted({*found}))
    assert found[0] == CASE.ended + timedelta(minutes=2)
    assert {*looks(CASE, 1.0)} < {*found}


def test_exposure_may_be_thousands_of_requests() -> None:
    """Where a field says what was served, minutes are weighed by it as in the baseline."""
    plain = history()
    served = MinuteCounts(plain.start, plain.keys, plain.counts, plain.exposure * 5000)
    known = calibrate(served.between(START, START + HERE).panel())

    assert replay(CASE, Visible(served), POLICY, known).result is Result.PASS
