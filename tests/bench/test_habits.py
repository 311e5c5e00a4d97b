"""What a service does not go on to do, and what it does instead, is improbable by its habits."""

from __future__ import annotations

import numpy as np
import pytest

from bench.judging import habits, requests
from bench.judging.requests import Requests


def line(second: float, statement: str, trace: str) -> tuple[str, str]:
    """(service, message) by the clock of the messages, eight hours ahead."""
    service, _, name = statement.partition(" ")
    clock = f"08:{int(second // 60):02}:{second % 60:06.3f}"
    return service, f"{clock} INFO  {name}#1 TraceID: {trace} SpanID: 1 [x]"


def told(*, calls: int, broken: bool = False) -> Requests:
    """Healthy time until second 100, with 40 requests, and some calls in the seconds behind it."""
    lines = []
    for n in range(40 + calls):
        at = 2.0 * n if n < 40 else 100.0 + n
        lines += [line(at, "front In", str(n)), line(at + 0.1, "shop Begin", str(n))]
        if n < 40 or not broken:
            lines.append(line(at + 0.2, "shop Done", str(n)))
            lines.append(line(at + 0.3, "front Out", str(n)))
    return requests.read(lines)


def scores(read: Requests) -> dict[str, float]:
    """By service, of what was written behind the healthy time."""
    use = np.ones((len(read.services), 1), dtype=np.bool_)
    learnt = habits.learn(read, [read.window(0, 100)], use)
    return dict(zip(read.services, learnt.scores(read.window(100, 1000)), strict=True))


def test_who_does_not_go_on_is_blamed_and_not_its_caller() -> None:
    """The caller gets no answer, but what it does after one is as ever: it is never asked for."""
    found = scores(told(calls=6, broken=True))

    assert found["shop"] > 6
    assert found["front"] == 0


def test_fewer_calls_alone_blame_nobody() -> None:
    """One request where there were forty, and it is served."""
    assert max(scores(told(calls=1)).values()) == 0


def test_something_new_is_enough() -> None:
    """Nothing is gone: a line between two others that was never there."""
    lines = []
    for n in range(46):
        lines += [line(3.0 * n, "shop Begin", str(n)), line(3.0 * n + 0.2, "shop Done", str(n))]
        lines += [line(3.0 * n + 0.1, "shop Caught", str(n))] if n >= 40 else []

    read = requests.read(lines)
    learnt = habits.learn(read, [read.window(0, 120)], np.ones((1, 1), dtype=np.bool_))
    assert learnt.scores(read.window(120, 140))[0] > 6


def test_windows_before_own_faults_say_nothing_of_a_service() -> None:
    """A service in whose windows nothing is known has no habits."""
    read = told(calls=6, broken=True)
    use = np.array([[True], [False]])
    learnt = habits.learn(read, [read.window(0, 100)], use)

    assert list(learnt.scores(read.window(100, 1000))) == [0, 0]
    assert read.services == ("front", "shop")


def test_the_tail_is_that_of_the_predictive_distribution() -> None:
    """After forty of forty, one of one missing has 0.5 / 41, two of two that times 1.5 / 42."""
    assert habits.few(0, 1, 40, 40) == pytest.approx(-np.log10(0.5 / 41))
    assert habits.few(0, 2, 40, 40) == pytest.approx(-np.log10(0.5 * 1.5 / (41 * 42)))
    assert habits.few(2, 2, 40, 40) == pytest.approx(0, abs=1e-9)
    assert habits.few(1, 1, 20, 40) == pytest.approx(0, abs=1e-9)
    assert habits.few(0, 1, 20, 40) == pytest.approx(-np.log10(0.5))
