"""The command `backtest`: the same backtest as in a room, with a table, a CSV and a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.chat.texts import Words
from bot.clock import SteadyClock
from bot.core.backtest.backtest import Backtest
from bot.core.backtest.page import Subject, page
from bot.core.backtest.sheet import sheet
from bot.core.card import Card, Cell
from bot.core.view import backtest as view
from bot.engine import backtesting, backtests
from bot.engine.services import Services
from bot.resources import Factory, Resources
from bot.settings import Settings
from bot.store import Store


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asked for."""

    wish: backtesting.Wish
    kept: bool = False
    """Show the newest one that is kept, and make none."""
    csv: Path | None = None
    html: Path | None = None


class NothingKeptError(ValueError):
    """There is no backtest of this target yet."""


async def run(
    settings: Settings, factory: Factory, asked: Asked, say: Callable[[str], None]
) -> str:
    """Make (or read) a backtest, keep it, write its files; returns the table for people.

    `say` is told how far it is. Raises NothingKeptError, StoreError, OSError, and ValueError for a
    target or a policy that release.yml does not have, or for logs that cannot be judged.
    """
    words = Words(settings.file.zone)
    _refuse(settings, asked.wish)
    clock = SteadyClock()
    resources = Resources(factory, lambda: settings, clock)
    store = Store(settings.environment.database_url)
    services = Services(
        store=store,
        adapters=resources,
        file=lambda: settings.file,
        digest=lambda: settings.digest,
        now=clock.now,
        seed=str,
        owner="backtest",
        clean=settings.clean,
    )
    await store.open()
    try:
        found = await _found(services, asked, lambda card: say(_line(card, words)))
    finally:
        await resources.close()
        await store.close()
    limit = backtests.limit(services, asked.wish.target)
    _write(found, asked, limit, words)
    return table(view.result(found, limit), words)


def _refuse(settings: Settings, wish: backtesting.Wish) -> None:
    file = settings.file
    if wish.target not in file.targets:
        known = ", ".join(file.targets)
        raise ValueError(f"there is no target {wish.target!r}; release.yml has {known}")
    for name in wish.policies:
        if name not in file.policies:
            known = ", ".join(file.policies) or "none"
            raise ValueError(f"there is no policy {name!r}; release.yml has {known}")


async def _found(services: Services, asked: Asked, say: Callable[[Card], None]) -> Backtest:
    target = asked.wish.target
    if asked.kept:
        kept = await backtests.newest(services.store, target)
        if kept is None:
            raise NothingKeptError(f"no backtest of {target} is kept; leave out --kept to make one")
        return kept

    async def tell(card: Card) -> None:
        say(card)

    try:
        # Apart here too, so that Ctrl-C ends it at once.
        async with backtests.apart() as judge:
            made = await backtesting.make(services, asked.wish, judge, tell)
    except backtesting.BacktestError as error:
        raise ValueError(Words(services.file().zone)(error.why)) from error
    await backtests.keep(services.store, made)
    return made


def _line(card: Card, words: Words) -> str:
    return ": ".join(_cell(cell, words) for cell in (card.title, *card.lines))


def _cell(cell: Cell, words: Words) -> str:
    return cell if isinstance(cell, str) else words(cell)


def _write(found: Backtest, asked: Asked, limit: float, words: Words) -> None:
    if asked.csv is not None:
        asked.csv.write_text(sheet(found.found), encoding="utf-8", newline="")
    if asked.html is not None:
        notes = tuple(words(note) for note in found.notes)
        subject = Subject(target=found.target, at=found.at, max_false_fail=limit, notes=notes)
        asked.html.write_text(page(subject, found.scores, found.found), encoding="utf-8")


def table(card: Card, words: Words) -> str:
    """A card's lines and table as plain text, columns aligned."""
    lines = [words(card.title), *(_cell(line, words) for line in card.lines)]
    if card.table is None:
        return "\n".join(lines)
    rows = [[words(name) for name in card.table.header]]
    rows += [[_cell(cell, words) for cell in row.cells] for row in card.table.rows]
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines += [""]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, wide, strict=True))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
