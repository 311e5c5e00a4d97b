"""How late documents arrive where none says so: minutes that are counted again and again tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.core.baseline import LONGEST_LAG
from bot.core.counts import WindowCounts
from bot.core.minutes import bin_of, moment_of

COMPLETE = 0.99
"""The share of a minute's documents that must be there to call it complete."""
FINAL = 3
"""A minute that ended so many minutes ago is what younger counts of it are compared with."""
FEWEST = 5
"""Documents without which nothing can be said."""
_OLDEST = 10
_KEPT = 60
"""Minutes that are remembered."""


class Arrivals:
    """What was seen of each minute, by its age; of one component in one log store."""

    def __init__(self, minute: timedelta) -> None:
        self._minute = minute
        self._seen: dict[int, dict[int, Counter[str]]] = {}
        """Minute -> minutes since its end -> host -> documents."""

    def note(self, counts: WindowCounts, now: datetime) -> None:
        """Remember a window that was counted at `now` by host and minute, with `alive`."""
        first = bin_of(counts.window.start - timedelta.resolution, self._minute) + 1
        end = bin_of(min(counts.window.end, now), self._minute)
        begin = max(first, end - _OLDEST)
        found: dict[int, Counter[str]] = {number: Counter() for number in range(begin, end)}
        for one in counts.alive:
            number = bin_of(one.bucket, self._minute)
            if number in found:
                found[number][one.host] += one.count
        for number, documents in found.items():
            age = (now - moment_of(number + 1, self._minute)) // self._minute
            self._seen.setdefault(number, {})[age] = documents
        for number in sorted(self._seen)[:-_KEPT]:
            del self._seen[number]

    def lag(self, groups: Iterable[Collection[str]] = ()) -> timedelta | None:
        """After how long the documents of a minute are there, of the slowest group of hosts.

        In whole minutes, rounded up; at most 5. None where too little was seen more than once.
        Without groups all hosts are one.
        """
        wanted: list[Collection[str] | None] = [hosts for hosts in groups if hosts]
        wanted = wanted or [None]
        found = [lag for lag in map(self._lag, wanted) if lag is not None]
        return max(found, default=None)

    def _lag(self, hosts: Collection[str] | None) -> timedelta | None:
        early, late = self._by_age(hosts)
        longest = LONGEST_LAG // timedelta(minutes=1)
        short = False
        for age in range(longest):
            if late[age] < FEWEST:
                continue
            if early[age] >= COMPLETE * late[age]:
                # Of younger minutes nothing may be known: then nothing is known to be late.
                return (age + 1) * self._minute if short or not age else None
            short = True
        return longest * self._minute if short else None

    def _by_age(self, hosts: Collection[str] | None) -> tuple[Counter[int], Counter[int]]:
        """Age -> documents there then, and in the end, of minutes that were seen twice."""
        early: Counter[int] = Counter()
        late: Counter[int] = Counter()
        for ages in self._seen.values():
            oldest = max(ages)
            for age, documents in ages.items():
                if age < oldest and oldest >= FINAL:
                    early[age] += _of(documents, hosts)
                    late[age] += _of(ages[oldest], hosts)
        return early, late


def _of(documents: Counter[str], hosts: Collection[str] | None) -> int:
    return documents.total() if hosts is None else sum(documents[host] for host in hosts)
