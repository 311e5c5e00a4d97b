"""What a service does not go on to do, and what it does instead, is improbable by its habits."""

from __future__ import annotations

import numpy as np
import pytest

from bench.judging import habits, lines, requests
from bench.judging.lines import Lines
from bench.judging.requests import Window
from bench.judging.windows import Windows
from tests.support.service_lines import line


def told(*, calls: int, broken: bool = False) -> Lines:
    """Healthy time until second 100, with 40 requests, and some calls in the seconds behind it."""
    written = []
    for n in range(40 + calls):
        at = 2.0 * n if n < 40 else 100.0 + n
        written += [line(at, "front In", str(n)), line(at + 0.1, "shop Begin", str(n))]
        if n < 40 or not broken:
            written.append(line(at + 0.2, "shop Done", str(n)))
            written.append(line(at + 0.3, "front Out", str(n)))
    return lines.read(written)


def window(read: Lines, begin: float, end: float) -> Window:
    """The requests of a window."""
    return requests.read(read).window((begin, end))


def scores(read: Lines) -> dict[str, float]:
    """By service, of what was written behind the healthy time."""
    use = np.ones((len(read.services), 1), dtype=np.bool_)
    learnt = habits.learn(read, [window(read, 0, 100)], use)
    return dict(zip(read.services, learnt.scores(window(read, 100, 1000)), strict=True))


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
    written = []
    for n in range(46):
        written += [line(3.0 * n, "shop Begin", str(n)), line(3.0 * n + 0.2, "shop Done", str(n))]
        written += [line(3.0 * n + 0.1, "shop Caught", str(n))] if n >= 40 else []

    read = lines.read(written)
    use = np.ones((1, 1), dtype=np.bool_)
    learnt = habits.learn(read, [window(read, 0, 120)], use)
    assert learnt.scores(window(read, 120, 140))[0] > 6


def test_windows_before_own_faults_say_nothing_of_a_service() -> None:
    """A service in whose windows nothing is known has no habits."""
    read = told(calls=6, broken=True)
    use = np.array([[True], [False]])
    learnt = habits.learn(read, [window(read, 0, 100)], use)

    assert list(learnt.scores(window(read, 100, 1000))) == [0, 0]
    assert read.services == ("front", "shop")


def judge(*, odd: int = -1) -> habits.Judge:
    """Twelve windows of 50 s, each with 25 requests; in one, half of them do something else."""
    written = []
    for n in range(300):
        at, trace = 2.0 * n, str(n)
        done = "shop Odd" if at // 50 == odd and n % 2 else "shop Done"
        written += [line(at, "front In", trace), line(at + 0.1, "shop Begin", trace)]
        written += [line(at + 0.2, done, trace), line(at + 0.3, "front Out", trace)]
    for n in range(20):
        at, trace = 700.0 + n, f"b{n}"
        written += [line(at, "front In", trace), line(at + 0.1, "shop Begin", trace)]
    spans = tuple((50.0 * n, 50.0 * n + 50) for n in range(12))
    return habits.Judge(lines.read(written), Windows(spans, ("front",) * 6 + ("shop",) * 6))


def test_beyond_the_limit_one_service_is_blamed() -> None:
    """What is well is not, and the caller of what is broken neither."""
    judging = judge()

    assert judging.blamed((700, 750)) == {"shop"}
    assert all(not judging.blamed((50.0 * n, 50.0 * n + 50), n) for n in range(12))


def test_a_window_is_judged_without_itself() -> None:
    """By itself it is as ever; by the others something new was written."""
    judging = judge(odd=3)

    assert judging.blamed((150, 200)) == set()
    assert judging.blamed((150, 200), 3) == {"shop"}


def test_the_tail_is_that_of_the_predictive_distribution() -> None:
    """After forty of forty, one of one missing has 0.5 / 41, two of two that times 1.5 / 42."""
    assert habits.few(0, 1, 40, 40) == pytest.approx(-np.log10(0.5 / 41))
    assert habits.few(0, 2, 40, 40) == pytest.approx(-np.log10(0.5 * 1.5 / (41 * 42)))
    assert habits.few(2, 2, 40, 40) == pytest.approx(0, abs=1e-9)
    assert habits.few(1, 1, 20, 40) == pytest.approx(0, abs=1e-9)
    assert habits.few(0, 1, 20, 40) == pytest.approx(-np.log10(0.5))
