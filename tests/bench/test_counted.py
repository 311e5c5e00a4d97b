"""Lines counted for all requests together: what rises or falls beyond a service's own limit."""

from __future__ import annotations

from bench.judging import counted, lines
from bench.judging.counted import Judge
from bench.judging.windows import Windows
from tests.support.service_lines import line


def test_lines_and_requests_are_counted() -> None:
    """A request counts once in ten seconds of the clock, however much it made services write."""
    told = lines.read(
        [
            line(1, "a B", "1"), line(2, "a B", "1"), line(3, "b C", "1"),
            line(4, "a B", "2"), line(12, "a B", "1"), line(20, "a B", "3"),
        ]
    )  # fmt: skip
    found = counted.count(told, (0, 20))

    assert told.keys == (("a", "INFO B#1"), ("b", "INFO C#1"))
    assert found.counts.tolist() == [4, 1]
    assert found.requests == 3


def judge(*, loud: int = -1) -> Judge:
    """Twelve windows of 50 s, each with 25 requests; in one, the shop writes tenfold.

    From second 700 the shop is silent, from 800 there are few requests, from 900 it is loud.
    """
    written = []
    for n in range(300):
        at = 2.0 * n
        written += request(at, str(n), 10 if at // 50 == loud else 1)
    for begin, calls, times in ((700.0, 25, 0), (800.0, 5, 1), (900.0, 25, 10)):
        for n in range(calls):
            written += request(begin + 2 * n, f"{begin:.0f}{n}", times)
    spans = tuple((50.0 * n, 50.0 * n + 50) for n in range(12))
    return Judge(lines.read(written), Windows(spans, ("front",) * 6 + ("shop",) * 6))


def request(at: float, trace: str, times: int) -> list[tuple[str, str]]:
    """The front writes one line, the shop so many."""
    return [line(at, "front In", trace), *[line(at + 0.1, "shop Done", trace)] * times]


def test_both_sides_are_beyond_the_limit() -> None:
    """Silence and ten times as much are blamed on who wrote, fewer requests on nobody."""
    judging = judge()

    assert judging.blamed((700, 750)) == {"shop"}
    assert judging.blamed((900, 950)) == {"shop"}
    assert judging.blamed((800, 850)) == set()


def test_a_window_is_judged_without_itself() -> None:
    """By itself it is as ever; by the others it is loud."""
    judging = judge(loud=3)

    assert judging.blamed((150, 200)) == set()
    assert judging.blamed((150, 200), 3) == {"shop"}
    assert judging.blamed((200, 250), 4) == set()
