"""What is configured and what answers: the command `doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.chat.texts import Words
from bot.core.backtest.backtest import Backtest, proven
from bot.core.config.problem import Problem
from bot.core.config.release_file import component_executor, component_logs, component_policy
from bot.core.counts import CountRequest, LogStoreError, Window
from bot.core.effect import EffectKind
from bot.core.operation import UnreachableError
from bot.engine import backtests
from bot.engine.last_resort import TRIES
from bot.engine.planner import may_roll_back
from bot.engine.sources import State, states
from bot.platforms import examine_platforms, write_cards
from bot.resources import Factory
from bot.settings import Settings
from bot.store import Store
from bot.store.errors import StoreError

STUCK = 20
"""So many effects that do not succeed are listed."""
_ENDING = (EffectKind.TIMER, EffectKind.SHOW, EffectKind.SHARE)
"""Effects that are done once they are taken; the others are looked at again and again."""


@dataclass(frozen=True)
class Report:
    """What was found. `well` is False as soon as one line says PROBLEM."""

    lines: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not any(line.startswith("PROBLEM") for line in self.lines)

    @property
    def said(self) -> str:
        """The lines, one under the other."""
        return "\n".join(self.lines)


async def examine(
    settings: Settings,
    factory: Factory,
    wrong: Iterable[Problem] = (),
    *,
    offline: bool,
    cards: Path | None = None,
) -> Report:
    """Look at everything; with `offline` nothing outside this machine's files is asked.

    `wrong` is what the adapters found in the settings; `cards` the folder for every sample card.
    Raises ValueError for `cards` without `offline`.
    """
    if cards is not None and not offline:
        raise ValueError("--cards wants --offline: cards are written, never sent")
    lines = [f"ok       {settings.summary()}"]
    lines += [f"PROBLEM  {problem}" for problem in wrong]
    lines += [f"warning  {warning}" for warning in settings.warnings]
    kept = {} if offline else await _backtests(settings)
    lines += _policies(settings, kept)
    lines += await examine_platforms(settings.environment, settings.file.rooms, offline=offline)
    if cards is not None:
        lines.append(_written(cards))
    if offline:
        return Report(tuple(lines))
    lines += await _store(settings)
    for name in settings.file.targets:
        for component in settings.file.targets[name].components:
            lines.append(await _executor(settings, factory, name, component))
            lines.append(await _logs(settings, factory, name, component))
    return Report(tuple(line for line in lines if line))


def only_cards(absent: Path, cards: Path) -> Report:
    """Write every sample card where there is no release.yml: they tell a story of their own."""
    return Report(
        (
            f"warning  there is no {absent}: nothing is configured, so only the cards are written",
            _written(cards),
        )
    )


def _written(cards: Path) -> str:
    return f"ok       cards: {write_cards(cards)} files in {cards}"


async def _backtests(settings: Settings) -> dict[str, Backtest]:
    """The newest backtest of each target; a store that is out of order is told elsewhere."""
    store = Store(settings.environment.database_url)
    try:
        await store.open()
        found = [await backtests.newest(store, name) for name in settings.file.targets]
    except StoreError:
        return {}
    finally:
        await store.close()
    return {backtest.target: backtest for backtest in found if backtest is not None}


def _policies(settings: Settings, kept: Mapping[str, Backtest]) -> list[str]:
    lines = []
    for name, target in settings.file.targets.items():
        for component in target.components:
            policy = component_policy(settings.file, name, component)
            shown = component in proven(kept.get(name), {component: policy})
            if not may_roll_back(policy, shown):
                lines.append(
                    f"warning  {name}/{component}: on_fail roll_back acts as ask: no backtest has "
                    f"shown that fewer than {policy.max_false_fail:.1%} of its fails are false"
                )
    return lines


async def _store(settings: Settings) -> list[str]:
    store = Store(settings.environment.database_url)
    try:
        await store.open()
        live, stuck = await store.read(
            lambda tx: (len(tx.live_heads()), tx.often_tried(TRIES, _ENDING, STUCK))
        )
        baselines = await store.read(lambda tx: states(tx, _now()))
    except StoreError as error:
        return [f"PROBLEM  store: {error}"]
    finally:
        await store.close()
    say = Words(settings.file.zone)
    return [
        f"ok       store: {live} live releases",
        *(
            f"warning  #{row.release_id}: {row.key} was tried {row.tries} times and is not done; "
            "the log says why"
            for row in stuck
        ),
        *(_baseline(one, say) for one in baselines),
    ]


def _baseline(state: State, say: Words) -> str:
    """How far the minute baseline of a component is; one that is being read is worth waiting for.

    The running bot reads it, so here nothing is asked for.
    """
    what = f"baseline of {state.source.component} in {state.source.name}"
    there = f"{state.days} of {state.of} days"
    last = f" to {state.last:%Y-%m-%d %H:%M} UTC" if state.last else ""
    size = f"{state.size / 1_000_000:.1f} MB"
    if state.trouble is not None:
        return f"PROBLEM  {what}: {there}{last}: {say(state.trouble)}"
    how = "ok      " if state.days == state.of else "warning "
    return f"{how} {what}: {there}{last}, {size}"


async def _executor(settings: Settings, factory: Factory, target: str, component: str) -> str:
    name = component_executor(settings.file, target, component)
    executor = factory.executor(settings.file.executors[name], settings)
    try:
        running = await executor.running(component)
    except UnreachableError as error:
        return f"PROBLEM  {target}/{component}: executor {name}: {error}"
    finally:
        await executor.close()
    group = settings.file.targets[target].components[component].canary
    if group and not running.hosts(group):
        return f"PROBLEM  {target}/{component}: executor {name} knows no host in group {group}"
    versions = ", ".join(sorted(set(running.versions.values())))
    return f"ok       {target}/{component}: {len(running.versions)} hosts run {versions} ({name})"


async def _logs(settings: Settings, factory: Factory, target: str, component: str) -> str:
    name = component_logs(settings.file, target, component)
    if not name:
        return f"warning  {target}/{component}: nothing is monitored"
    try:
        store = factory.log_store(settings.file.log_stores[name], settings, now=_now)
    except ValueError as error:
        return f"PROBLEM  {target}/{component}: log store {name}: {error}"
    end = _now()
    window = Window(start=end - timedelta(hours=1), end=end)
    try:
        counts = await store.count(CountRequest(component=component, windows=(window,)))
    except LogStoreError as error:
        return f"PROBLEM  {target}/{component}: log store {name}: {error}"
    finally:
        await store.close()
    documents = sum(counts.windows[0].documents.values())
    if counts.gaps:
        said = "; ".join(map(Words(settings.file.zone), counts.gaps))
        return f"PROBLEM  {target}/{component}: log store {name}: {said}"
    return f"ok       {target}/{component}: {documents} log lines in the last hour ({name})"


def _now() -> datetime:
    return datetime.now(UTC)
