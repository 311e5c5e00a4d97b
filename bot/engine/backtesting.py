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
from bot.core.baseline import Source, hindrance, vague
from bot.core.calibrated.work import packed
from bot.core.card import Card
from bot.core.config import LogStoreConfig, Policy, ReleaseFile
from bot.core.config.release_file import component_logs, component_policy
from bot.core.counts import LogStoreError, Window
from bot.core.minutes import MinuteCounts, bin_length, bin_of, counted, joined, moment_of, unknown
from bot.core.redact import cut
from bot.core.release import Release
from bot.core.value import Text, Value, text
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY
from bot.core.verdict.calibrated.scores import BEFORE
from bot.core.view import backtest as view
from bot.engine.services import Services
from bot.engine.transition import load

LOOKED_AT = 200
"""How many releases are judged anew when nobody says how many, the newest."""
DETAIL = 300
Tell = Callable[[Card], Awaitable[None]]
"""Where progress goes."""
Run = Callable[[judging.Piece], Awaitable[list[Replayed]]]
"""Runs `judging.judge` away from the event loop."""


class BacktestError(Exception):
    """There is nothing to judge, or the logs cannot be counted; `why` says it."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.why = why


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
    found: list[Replayed] = []
    tested: dict[str, dict[str, str]] = {}
    for place, component in enumerate(watched):
        policies = tested_policies(file, wish, component)
        made = _Component(
            component=component,
            config=file.log_stores[logs[component]],
            policies=policies,
            scale=file.time_scale,
            now=now,
        )
        step = _Step(wish.target, place, len(watched), tell)
        found += await _judged(services, made, wish, releases=releases, run=run, step=step)
        tested[component] = {name: policy.statistic for name, policy in policies.items()}
    return Backtest(target=wish.target, at=now, by=wish.by, policies=tested, found=tuple(found))


def tested_policies(file: ReleaseFile, wish: Wish, component: str) -> dict[str, Policy]:
    """What is compared for a component: named policies, or its own with each comparison."""
    if wish.policies:
        return {name: file.policies[name] for name in wish.policies}
    own = component_policy(file, wish.target, component)
    names = dict.fromkeys((own.comparison, *COMPARISONS))
    return {name: own.model_copy(update={"comparison": name}) for name in names}


COMPARISONS = ("seed-2020", "calibrated")


async def _releases(services: Services, wish: Wish) -> list[Release]:
    rows = await services.store.read(
        lambda tx: [load(tx, row.id) for row in tx.recent(wish.target, wish.last)]
    )
    return [release for release in rows if release is not None and not release.live]


@dataclass(frozen=True, kw_only=True)
class _Component:
    component: str
    config: LogStoreConfig
    policies: dict[str, Policy]
    scale: float
    now: datetime

    @property
    def baseline(self) -> timedelta:
        return max(p.baseline for p in self.policies.values()) / self.scale

    @property
    def watched(self) -> timedelta:
        return max(p.interval * p.rounds for p in self.policies.values()) / self.scale


@dataclass(frozen=True)
class _Step:
    """Where a component stands among the others, for the progress."""

    target: str
    place: int
    of: int
    tell: Tell

    async def say(self, part: float, what: Text) -> None:
        done = round(1000 * (self.place + part))
        await self.tell(view.progress(self.target, done, 1000 * self.of, what))


async def _judged(
    services: Services,
    made: _Component,
    wish: Wish,
    *,
    releases: Sequence[Release],
    run: Run,
    step: _Step,
) -> list[Replayed]:
    real = past_cases(releases, made.component, wish.labels)
    first = min([made.now - 2 * made.baseline, *(c.began - made.baseline for c in real)])
    history = await _history(services, made, first, step)
    begins = _begin(history, made)
    if begins is None:
        days = history.known / MINUTES_A_DAY
        needed = FEWEST_KNOWN * made.baseline * made.scale / timedelta(days=1)
        why = text(
            "backtest.no_history",
            component=made.component,
            days=round(days, 1),
            needed=round(needed, 1),
        )
        raise BacktestError(why)
    real = tuple(case for case in real if case.began >= begins)
    taken = [case.window(made.watched) for case in real]
    cases = (
        *real,
        *pseudo_releases(
            made.component,
            wish.pseudo,
            Window(start=begins, end=made.now),
            watched=made.watched,
            taken=[*taken, *wish.labels.incidents],
            scale=made.scale,
        ),
    )
    return await _by_days(made, history, cases, run=run, step=step)


async def _by_days(
    made: _Component,
    history: MinuteCounts,
    cases: Sequence[Case],
    *,
    run: Run,
    step: _Step,
) -> list[Replayed]:
    """Judge day by day, so that the progress is seen and no piece of work is large."""
    found: list[Replayed] = []
    what = text(
        "backtest.judging",
        component=made.component,
        cases=len(cases),
        policies=len(made.policies),
    )
    days = judging.days(cases, made.scale)
    length = bin_length(made.scale)
    for number, day in enumerate(days):
        await step.say(_READ + (1 - _READ) * number / len(days), what)
        begin = bin_of(day[0].began - made.baseline, length) - BEFORE
        end = bin_of(day[-1].ended + made.watched, length) + SPARE
        span = (begin, end)
        piece = judging.Piece(
            packed=await asyncio.to_thread(packed, history.between(*span)),
            span=span,
            cases=day,
            policies=made.policies,
            scale=made.scale,
        )
        found += await run(piece)
    return found


SPARE = 5
"""Minutes behind the last round that a look may wait for late lines."""


_READ = 0.5
"""The part of a component's progress that reading is."""


async def _history(
    services: Services, made: _Component, first: datetime, step: _Step
) -> MinuteCounts:
    """Every minute from `first` to now, read a day of the comparison at a time."""
    length = bin_length(made.scale)
    begin, end = bin_of(first, length), bin_of(made.now, length)
    levels = tuple(sorted({x for p in made.policies.values() for x in p.counted_levels}))
    source = Source(
        name="",
        config=made.config,
        component=made.component,
        levels=levels,
        baseline=made.baseline * made.scale,
        time_scale=made.scale,
    )
    store = services.adapters.log_store(made.config)
    parts: list[MinuteCounts] = []
    starts = range(begin, end, MINUTES_A_DAY)
    for number, start in enumerate(starts):
        what = text("backtest.reading", component=made.component, day=number + 1, days=len(starts))
        await step.say(_READ * number / len(starts), what)
        stop = min(start + MINUTES_A_DAY, end)
        try:
            counts = await store.count(source.request(start, stop))
        except (LogStoreError, ValueError) as error:
            detail = cut(services.clean(str(error)), DETAIL)
            why = text("backtest.log_store", component=made.component, detail=detail)
            raise BacktestError(why) from error
        gap = hindrance(counts)
        if gap is not None:
            raise BacktestError(gap)
        part = unknown(start, stop) if vague(counts) else counted(counts.windows[0], length)
        parts.append(part)
    return joined(parts, start=begin, end=end)


def _begin(history: MinuteCounts, made: _Component) -> datetime | None:
    """From when on there is a baseline: so much of it is known as a verdict needs."""
    length = bin_length(made.scale)
    known = history.exposure > 0
    if not known.any():
        return None
    # One minute more, as the first one is seldom whole.
    needed = FEWEST_KNOWN * made.baseline + length
    oldest = moment_of(history.start + int(known.argmax()), length)
    begins = max(oldest + needed, moment_of(history.start, length) + made.baseline)
    return begins if begins < made.now else None
