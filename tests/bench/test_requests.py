"""Requests are put together from lines, and counted by statement in windows."""

from __future__ import annotations

import pytest

from bench.judging import lines, requests
from bench.judging.requests import Requests
from tests.support.service_lines import line


def read(*written: tuple[str, str]) -> Requests:
    """The requests of some lines."""
    return requests.read(lines.read(written))


def places(told: Requests, *names: str) -> list[int]:
    """The numbers of statements among the keys."""
    keys = told.lines.keys
    return [keys.index((name.split()[0], f"INFO {name.split()[1]}#1")) for name in names]


def test_a_request_is_a_trace() -> None:
    """Two lines of one, by the first of them."""
    told = read(line(2, "s B"), line(1, "s B"), line(3, "s B", "aa"))

    assert told.places.tolist() == [[0], [2]]
    assert list(told.ends) == [-1, -1]


def test_requests_count_where_they_first_reach_a_statement() -> None:
    """What is written later counts by the end of the window only, repetitions not at all."""
    told = read(
        line(2, "b C", "1"), line(1, "a B", "1"), line(3, "a B", "1"),
        line(4, "a B", "2"), line(11, "b C", "2"),
    )  # fmt: skip
    first, then = places(told, "a B", "b C")
    short, long = told.window((0, 10)), told.window((0, 20))

    assert short.reached[first] == 2
    assert (short.wrote[then, first], long.wrote[then, first]) == (1, 2)
    assert (short.followed[then, first], short.followed[first, then]) == (1, 0)
    assert told.window((10, 20)).reached[first] == 0


@pytest.mark.parametrize(("said", "reached"), [("[x]", 2), ("No instances available for c", 1)])
def test_a_lost_request_says_nothing_from_the_call_on(said: str, reached: int) -> None:
    """The line before the loss is written, but what follows it is unknown."""
    told = read(
        line(1, "a B", "1"), line(2, "b C", "1"), line(3, "a Failed", "1", said),
        line(4, "a Late", "1"), line(5, "a B", "2"), line(6, "b C", "2"),
    )  # fmt: skip
    before, last, late = places(told, "a B", "b C", "a Late")
    window = told.window((0, 10))

    assert (window.reached[before], window.wrote[last, before]) == (2, 2)
    assert window.reached[last] == reached
    assert window.reached[late] == reached - 1
