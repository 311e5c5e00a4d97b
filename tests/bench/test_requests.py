"""Requests are read from lines by their own clock, and counted by statement in windows."""

from __future__ import annotations

import pytest

from bench.judging import requests
from bench.judging.requests import Requests


def line(second: float, statement: str, trace: str = "ff", said: str = "[x]") -> tuple[str, str]:
    """(service, message) by the clock of the messages, eight hours ahead."""
    service, _, name = statement.partition(" ")
    clock = f"08:{int(second // 60):02}:{second % 60:06.3f}"
    return service, f"{clock} INFO  {name}#1 TraceID: {trace} SpanID: 1 {said}"


def places(told: Requests, *names: str) -> list[int]:
    """The numbers of statements among the keys."""
    return [told.keys.index((name.split()[0], f"INFO {name.split()[1]}#1")) for name in names]


def test_lines_without_a_clock_or_a_trace_are_left_out() -> None:
    """A stack trace is no statement; a request is a trace."""
    told = requests.read([line(1, "s B"), line(1, "s B"), ("s", "\tat java.lang")])

    assert told.keys == (("s", "INFO B#1"),)
    assert told.places.shape == (1, 1)
    assert list(told.seconds) == [1.0, 1.0]


def test_a_window_is_covered_by_lines() -> None:
    """In each ten seconds of it."""
    told = requests.read([line(second, "s B") for second in (1, 12, 23, 45)])

    assert told.covers(0, 30)
    assert not told.covers(0, 40)


def test_requests_count_where_they_first_reach_a_statement() -> None:
    """What is written later counts by the end of the window only, repetitions not at all."""
    told = requests.read(
        [
            line(2, "b C", "1"), line(1, "a B", "1"), line(3, "a B", "1"),
            line(4, "a B", "2"), line(11, "b C", "2"),
        ]
    )  # fmt: skip
    first, then = places(told, "a B", "b C")
    short, long = told.window(0, 10), told.window(0, 20)

    assert short.reached[first] == 2
    assert (short.wrote[then, first], long.wrote[then, first]) == (1, 2)
    assert (short.followed[then, first], short.followed[first, then]) == (1, 0)
    assert told.window(10, 20).reached[first] == 0


@pytest.mark.parametrize(("said", "reached"), [("[x]", 2), ("No instances available for c", 1)])
def test_a_lost_request_says_nothing_from_the_call_on(said: str, reached: int) -> None:
    """The line before the loss is written, but what follows it is unknown."""
    told = requests.read(
        [
            line(1, "a B", "1"), line(2, "b C", "1"), line(3, "a Failed", "1", said),
            line(4, "a Late", "1"), line(5, "a B", "2"), line(6, "b C", "2"),
        ]
    )  # fmt: skip
    before, last, late = places(told, "a B", "b C", "a Late")
    window = told.window(0, 10)

    assert (window.reached[before], window.wrote[last, before]) == (2, 2)
    assert window.reached[last] == reached
    assert window.reached[late] == reached - 1
