"""`seed-2020` over the minutes of the history, at the moments of its rounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from bot.core.backtest.case import Case
from bot.core.backtest.score import Replayed
from bot.core.backtest.seed2020 import replay, rounds
from bot.core.backtest.visible import Visible
from bot.core.config.policy import Policy
from bot.core.minutes import MinuteCounts
from bot.core.verdict.verdict import Result

DAYS = 11
BEGAN = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
START = int((BEGAN - timedelta(days=10)).timestamp() // 60)
LONG = 10 * 1440 + 60
POLICY = Policy()
CASE = Case(
    name="pseudo 1",
    component="chat",
    began=BEGAN,
    restarted=BEGAN,
    ended=BEGAN + timedelta(minutes=2),
)


def _history(**extra: tuple[int, float]) -> MinuteCounts:
    """A steady type, and single minutes (from the deploy on) of others."""
    rows = {"ERROR Steady": np.full(LONG, 1.0)}
    for name, (minute, count) in extra.items():
        rows[f"ERROR {name}"] = np.zeros(LONG)
        rows[f"ERROR {name}"][10 * 1440 + minute] = count
    return _minutes(START, rows)


def _minutes(start: int, rows: dict[str, np.ndarray]) -> MinuteCounts:
    keys = tuple(sorted(rows))
    return MinuteCounts(start, keys, np.array([rows[key] for key in keys]), np.ones(LONG))


def _replay(history: MinuteCounts, scale: float = 1.0, case: Case | None = None) -> Replayed:
    return replay(case or CASE, Visible(history), POLICY, scale=scale)


def test_a_steady_service_passes() -> None:
    """Nothing new and nothing more: all rounds pass."""
    found = _replay(_history())

    assert (found.result, found.minutes, found.reasons) == (Result.PASS, None, ())


def test_a_new_type_fails_at_the_first_round_that_sees_it() -> None:
    """Eight minutes after the deploy is after round 1 (minute 7) and before round 2 (minute 12)."""
    found = _replay(_history(Boom=(8, 1)))

    assert (found.result, found.minutes, found.types) == (Result.FAIL, 12.0, ("Boom",))


def test_what_comes_after_the_last_round_is_not_seen() -> None:
    """Minute 17 is the end of what is watched."""
    assert _replay(_history(Boom=(17, 5))).result is Result.PASS
    assert _replay(_history(Boom=(16, 5))).result is Result.FAIL


def test_the_baseline_ends_with_the_deploy() -> None:
    """A type of the minute before is known; only more than all of it would be a rise."""
    assert _replay(_history(Old=(-1, 1))).result is Result.PASS


def test_unknown_minutes_are_no_pass() -> None:
    """What was watched must be known; a fail on what is known stands."""
    history = _history()
    history.counts[:, 10 * 1440 + 5], history.exposure[10 * 1440 + 5] = np.nan, 0
    broken = _history(Boom=(8, 1))
    broken.counts[:, 10 * 1440 + 5], broken.exposure[10 * 1440 + 5] = np.nan, 0

    found = _replay(history)

    assert found.result is Result.INCONCLUSIVE
    assert found.reasons[0].key == "backtest.missing_minutes"
    assert _replay(broken).result is Result.FAIL


def test_a_history_that_ends_too_soon_is_no_pass() -> None:
    """Minutes behind its end are unknown, not empty."""
    short = _history().between(START, START + 10 * 1440 + 10)

    assert _replay(short).result is Result.INCONCLUSIVE


def test_a_short_baseline_is_no_pass() -> None:
    """Of two days of ten nothing can be called new."""
    young = _history().between(START + 8 * 1440, START + LONG)

    found = _replay(young)

    assert found.result is Result.INCONCLUSIVE
    assert "backtest.short_baseline" in [reason.key for reason in found.reasons]


def test_the_scale_divides_every_duration() -> None:
    """With 60 a minute is a second, from the baseline to the rounds."""
    began = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
    rows = {"ERROR Steady": np.full(LONG, 1.0), "ERROR Boom": np.zeros(LONG)}
    rows["ERROR Boom"][10 * 1440 + 8] = 1
    fast = _minutes(int(began.timestamp()) - 10 * 1440, rows)
    case = CASE.model_copy(update={"began": began, "ended": began + timedelta(seconds=2)})

    found = _replay(fast, 60.0, case)

    assert (found.result, found.minutes) == (Result.FAIL, 12 / 60)


def test_what_had_not_arrived_was_not_seen() -> None:
    """A type whose lines came late is found at the first round that could see it."""
    history = _history(Boom=(3, 2))
    first, second, third = rounds(CASE, POLICY, 1.0)
    hidden = _history().between(START + 10 * 1440, START + LONG).pack()

    found = replay(CASE, Visible(history, {first: hidden, second: hidden}), POLICY)

    assert third - first == timedelta(minutes=10)
    assert (found.result, found.minutes) == (Result.FAIL, 17.0)
    assert _replay(history).minutes == 7.0
