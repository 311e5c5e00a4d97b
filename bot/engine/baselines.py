"""Baselines by the minute: read in the background, stored day by day, and kept warm."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from bot.core import minutes
from bot.core.baseline import (
    PIECE,
    SMALLEST,
    Baseline,
    Source,
    hindrance,
    next_piece,
    read_days,
    vague,
    wanted,
)
from bot.core.counts import Counts, LogStoreError
from bot.core.minutes import MinuteCounts, MinutesError, bin_of, day_of
from bot.core.redact import cut
from bot.core.value import Text, text
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY
from bot.engine.mined import names_now
from bot.engine.services import Services
from bot.engine.sources import configured, stored_source
from bot.store import MinuteDayRow, Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.baselines")

WARM_EVERY = timedelta(minutes=10)
"""How old the newest stored minute may become; divided by `time_scale`."""
AGAIN = timedelta(minutes=1)
"""From a failure to the next try; divided by `time_scale`."""
GRACE = timedelta(seconds=30)
"""A lease is this much longer than one count may take."""
LOOK = 5.0
"""Seconds between two looks for what is to be read."""
DETAIL = 160
"""Characters of a log store's words that are kept."""
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _CannotReadError(Exception):
    """The minutes cannot be read now; `why` says it to people."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.why = why


class Baselines:
    """The stored minute counts of all components, shared by every process on the store."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._again: dict[str, datetime] = {}
        self._most: dict[str, int] = {}
        """How many minutes are read at once: a day, and less where a count fails."""
        self._wake = asyncio.Event()

    async def upto(self, source: Source, end: datetime) -> Baseline:
        """The baseline before `end`, which is not after now.

        Only what is new since the last count is asked for. While more than a quarter of a day is
        missing, it is read in the background, and `missing` says how far that is. Raises
        StoreError.
        """
        now = self._services.now()
        begin, last = source.first_day(end) * MINUTES_A_DAY, bin_of(end, source.bin)
        begin = max(begin, source.first_day(now) * MINUTES_A_DAY)
        heads = await self._wanted(source, now)
        settled = {row.day: row.settled for row in heads}
        piece = next_piece(settled, begin, last)
        if piece is not None and last - piece[0] > PIECE:
            self._wake.set()
            return Baseline(None, await self._progress(source, settled, last))
        try:
            while piece is not None:
                after = await self._read(source, *piece)
                piece = next_piece({}, after, last) if after < last else None
        except _CannotReadError as failure:
            return Baseline(None, failure.why)
        return Baseline(await self._load(source, begin, last))

    async def _wanted(self, source: Source, now: datetime) -> list[MinuteDayRow]:
        """Say that this source is needed, for every process to see, and what is there of it."""
        key, body = source.key, source.model_dump_json()

        def work(tx: Tx) -> list[MinuteDayRow]:
            tx.want_baseline(key, body, now)
            return tx.minute_heads(key)

        return await self._services.store.transact(work)

    async def _progress(self, source: Source, settled: Mapping[int, int], end: int) -> Text:
        """How far the reading is, or why it does not go on."""
        rows = await self._services.store.read(lambda tx: tx.baselines())
        trouble = next((row.trouble for row in rows if row.key == source.key), "")
        if trouble:
            return Text.model_validate_json(trouble)
        first = source.first_day(minutes.moment_of(end, source.bin))
        done, days = read_days(settled, first, end)
        return text("baseline.reading", component=source.component, day=done + 1, days=days)

    async def _read(self, source: Source, begin: int, end: int) -> int:
        """Ask for the minutes [begin, end) of one day, store them, and say up to where they are.

        Raises _CannotReadError with what a person can do.
        """
        asked = self._services.now()
        try:
            log_store = self._services.adapters.log_store(source.config)
            counts = await log_store.count(source.request(begin, end))
        except (LogStoreError, ValueError, LookupError) as error:
            # A configuration of an earlier release may name what is not there any more.
            detail = cut(self._services.clean(str(error)), DETAIL)
            raise _CannotReadError(text("honesty.log_store", detail=detail)) from error
        gap = hindrance(counts)
        if gap is not None:
            raise _CannotReadError(gap)
        if vague(counts) and end - begin > SMALLEST:
            # An hour that cannot be read shall not spoil the day.
            for place in range(begin, end, SMALLEST):
                await self._read(source, place, min(place + SMALLEST, end))
            return end
        part = await asyncio.to_thread(_part, source, counts, begin, end)
        day, settled = day_of(begin), min(source.settled(asked, counts.ingest_lag), end)
        known = await self._services.store.read(lambda tx: tx.minute_days(source.key, day, day))
        row = await asyncio.to_thread(_merged, source.key, known, part, max(settled, begin))
        await self._services.store.transact(lambda tx: tx.put_minute_day(row))
        return end

    async def _load(self, source: Source, begin: int, end: int) -> MinuteCounts:
        first, last = day_of(begin), day_of(max(end - 1, begin))
        rows = await self._services.store.read(lambda tx: tx.minute_days(source.key, first, last))

        def join() -> MinuteCounts:
            parts = [part for row in rows if (part := _unpacked(row)) is not None]
            return minutes.joined(parts, start=begin, end=end)

        counts = await asyncio.to_thread(join)
        log_store = self._services.adapters.log_store(source.config)
        types = {minutes.type_of(key) for key in counts.keys}
        called = await names_now(log_store, source.component, types)
        return await asyncio.to_thread(minutes.renamed, counts, called)

    async def run(self) -> None:
        """Keep everything warm until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.keep_warm()
            except StoreError as error:
                log.warning("baselines_wait", code=error.code)
            except Exception:
                log.exception("baselines_failed")
            try:
                async with asyncio.timeout(LOOK):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def keep_warm(self) -> None:
        """Read what is missing of every baseline that is wanted, one after the other.

        Wanted is what release.yml compares by the minute, and what a check asked for within a day;
        what nobody wanted for the length of a baseline is dropped. What another process is reading
        is left to it, what failed is left alone for a while. Raises StoreError.
        """
        services, now = self._services, self._services.now()
        listed = wanted(configured(services.file()))
        rows = await services.store.read(lambda tx: tx.baselines())
        asked = {row.key: row.wanted_at for row in rows}
        for key, source in listed.items():
            if asked.get(key, _EPOCH) < now - _day(source) / 2:
                await self._wanted(source, now)
        others = {row.key: stored_source(row, now) for row in rows if row.key not in listed}
        for key, one in others.items():
            if one is None:
                await services.store.transact(partial(_forget, key))
        lately = [one for one in others.values() if one and asked[one.key] > now - _day(one)]
        for source in wanted([*lately, *listed.values()]).values():
            if self._again.get(source.key, now) <= now:
                await self._warm(source)

    async def _warm(self, source: Source) -> None:
        """Read what is missing of one baseline, unless another process does."""
        services = self._services
        while True:
            now = services.now()
            piece = await services.store.transact(partial(self._claim, source=source, now=now))
            if piece is None:
                return
            key, most = source.key, self._most.get(source.key, MINUTES_A_DAY)
            try:
                await self._read(source, *piece)
                trouble = ""
                self._most[key] = min(most * 2, MINUTES_A_DAY)
            except _CannotReadError as failure:
                trouble = failure.why.model_dump_json()
                self._again[key] = now + AGAIN / source.time_scale
                self._most[key] = max(most // 4, SMALLEST)
                log.warning("baseline_stuck", component=source.component, why=failure.why.key)
            note = partial(self._note, source=source, now=now, trouble=trouble)
            await services.store.transact(note)
            if trouble:
                return

    def _claim(self, tx: Tx, source: Source, now: datetime) -> tuple[int, int] | None:
        """Take the next minutes to read; None while all is warm, or another process reads."""
        owner = self._services.owner
        until = now + getattr(source.config, "timeout", timedelta(0)) + GRACE
        if not tx.lease_baseline(source.key, owner, now=now, until=until):
            return None
        end, heads = bin_of(now, source.bin), tx.minute_heads(source.key)
        settled = {row.day: row.settled for row in heads}
        most = self._most.get(source.key, MINUTES_A_DAY)
        piece = next_piece(settled, source.first_day(now) * MINUTES_A_DAY, end, most=most)
        counted = max((row.upto for row in heads), default=0)
        young = counted > end - WARM_EVERY // minutes.MINUTE
        if piece is None or (young and end - piece[0] <= PIECE):
            tx.free_baseline(source.key, owner)
            return None
        return piece

    def _note(self, tx: Tx, source: Source, now: datetime, trouble: str) -> None:
        """Keep why nothing could be read, and drop what is too old."""
        tx.trouble_baseline(source.key, trouble)
        tx.drop_minute_days(source.key, source.first_day(now) - 1)
        if trouble:
            tx.free_baseline(source.key, self._services.owner)


def _day(source: Source) -> timedelta:
    """A day, as the comparison counts them."""
    return _DAY / source.time_scale


def _forget(key: str, tx: Tx) -> None:
    tx.forget_baseline(key)


def _part(source: Source, counts: Counts, begin: int, end: int) -> MinuteCounts:
    if vague(counts):
        return minutes.unknown(begin, end)
    return minutes.counted(counts.windows[0], source.bin)


def _merged(key: str, known: list[MinuteDayRow], part: MinuteCounts, settled: int) -> MinuteDayRow:
    """A day with a part of it put in place."""
    day = day_of(part.start)
    before = [found for row in known if (found := _unpacked(row)) is not None]
    upto = max([part.end, *(row.upto for row in known)])
    whole = minutes.joined([*before, part], start=day * MINUTES_A_DAY, end=upto)
    return MinuteDayRow(
        key=key,
        day=day,
        upto=upto,
        settled=settled,
        known=whole.known,
        body=whole.pack(),
    )


def _unpacked(row: MinuteDayRow) -> MinuteCounts | None:
    """The minutes of a day; None of what another version wrote: then nothing is known of it."""
    try:
        return MinuteCounts.unpack(row.body)
    except MinutesError:
        log.warning("minutes_unreadable", day=row.day)
        return None
