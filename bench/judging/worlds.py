"""Backgrounds without any release: counts of some error types, a number a minute, seeds fixed.

The recipes are those of the verdict's specification, section 3. A world is a plain array; what a
policy thinks about rates is not imported here.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DAY = 1440
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) // 60
"""The first minute of made-up worlds, in minutes since the epoch."""
NAB = ("AAPL", "AMZN", "CRM", "FB")
NAB_SOURCE = "https://github.com/numenta/NAB (data/realTweets)"
THINNINGS = (1.0, 0.2, 0.02)
TYPES_OF_S2 = 30

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """Counts by type and minute; a minute of which nothing is known is NaN in every row."""

    name: str
    start: int
    """Minutes since the epoch of the first column."""
    keys: tuple[str, ...]
    counts: Floats
    """(types, minutes)."""

    @property
    def minutes(self) -> int:
        """How many minutes there are."""
        return int(self.counts.shape[1])

    @property
    def known(self) -> NDArray[np.bool_]:
        """(minutes,): which were measured."""
        return np.asarray(~np.isnan(self.counts).any(axis=0))

    @property
    def filled(self) -> Floats:
        """The counts as one sees them who takes a missing minute for a quiet one."""
        return np.asarray(np.where(self.known, self.counts, 0.0))

    def between(self, begin: int, end: int) -> World:
        """The columns [begin, end)."""
        return replace(self, start=self.start + begin, counts=self.counts[:, begin:end])


def autoregressive(rng: np.random.Generator, sd: Floats, tau: float, minutes: int) -> Floats:
    """Stationary AR(1) noise, a row a standard deviation, with correlation e^(-1 / tau)."""
    keep = float(np.exp(-1.0 / tau))
    steps = rng.standard_normal((minutes, len(sd))) * np.sqrt(1 - keep**2)
    value = rng.standard_normal(len(sd))
    noise = np.empty((minutes, len(sd)))
    for minute in range(minutes):
        value = keep * value + steps[minute]
        noise[minute] = value
    return np.asarray(noise.T * sd[:, None])


@dataclass(frozen=True)
class Recipe:
    """How a synthetic world is made."""

    shared_sd: float = 0.15
    own_sd: tuple[float, float] = (0.1, 0.5)
    bursts: bool = False
    types: int = 40
    days: int = 150


RECIPES = {
    "S1": Recipe(),
    "S1q": Recipe(shared_sd=0.10, own_sd=(0.02, 0.15)),
    "S1b": Recipe(bursts=True),
}
SEEDS = {"S1": 11, "S1q": 12, "S1b": 13, "S2": 14}


def synthetic(name: str, *, seed: int | None = None, days: int | None = None) -> World:
    """S1, S1q or S1b; another seed or length makes a world that nobody tuned to."""
    recipe = RECIPES[name]
    if days is not None:
        recipe = replace(recipe, days=days)
    rng = np.random.default_rng(SEEDS[name] if seed is None else seed)
    rates = intensities(recipe, rng)
    counts = rng.poisson(rates).astype(np.float64)
    keys = tuple(f"ERROR/type-{n:02}" for n in range(recipe.types))
    return World(name=name, start=MONDAY, keys=keys, counts=counts)


def intensities(recipe: Recipe, rng: np.random.Generator) -> Floats:
    """Events a minute by type: level, day, week-end, shared and own noise, perhaps bursts."""
    minutes = np.arange(recipe.days * DAY)
    base = 10 ** rng.uniform(-3.0, 1.5, recipe.types)
    amplitude, phase = rng.uniform(0.3, 0.8, recipe.types), rng.normal(0.0, 0.1, recipe.types)
    day = np.sin(2 * np.pi * (minutes[None, :] / DAY + phase[:, None]))
    weekend = np.where((minutes // DAY) % 7 >= 5, 0.7, 1.0)
    shared = autoregressive(rng, np.array([recipe.shared_sd]), 30.0, len(minutes))
    own_sd = rng.uniform(*recipe.own_sd, recipe.types)
    own = autoregressive(rng, own_sd, 10.0, len(minutes))
    rates = base[:, None] * (1 + amplitude[:, None] * day) * weekend * np.exp(shared + own)
    if recipe.bursts:
        add_bursts(rates, base, rng)
    return np.asarray(rates)


def add_bursts(rates: Floats, base: Floats, rng: np.random.Generator) -> None:
    """Unrelated bursts: one a type in 15 days, median 6 minutes, median 1 + 4 times the level."""
    types, minutes = rates.shape
    for row in range(types):
        for begin in rng.integers(0, minutes, rng.poisson(minutes / (15 * DAY))):
            length = max(1, round(6 * np.exp(rng.normal(0.0, 0.7))))
            factor = 4 * np.exp(rng.normal(0.0, 0.7))
            # A rare type bursts too, with at least an event in two minutes.
            rates[row, begin : begin + length] += factor * max(base[row], 0.5)


def tweets(folder: Path, *, seed: int | None = None) -> World:
    """S2: NAB's tweet volumes, thinned and shifted by whole days to 30 types."""
    rng = np.random.default_rng(SEEDS["S2"] if seed is None else seed)
    start, series = _nab_series(folder)
    rows, keys = [], []
    for shift in (0, 18, 36):
        for name, values in series.items():
            moved = np.roll(values, shift * DAY // 5)
            for thinning in THINNINGS:
                rows.append(into_minutes(thinned(moved, thinning, rng), rng))
                keys.append(f"ERROR/{name}-{thinning:g}-{shift}d")
    return World("S2", start, tuple(keys[:TYPES_OF_S2]), np.array(rows[:TYPES_OF_S2]))


def thinned(values: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Keep each event with a probability; missing counts stay missing."""
    kept = rng.binomial(np.nan_to_num(values).astype(np.int64), share)
    return np.asarray(np.where(np.isnan(values), np.nan, kept))


def _nab_series(folder: Path) -> tuple[int, dict[str, Floats]]:
    read = {n: read_nab(folder / f"Twitter_volume_{n}.csv.gz") for n in NAB}
    begin = max(first for first, _ in read.values())
    end = min(first + 5 * len(values) for first, values in read.values())
    cut = {
        name: values[(begin - first) // 5 : (end - first) // 5]
        for name, (first, values) in read.items()
    }
    length = min(map(len, cut.values()))
    return begin, {name: values[:length] for name, values in cut.items()}


def into_minutes(fives: Floats, rng: np.random.Generator) -> Floats:
    """Counts of five minutes, each event put into one of its minutes at random; NaN stays NaN."""
    split = rng.multinomial(np.nan_to_num(fives).astype(np.int64), np.full(5, 0.2))
    known = np.where(np.isnan(fives)[:, None], np.nan, split)
    return np.asarray(known.reshape(-1))


def _lines(path: Path) -> list[list[str]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(raw.decode())))


def _minute(stamp: str) -> int:
    moment = datetime.fromisoformat(stamp)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) // 60


def read_nab(path: Path) -> tuple[int, Floats]:
    """NAB's `timestamp,value` on a grid of five minutes; what has no row is NaN, not 0."""
    rows = [(_minute(stamp), float(value)) for stamp, value in _lines(path)[1:]]
    first = min(minute for minute, _ in rows)
    last = max(minute for minute, _ in rows)
    values = np.full((last - first) // 5 + 1, np.nan)
    for minute, value in rows:
        place = (minute - first) // 5
        values[place] = np.nan_to_num(values[place]) + int(value)
    return first, values


def from_file(name: str, path: Path) -> World:
    """A background from outside: `minute,type,count`, or NAB's `timestamp,value` as one type.

    Raises ValueError when it has other columns or is shorter than 11 days.
    """
    lines = _lines(path)
    header = [cell.strip() for cell in lines[0]]
    if header == ["timestamp", "value"]:
        first, values = read_nab(path)
        counts = into_minutes(values, np.random.default_rng(SEEDS["S2"]))[None, :]
        world = World(name, first, (f"ERROR/{name}",), counts)
    elif header == ["minute", "type", "count"]:
        world = _from_rows(name, lines[1:])
    else:
        raise ValueError(f"{path}: the columns are {header}, not minute,type,count")
    if world.minutes < 11 * DAY:
        raise ValueError(f"{path}: {timedelta(minutes=world.minutes)}, at least 11 days")
    return world


def _from_rows(name: str, rows: list[list[str]]) -> World:
    cells = [(_minute(row[0]), row[1], float(row[2])) for row in rows if row]
    first, last = min(c[0] for c in cells), max(c[0] for c in cells)
    keys = sorted({c[1] for c in cells})
    place = {key: n for n, key in enumerate(keys)}
    counts = np.zeros((len(keys), last - first + 1))
    for minute, key, count in cells:
        counts[place[key], minute - first] += count
    return World(name, first, tuple(keys), counts)


def canary_split(
    world: World, *, hosts: int = 20, canary: int = 2, seed: int = 15
) -> tuple[World, World]:
    """Give every event to canary or control: log-normal host shares (sd 0.3), drifting hourly."""
    rng = np.random.default_rng(seed)
    hours = world.minutes // 60 + 1
    fixed = rng.normal(0.0, 0.3, hosts)
    drift = autoregressive(rng, np.full(hosts, 0.1), 6.0, hours)
    weights = np.exp(fixed[:, None] + drift)
    share = np.repeat(weights[:canary].sum(axis=0) / weights.sum(axis=0), 60)[: world.minutes]
    taken = rng.binomial(world.filled.astype(np.int64), share[None, :]).astype(np.float64)
    return (
        replace(world, name=f"{world.name}/canary", counts=taken),
        replace(world, name=f"{world.name}/control", counts=world.counts - taken),
    )


Maker = Callable[[], World]
