"""Calibrations of baselines: fitted in another process, stored, and renewed in the background."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.core.baseline import Source, wanted
from bot.core.calibrated import work
from bot.core.minutes import MinuteCounts, bin_of
from bot.core.redact import cut
from bot.core.value import Text, text
from bot.core.verdict.calibrated.calibration import Calibration
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY
from bot.core.verdict.calibrated.stored import VERSION, from_json
from bot.engine.baselines import Baselines
from bot.engine.services import Services
from bot.engine.sources import configured
from bot.store import CalibrationRow, Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.calibrations")

RENEW = 360
"""Minutes of the comparison after which a new one is fitted in the background."""
OLDEST = MINUTES_A_DAY
"""Minutes; a check does without one that is older, and fits its own."""
LOOK = 5.0
"""Seconds between two looks for what is to be renewed."""
REMEMBERED = timedelta(days=90)
"""How long error types are known, divided by `time_scale`."""
DETAIL = 160


class Fit(Protocol):
    """Fits a calibration somewhere, as `bot.core.calibrated.work.fit` does."""

    async def __call__(self, pieces: Sequence[bytes], span: tuple[int, int]) -> str:
        """Return the calibration as JSON. May raise anything."""
        ...


class Calibrations:
    """The calibrations of all baselines, shared through the store by every process."""

    def __init__(self, services: Services, baselines: Baselines, fit: Fit) -> None:
        self._services = services
        self._baselines = baselines
        self._fit = fit
        self._running: dict[tuple[str, int], asyncio.Task[Text | None]] = {}

    async def before(
        self, source: Source, counts: MinuteCounts, end: int, *, patience: float
    ) -> tuple[Calibration | None, Text | None]:
        """The newest calibration that ends at minute `end` or before, or why there is none.

        One that is too old is not used: then it is fitted on `counts` now, and waited for, at most
        `patience` seconds. Raises StoreError.
        """
        for fitted in (False, True):
            row = await self._row(source, end)
            if row is not None:
                return await asyncio.to_thread(_unpacked, row), None
            if not fitted:
                why = await self._wait(source, counts.between(counts.start, end), patience)
                if why is not None:
                    return None, why
        return None, text("calibration.failed", component=source.component, detail="?")

    async def known(self, source: Source, end: int) -> frozenset[str]:
        """The types that were first seen before minute `end`, as far as they are remembered."""
        kept = await self._services.store.read(lambda tx: tx.value(_memory(source)))
        return frozenset(key for key, (first, _) in _types(kept).items() if first < end)

    async def run(self) -> None:
        """Renew everything until cancelled."""
        while True:
            try:
                await self.keep_warm()
            except StoreError as error:
                log.warning("calibrations_wait", code=error.code)
            except Exception:
                log.exception("calibrations_failed")
            await asyncio.sleep(LOOK)

    async def stop(self) -> None:
        """Give up what is being fitted."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def keep_warm(self) -> None:
        """Fit what release.yml needs and is missing or old, one after the other.

        Raises StoreError.
        """
        for source in wanted(configured(self._services.file())).values():
            now = self._services.now()
            end = bin_of(now, source.bin)
            ends = await self._services.store.read(partial(_ends, _key(source)))
            if ends and ends[0] > end - RENEW:
                continue
            baseline = await self._baselines.upto(source, now)
            if baseline.counts is not None:
                await self._begin(source, baseline.counts)

    async def _row(self, source: Source, end: int) -> CalibrationRow | None:
        row = await self._services.store.read(lambda tx: tx.calibration(_key(source), end))
        return row if row is not None and row.end >= end - OLDEST else None

    async def _wait(self, source: Source, counts: MinuteCounts, patience: float) -> Text | None:
        """Have it fitted; why there is nothing, or None when it is stored."""
        begun = self._begin(source, counts)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(begun)
        except TimeoutError:
            return text("calibration.running", component=source.component)

    def _begin(self, source: Source, counts: MinuteCounts) -> asyncio.Task[Text | None]:
        """Begin to fit, unless that is going on; the task is kept here until it ends."""
        place = (source.key, counts.end)
        if place not in self._running:
            task = asyncio.create_task(self._calibrate(source, counts), name="calibrate")
            self._running[place] = task
            task.add_done_callback(lambda _: self._running.pop(place))
        return self._running[place]

    async def _calibrate(self, source: Source, counts: MinuteCounts) -> Text | None:
        """Fit and store it; why that failed, or None."""
        if counts.known < MINUTES_A_DAY:
            return text("calibration.too_short", component=source.component, minutes=counts.known)
        try:
            pieces = await asyncio.to_thread(work.packed, counts)
            made = await self._fit(pieces, (counts.start, counts.end))
            body = await asyncio.to_thread(lambda: zlib.compress(made.encode(), 1))
            row = CalibrationRow(
                key=_key(source), end=counts.end, digest=_digest(pieces), body=body
            )
            await self._services.store.transact(partial(self._keep, source, row, _seen(counts)))
        except Exception as error:  # whatever happens there, a check says why it cannot judge
            log.warning("calibration_failed", component=source.component, exc_info=True)
            detail = cut(self._services.clean(str(error) or type(error).__name__), DETAIL)
            return text("calibration.failed", component=source.component, detail=detail)
        return None

    def _keep(
        self, source: Source, row: CalibrationRow, seen: dict[str, tuple[int, int]], tx: Tx
    ) -> None:
        now = self._services.now()
        tx.put_calibration(row, at=now, before=now - REMEMBERED)
        oldest = bin_of(now - REMEMBERED / source.time_scale, source.bin)
        types = _types(tx.value(_memory(source)))
        for key, (first, last) in seen.items():
            known = types.get(key, (first, last))
            types[key] = (min(first, known[0]), max(last, known[1]))
        kept = {key: span for key, span in types.items() if span[1] >= oldest}
        tx.put_value(_memory(source), json.dumps(kept, sort_keys=True), now)


def _ends(key: str, tx: Tx) -> list[int]:
    return tx.calibration_ends(key)


def _key(source: Source) -> str:
    # Another version of the arithmetic does not read what this one wrote.
    return f"{source.key} v{VERSION}"


def _unpacked(row: CalibrationRow) -> Calibration:
    return from_json(zlib.decompress(row.body).decode())


def _seen(counts: MinuteCounts) -> dict[str, tuple[int, int]]:
    """Type -> the first and the last minute in which it occurs."""
    found = {}
    for key, row in zip(counts.keys, counts.counts, strict=True):
        minutes = (row > 0).nonzero()[0]
        if len(minutes):
            found[key] = (counts.start + int(minutes[0]), counts.start + int(minutes[-1]))
    return found


def _memory(source: Source) -> str:
    return f"types:{source.key}"


def _types(kept: str | None) -> dict[str, tuple[int, int]]:
    """Type -> the first and the last minute in which it was seen."""
    return {key: (first, last) for key, (first, last) in json.loads(kept or "{}").items()}


def _digest(pieces: Sequence[bytes]) -> str:
    made = hashlib.sha256()
    for piece in pieces:
        made.update(piece)
    return made.hexdigest()
