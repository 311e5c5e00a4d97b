"""The making of a backtest: cases from the journal and between, history by days, judgement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.backtest import judging
from bot.core.backtest.backtest import Backtest
from bot.core.backtest.case import Case, pseudo_releases
from bot.core.backtest.labels import Labels
from bot.core.backtest.past import past_cases
from bot.core.backtest.score import FEWEST, Replayed
from bot.core.backtest.seed2020 import FEWEST_KNOWN
from bot.core.baseline import Source
from bot.core.calibrated.work import packed
from bot.core.card import Card
from bot.core.config import LogStoreConfig, Policy, ReleaseFile
from bot.core.config.release_file import component_logs, component_policy
from bot.core.counts import Window
from bot.core.minutes import MinuteCounts, bin_of, moment_of
from bot.core.release import Release
from bot.core.value import Text, Value, text
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY
from bot.core.verdict.calibrated.scores import BEFORE
from bot.core.view import backtest as view
from bot.engine import past_minutes
from bot.engine.past_minutes import BacktestError, Past
from bot.engine.services import Services
from bot.engine.transition import load

__all__ = ["BacktestError", "Wish", "make", "tested_policies"]

LOOKED_AT = 200
"""How many releases are judged anew when nobody says how many, the newest."""
Tell = Callable[[Card], Awaitable[None]]
"""Where progress goes."""
Run = Callable[[judging.Piece], Awaitable[list[Replayed]]]
"""Runs `judging.judge` away from the event loop."""


class Wish(Value):
    """What is wanted."""

    target: str
    last: int = LOOKED_AT
    """How many releases, the newest."""
    pseudo: int = FEWEST + 50
    """How many pseudo-releases of each component: some more than are needed for a decision."""
    by: str = ""
    labels: Labels = Labels()
    policies: tuple[str, ...] = ()
    """Policies of release.yml by name; none: the component's own, with every comparison."""


async def make(services: Services, wish: Wish, run: Run, tell: Tell) -> Backtest:
    """Judge the past of a target anew. Raises BacktestError."""
    file, now = services.file(), services.now()
    logs = {c: component_logs(file, wish.target, c) for c in file.targets[wish.target].components}
    watched = [name for name, store in logs.items() if store]
    if not watched:
        raise BacktestError(text("backtest.no_logs", target=wish.target))
    releases = await _releases(services, wish)
    works = [
        _Work(
            services=services,
            wish=wish,
            component=component,
            config=file.log_stores[logs[component]],
            policies=tested_policies(file, wish, component),
            scale=file.time_scale,
            now=now,
            place=(place, len(watched)),
            tell=tell,
        )
        for place, component in enumerate(watched)
    ]
    found: list[Replayed] = []
    at_once: list[str] = []
    for work in works:
        past = await work.read(releases)
        if not past.arrivals:
            at_once.append(work.component)
        found += await work.judged(past, work.cases(past.minutes, releases), run)
    return Backtest(
        target=wish.target,
        at=now,
        by=wish.by,
        policies={
            work.component: {name: policy.statistic for name, policy in work.policies.items()}
            for work in works
        },
        found=tuple(found),
        notes=(text("backtest.at_once", component=", ".join(at_once)),) if at_once else (),
    )


def tested_policies(file: ReleaseFile, wish: Wish, component: str) -> dict[str, Policy]:
    """What is compared for a component: named policies, or its own with each comparison."""
    if wish.policies:
        return {name: file.policies[name] for name in wish.policies}
    own = component_policy(file, wish.target, component)
    names = dict.fromkeys((own.comparison, *COMPARISONS))
    return {name: own.model_copy(update={"comparison": name}) for name in names}


