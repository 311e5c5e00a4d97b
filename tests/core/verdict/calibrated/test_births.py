"""New types: alarmed when such a birth is rare, watched otherwise."""

from __future__ import annotations

import pytest

from bot.core.verdict.calibrated.births import births, judge_new, token_distance, variant_of

LIVELY = births([(n * 1000, 1 + n % 3) for n in range(20)], days=10)
QUIET = births([], days=10)


def test_the_rate_is_the_mean_of_its_posterior() -> None:
    """Half a birth in a day more than was seen: (0 + 0.5) / (10 + 1) a day."""
    assert QUIET.rate * 1440 == pytest.approx(0.5 / 11)
    assert LIVELY.rate * 1440 == pytest.approx(20.5 / 11)


def test_a_larger_birth_is_never_more_probable() -> None:
    """Monotone in its events."""
    chances = [LIVELY.probability(n) for n in range(1, 30)]

    assert chances == sorted(chances, reverse=True)


@pytest.mark.parametrize("events", range(2, 21))
def test_two_events_on_two_hosts_are_an_alarm(events: int) -> None:
    """On a quiet component and on one with two births a day."""
    for known in (QUIET, LIVELY):
        assert judge_new("x", events, 2, known=known).alarm


def test_a_single_event_is_watched() -> None:
    """One line proves nothing."""
    assert not judge_new("x", 1, 1, known=QUIET).alarm


def test_one_host_is_one_vote() -> None:
    """Where births are frequent a single host is no proof, however loud."""
    assert not judge_new("x", 1000, 1, known=LIVELY).alarm


def test_a_variant_of_a_known_template_is_listed_only() -> None:
    """One word of six differs: the same statement, told otherwise."""
    known = ["could not load user <*> now"]

    assert variant_of("could not load account <*> now", known) == known[0]
    assert variant_of("could not even load <*>", known) == ""
    assert token_distance("", "") == 1
    assert not judge_new("x", 50, 3, known=QUIET, similar=known[0]).alarm
