"""Spans of time as people say them, and the window that they mean at a moment in a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum, unique
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.core.counts import Window
from bot.core.value import Duration, Text, Value, duration, text

_DURATION = re.compile(r"(?:[0-9]{1,5}[smhd]){1,4}", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_DATE = r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"
_ISO = re.compile(
    rf"{_DATE}(?:[Tt ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?(?:[Zz]|[+-][0-9]{{2}}:?[0-9]{{2}})?)?"
)
LONGEST = timedelta(days=366)
"""The longest duration that may be asked for."""


@unique
class Day(StrEnum):
    """A day, seen from the day of the one who says it."""

    YESTERDAY = "yesterday"
    TODAY = "today"
    TOMORROW = "tomorrow"


_SHIFT = {Day.YESTERDAY: -1, Day.TODAY: 0, Day.TOMORROW: 1}


class Clock(Value):
    """A time of day in the room's zone, `14:30` or `tomorrow 10:00`."""

    kind: Literal["clock"] = "clock"
    day: Day | None = None
    """None: the last time it was so late, or the next after the beginning of the span."""
    hour: int = Field(ge=0, le=23)
    minute: int = Field(ge=0, le=59)


class Dated(Value):
    """A date and time, `2026-08-06T14:30`; without an offset it is in the room's zone."""

    kind: Literal["dated"] = "dated"
    moment: datetime


Time = Annotated[Clock | Dated, Field(discriminator="kind")]


class SinceDeploy(Value):
    """From the start of the deployment until now."""

    kind: Literal["since_deploy"] = "since_deploy"


class Since(Value):
    """From a moment until now: a length of time ago, or a time."""

    kind: Literal["since"] = "since"
    length: Duration | None = None
    time: Time | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.length is None) == (self.time is None):
            msg = "name a length or a time"
            raise ValueError(msg)
        return self


class Between(Value):
    """From one time to another."""

    kind: Literal["between"] = "between"
    start: Time
    end: Time


Span = Annotated[SinceDeploy | Since | Between, Field(discriminator="kind")]


class SpanError(ValueError):
    """The span means no window; `text` says why."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.text = why


def read_duration(word: str) -> timedelta | None:
    """Read `90s`, `15m`, `2h`, `1d`, `1h30m`: more than nothing, at most 366 days. Never raises."""
    if _DURATION.fullmatch(word) is None:
        return None
    length = duration(word)
    return length if timedelta(0) < length <= LONGEST else None


def read_time(words: str) -> Clock | Dated | None:
    """Read `14:30`, `yesterday`, `tomorrow 10:00` or ISO 8601 of this century. Never raises."""
    first, _, last = words.casefold().partition(" ")
    if first in set(Day):
        clock = _CLOCK.fullmatch(last or "00:00")
        day = Day(first)
        return Clock(day=day, hour=int(clock[1]), minute=int(clock[2])) if clock else None
    if clock := _CLOCK.fullmatch(words):
        return Clock(hour=int(clock[1]), minute=int(clock[2]))
    if _ISO.fullmatch(words) is None:
        return None
    try:
        return Dated(moment=datetime.fromisoformat(words.upper()))
    except ValueError:
        return None


def spell_time(said: Clock | Dated) -> str:
    """Write a time so that `read_time` reads the same."""
    if isinstance(said, Dated):
        return said.moment.isoformat()
    clock = f"{said.hour:02}:{said.minute:02}"
    return f"{said.day} {clock}" if said.day else clock


def spell_span(span: SinceDeploy | Since | Between) -> str:
    """Write a span the way it is typed; durations in their largest whole units."""
    if isinstance(span, SinceDeploy):
        return "since deploy"
    if isinstance(span, Between):
        return f"between {spell_time(span.start)} and {spell_time(span.end)}"
    if span.time is not None:
        return f"since {spell_time(span.time)}"
    seconds, parts = int((span.length or timedelta(0)).total_seconds()), ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        parts += f"{count}{unit}" if count else ""
    return f"since {parts}"


def resolve(
    span: SinceDeploy | Since | Between,
    *,
    now: datetime,
    zone: tzinfo,
    deploy_started: datetime | None,
) -> Window:
    """The window that the span means, in UTC, ending now at the latest.

    Times without a day may cross a midnight that is past: at noon `between 23:00 and 1:00` is last
    night, while `between 11:00 and 10:00` ends before it begins. An end still to come means now.

    Raises SpanError when nothing was deployed, the span begins in the future or ends before it
    begins, or a local time occurs twice or never on that day.
    """
    start, end = _ends(span, now=now, zone=zone, deploy_started=deploy_started)
    if start >= now:
        raise SpanError(text("intent.span_future", start=start.isoformat()))
    if end <= start:
        raise SpanError(text("intent.span_backwards"))
    return Window(start=start.astimezone(UTC), end=min(end, now).astimezone(UTC))


def _ends(
    span: SinceDeploy | Since | Between,
    *,
    now: datetime,
    zone: tzinfo,
    deploy_started: datetime | None,
) -> tuple[datetime, datetime]:
    if isinstance(span, SinceDeploy):
        if deploy_started is None:
            raise SpanError(text("intent.span_no_deploy"))
        return deploy_started, now
    if isinstance(span, Between):
        start = _moment(span.start, now=now, zone=zone)
        return start, _moment(span.end, now=now, zone=zone, after=start)
    if span.time is not None:
        return _moment(span.time, now=now, zone=zone), now
    return now - (span.length or timedelta(0)), now


def _moment(
    said: Clock | Dated, *, now: datetime, zone: tzinfo, after: datetime | None = None
) -> datetime:
    if isinstance(said, Dated):
        moment = said.moment
        return moment if moment.tzinfo else _local(moment.date(), moment.time(), zone)
    clock = time(said.hour, said.minute)
    if said.day is not None:
        today = now.astimezone(zone).date()
        return _local(today + timedelta(days=_SHIFT[said.day]), clock, zone)
    # A time without a day lies in the past; the end of a span follows its beginning.
    day = (after or now).astimezone(zone).date()
    near = _local(day, clock, zone)
    if after is not None:
        if near > after or day == now.astimezone(zone).date():
            return near
        return _local(day + timedelta(days=1), clock, zone)
    return near if near <= now else _local(day - timedelta(days=1), clock, zone)


def _local(day: date, clock: time, zone: tzinfo) -> datetime:
    first = datetime.combine(day, clock, tzinfo=zone).replace(fold=0)
    before, later = first.utcoffset(), first.replace(fold=1).utcoffset()
    if before is not None and later is not None and before != later:
        said = f"{day.isoformat()} {clock.isoformat('minutes')}"
        # PEP 495: where the offsets shrink the time occurs twice, where they grow it never does.
        key = "intent.span_twice" if before > later else "intent.span_never"
        raise SpanError(text(key, time=said))
    return first.astimezone(UTC)
