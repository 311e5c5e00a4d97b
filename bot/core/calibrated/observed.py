"""What a log store counted by host and minute, added up over the hosts that may be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.core.counts import WindowCounts
from bot.core.minutes import bin_of, key_of
from bot.core.verdict.calibrated.panel import Floats, Panel

Whole = NDArray[np.intp]


@dataclass(frozen=True)
class Observed:
    """Counts by type, host and bin, as rows; a bin is a minute of the comparison, or longer."""

    start: int
    """The first bin since the epoch (UTC)."""
    end: int
    """The first bin after the last whole one."""
    keys: tuple[str, ...]
    """Sorted; see `bot.core.minutes.key_of`."""
    hosts: tuple[str, ...]
    """Every host that wrote anything, sorted."""
    cells: Whole
    """(4, rows): key, host, bin, count."""
    life: Whole
    """(3, rows): host, bin in which it wrote a line of any level, how much it served there."""

    def panel(self, keys: Sequence[str], since: Mapping[str, int]) -> Panel:
        """The types `keys` over the hosts in `since`, each from its bin on.

        Exposure is how much they served, as in the baseline: where no field says so, how many
        hosts wrote anything. Where it is 0 nothing is known.
        """
        size = max(self.end - self.start, 0)
        never = self.end + 1
        clean = np.array([since.get(host, never) for host in self.hosts], dtype=np.intp)
        rows = {key: row for row, key in enumerate(keys)}
        row_of = np.array([rows.get(key, -1) for key in self.keys], dtype=np.intp)
        counts: Floats = np.zeros((len(keys), size))
        if self.cells.size:
            key, host, at, count = self.cells
            kept = (at >= clean[host]) & (row_of[key] >= 0) & (at < self.end)
            np.add.at(counts, (row_of[key[kept]], at[kept] - self.start), count[kept])
        exposure: Floats = np.zeros(size)
        if self.life.size:
            host, at, served = self.life
            kept = (at >= clean[host]) & (at < self.end)
            np.add.at(exposure, at[kept] - self.start, served[kept])
        counts[:, exposure == 0] = np.nan
        return Panel(self.start, tuple(keys), counts, exposure)

    def totals(self, hosts: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Key -> (documents, distinct hosts) on some hosts, every bin, the last one too."""
        if not self.cells.size:
            return {}
        listed = set(hosts)
        wanted = np.array([host in listed for host in self.hosts], dtype=bool)
        key, host, _, count = self.cells[:, wanted[self.cells[1]]]
        events = np.bincount(key, weights=count, minlength=len(self.keys))
        pairs = np.unique(key * len(self.hosts) + host)
        wrote = np.bincount(pairs // len(self.hosts), minlength=len(self.keys))
        return {
            self.keys[row]: (int(events[row]), int(wrote[row]))
            for row in np.flatnonzero(wrote).tolist()
        }


def observe(window: WindowCounts, length: timedelta) -> Observed:
    """Read a window that was counted by host and bucket of this length, with `alive`."""
    names = [key_of(row.level, row.error_type) for row in window.types]
    keys = tuple(sorted(set(names)))
    hosts = tuple(sorted({row.host for row in window.types} | {one.host for one in window.alive}))
    key_at = {key: n for n, key in enumerate(keys)}
    host_at = {host: n for n, host in enumerate(hosts)}
    cells = [
        (key_at[name], host_at[row.host], bin_of(row.bucket, length), row.count)
        for name, row in zip(names, window.types, strict=True)
        if row.bucket is not None
    ]
    life = [(host_at[one.host], bin_of(one.bucket, length), one.exposure) for one in window.alive]
    return Observed(
        start=bin_of(window.window.start, length),
        end=bin_of(window.window.end, length),
        keys=keys,
        hosts=hosts,
        cells=np.array(cells, dtype=np.intp).reshape(-1, 4).T,
        life=np.array(life, dtype=np.intp).reshape(-1, 3).T,
    )