async def _releases(services: Services, wish: Wish) -> list[Release]:
    rows = await services.store.read(
        lambda tx: [load(tx, row.id) for row in tx.recent(wish.target, wish.last)]
    )
    return [release for release in rows if release is not None and not release.live]


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is to be done for one component."""

    services: Services
    wish: Wish
    component: str
    config: LogStoreConfig
    policies: dict[str, Policy]
    scale: float
    now: datetime
    place: tuple[int, int]
    """Which of how many components it is."""
    tell: Tell

    @property
    def baseline(self) -> timedelta:
        """The longest of the policies, on the clock."""
        return max(p.baseline for p in self.policies.values()) / self.scale

    @property
    def watched(self) -> timedelta:
        """From the end of a restart to the last round, on the clock."""
        return max(p.interval * p.rounds for p in self.policies.values()) / self.scale

    @property
    def source(self) -> Source:
        """What is counted."""
        levels = {level for p in self.policies.values() for level in p.counted_levels}
        return Source(
            name="",
            config=self.config,
            component=self.component,
            levels=tuple(sorted(levels)),
            baseline=self.baseline * self.scale,
            time_scale=self.scale,
        )

    async def say(self, part: float, what: Text) -> None:
        """Tell how far it is: `part` of this component."""
        number, of = self.place
        done = round(1000 * (number + part))
        await self.tell(view.progress(self.wish.target, done, 1000 * of, what))

    async def read(self, releases: Sequence[Release]) -> Past:
        """Every minute that may be needed: twice the baseline, or from the oldest release on."""
        real = past_cases(releases, self.component)
        first = min([self.now - 2 * self.baseline, *(c.began - self.baseline for c in real)])
        span = (bin_of(first, self.source.bin), bin_of(self.now, self.source.bin))

        async def tell(number: int, days: int) -> None:
            what = text("backtest.reading", component=self.component, day=number + 1, days=days)
            await self.say(_READ * number / days, what)

        return await past_minutes.read(self.services, self.source, span, tell)

    def cases(self, minutes: MinuteCounts, releases: Sequence[Release]) -> tuple[Case, ...]:
        """Releases, and moments between them, that have a baseline. Raises BacktestError."""
        begins = self._begin(minutes)
        if begins is None:
            days, needed = minutes.known / MINUTES_A_DAY, FEWEST_KNOWN * self.baseline * self.scale
            why = text(
                "backtest.no_history",
                component=self.component,
                days=round(days, 1),
                needed=round(needed / timedelta(days=1), 1),
            )
            raise BacktestError(why)
        labels = self.wish.labels
        real = past_cases(releases, self.component, labels)
        real = tuple(case for case in real if case.began >= begins)
        between = pseudo_releases(
            self.component,
            self.wish.pseudo,
            Window(start=begins, end=self.now),
            watched=self.watched,
            taken=[*(case.window(self.watched) for case in real), *labels.incidents],
            scale=self.scale,
        )
        return (*real, *between)

    def _begin(self, minutes: MinuteCounts) -> datetime | None:
        """From when on there is a baseline: so much of it is known as a verdict needs."""
        length, known = self.source.bin, minutes.exposure > 0
        if not known.any():
            return None
        # One minute more, as the first one is seldom whole.
        needed = FEWEST_KNOWN * self.baseline + length
        oldest = moment_of(minutes.start + int(known.argmax()), length)
        begins = max(oldest + needed, moment_of(minutes.start, length) + self.baseline)
        return begins if begins < self.now else None

    async def judged(self, past: Past, cases: Sequence[Case], run: Run) -> list[Replayed]:
        """Judge day by day, so that the progress is seen and no piece of work is large."""
        found: list[Replayed] = []
        what = text(
            "backtest.judging",
            component=self.component,
            cases=len(cases),
            policies=len(self.policies),
        )
        days = judging.days(cases, self.scale)
        for number, day in enumerate(days):
            await self.say(_READ + (1 - _READ) * number / len(days), what)
            found += await run(await self._piece(past, day))
        return found

    async def _piece(self, past: Past, day: Sequence[Case]) -> judging.Piece:
        length = self.source.bin
        begin = bin_of(day[0].began - self.baseline, length) - BEFORE
        span = (begin, bin_of(day[-1].ended + self.watched, length) + SPARE)
        arrived: dict[str, dict[datetime, bytes]] = {}
        asked = day if past.arrivals else ()
        for place in range(0, len(asked), CASES_AT_ONCE):
            some = asked[place : place + CASES_AT_ONCE]
            found = await asyncio.gather(*map(self._arrived, some))
            arrived |= {case.name: seen for case, seen in zip(some, found, strict=True)}
        return judging.Piece(
            packed=await asyncio.to_thread(packed, past.minutes.between(*span)),
            span=span,
            cases=day,
            policies=self.policies,
            scale=self.scale,
            arrived=arrived,
        )

    async def _arrived(self, case: Case) -> dict[datetime, bytes]:
        moments = judging.moments(case, self.policies.values(), self.scale)
        return await past_minutes.arrived(self.services, self.source, case, moments)


COMPARISONS = ("seed-2020", "calibrated")
CASES_AT_ONCE = 4
"""Cases of which a log store is asked at one time what had arrived when."""
_READ = 0.5
"""The part of a component's progress that reading is."""
SPARE = 5
"""Minutes behind the last round that a look may wait for late lines."""
