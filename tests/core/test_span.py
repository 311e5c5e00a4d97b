"""A span that somebody said becomes one window, or a reason why it is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.chat.texts import Words
from bot.core.intent import Command
from bot.core.span import (
    Clock,
    Since,
    SpanError,
    read_duration,
    read_time,
    resolve,
    spell_span,
    spell_time,
)
from tests.support.lines import said

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 8, 6, 3, 0, tzinfo=UTC)
"""Noon in Tokyo."""


def window(line: str, *, now: datetime = NOW, zone: ZoneInfo = TOKYO) -> tuple[str, str]:
    """Both ends of the window that `errors …` asks for, in UTC."""
    command: Command = said(f"errors {line}")
    assert command.span is not None
    found = resolve(command.span, now=now, zone=zone, deploy_started=NOW - timedelta(minutes=30))
    return tuple(end.strftime("%m-%d %H:%M") for end in (found.start, found.end))  # type: ignore[return-value]  # two ends


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("since deploy", "08-06 02:30", "08-06 03:00"),
        ("since 2h", "08-06 01:00", "08-06 03:00"),
        ("since 9:00", "08-06 00:00", "08-06 03:00"),
        ("since 23:00", "08-05 14:00", "08-06 03:00"),
        ("since today", "08-05 15:00", "08-06 03:00"),
        ("since yesterday 18:00", "08-05 09:00", "08-06 03:00"),
        ("since 2026-08-06T10:00", "08-06 01:00", "08-06 03:00"),
        ("since 2026-08-06T02:00Z", "08-06 02:00", "08-06 03:00"),
        ("since 2026-08-01", "07-31 15:00", "08-06 03:00"),
        ("between 9:00 and 10:00", "08-06 00:00", "08-06 01:00"),
        ("between 23:00 and 1:00", "08-05 14:00", "08-05 16:00"),
        ("between 11:00 and 13:00", "08-06 02:00", "08-06 03:00"),
        ("between 13:00 and 11:00", "08-05 04:00", "08-06 02:00"),
        ("between 13:00 and 12:30", "08-05 04:00", "08-06 03:00"),
        ("between yesterday 22:00 and today 13:00", "08-05 13:00", "08-06 03:00"),
        ("between yesterday 9:00 and today 9:00", "08-05 00:00", "08-06 00:00"),
    ],
)
def test_a_span_means_a_window(line: str, start: str, end: str) -> None:
    """Times are in the zone of the room, lie in the past, and no window reaches beyond now."""
    assert window(line) == (start, end)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("since tomorrow 10:00", "span_future"),
        ("since 2026-08-06T12:00", "span_future"),
        ("between 2026-08-05 and 2026-08-04", "span_backwards"),
        ("between today 9:00 and yesterday 9:00", "span_backwards"),
        ("between 11:00 and 10:00", "span_backwards"),
        ("between 11:00 and 11:00", "span_backwards"),
    ],
)
def test_an_impossible_span_says_why(line: str, key: str) -> None:
    """A span in the future or the wrong way round is refused with a message that exists."""
    with pytest.raises(SpanError) as caught:
        window(line)
    assert caught.value.text.key == f"intent.{key}"
    sentence = Words("Asia/Tokyo")(caught.value.text)
    assert sentence.startswith("That span")
    assert "+00:00" not in sentence


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (datetime(2026, 8, 6, 14, 30, tzinfo=UTC), None),
        (datetime(2026, 8, 6, 15, 30, tzinfo=UTC), ("08-06 14:00", "08-06 15:30")),
        (datetime(2026, 8, 6, 16, 30, tzinfo=UTC), ("08-06 14:00", "08-06 16:00")),
    ],
)
def test_only_a_midnight_that_is_past_is_crossed(
    now: datetime, ends: tuple[str, str] | None
) -> None:
    """`between 23:00 and 1:00` is refused at 23:30, until now at 0:30, and last night at 1:30."""
    if ends is not None:
        assert window("between 23:00 and 1:00", now=now) == ends
        return
    with pytest.raises(SpanError) as caught:
        window("between 23:00 and 1:00", now=now)
    assert caught.value.text.key == "intent.span_backwards"


def test_since_deploy_before_any_deploy_says_so() -> None:
    """Without a deployment there is no window, and nothing is made up."""
    span = said("errors").span
    assert span is not None
    with pytest.raises(SpanError) as caught:
        resolve(span, now=NOW, zone=TOKYO, deploy_started=None)
    assert caught.value.text.key == "intent.span_no_deploy"


@pytest.mark.parametrize(
    ("line", "now", "key"),
    [
        ("since 2026-03-08T02:30", datetime(2026, 3, 9, tzinfo=UTC), "span_never"),
        ("since 2026-11-01T01:30", datetime(2026, 11, 2, tzinfo=UTC), "span_twice"),
        ("since 1:30", datetime(2026, 11, 1, 20, tzinfo=UTC), "span_twice"),
    ],
)
def test_times_of_the_clock_change_are_asked_back(line: str, now: datetime, key: str) -> None:
    """A local time that occurs twice or never is not guessed; with an offset it is clear."""
    with pytest.raises(SpanError) as caught:
        window(line, now=now, zone=NEW_YORK)
    assert caught.value.text.key == f"intent.{key}"


def test_an_offset_makes_the_doubled_hour_clear() -> None:
    """The offset that the refusal asks for is enough."""
    now = datetime(2026, 11, 2, tzinfo=UTC)
    line = "since 2026-11-01T01:30-05:00"
    assert window(line, now=now, zone=NEW_YORK)[0] == "11-01 06:30"


@pytest.mark.parametrize("word", ["", "2", "h", "1.5h", "-1h", "0s", "400d", "9" * 50 + "d", "2hh"])
def test_no_other_duration_is_read(word: str) -> None:
    """Anything but a positive duration of at most 366 days is none."""
    assert read_duration("2h") == timedelta(hours=2)
    assert read_duration(word) is None


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=20) | st.from_regex(r"\A20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z?\Z")
)
def test_any_time_is_read_without_raising(words: str) -> None:
    """What is read as a time can be spelled, and is the same when it is read again."""
    said_time = read_time(words)
    assert said_time is None or read_time(spell_time(said_time)) == said_time


def test_since_needs_exactly_one_beginning() -> None:
    """A span that begins nowhere, or twice, cannot be made."""
    for fields in ({}, {"length": "2h", "time": Clock(hour=1, minute=0)}):
        with pytest.raises(ValidationError):
            Since.model_validate(fields)


def test_durations_are_spelled_in_their_largest_units() -> None:
    """The spelling of a duration is the one that people use."""
    span = said("errors since 90m").span
    assert span is not None
    assert spell_span(span) == "since 1h30m"
