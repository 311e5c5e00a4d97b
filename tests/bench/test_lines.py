"""Lines are read by the clock of their messages, with statement, service and request."""

from __future__ import annotations

import lzma
from pathlib import Path

from bench.judging import lines
from tests.support.service_lines import line


def test_lines_without_a_clock_or_a_trace_are_left_out() -> None:
    """A stack trace is no statement, nor is what no request made a service write."""
    untraced = ("s", "08:00:01.5 INFO  B#1 [x]")
    told = lines.read([line(1, "s B"), untraced, line(1, "s B"), ("s", "\tat java.lang")])

    assert told.keys == (("s", "INFO B#1"),)
    assert list(told.seconds) == [1.0, 1.0]
    assert told.traces == ("ff", "ff")


def test_lines_are_in_the_order_of_their_time() -> None:
    """With everything that belongs to each."""
    told = lines.read([line(5.5, "b C", "2", "late"), line(1, "a B", "1", "early")])

    assert told.services == ("a", "b")
    assert list(told.seconds) == [1.0, 5.5]
    assert [told.keys[n] for n in told.numbers] == [("a", "INFO B#1"), ("b", "INFO C#1")]
    assert told.traces == ("1", "2")
    assert [said.strip() for said in told.said] == ["SpanID: 1 early", "SpanID: 1 late"]


def test_a_window_ends_before_its_end() -> None:
    """And begins with its beginning."""
    told = lines.read([line(second, "s B") for second in (9, 10, 19.999, 20)])

    assert told.between(10, 20) == (1, 3)


def test_a_window_is_covered_by_lines() -> None:
    """In each ten seconds of it."""
    told = lines.read([line(second, "s B") for second in (1, 12, 23, 45)])

    assert told.covers(0, 30)
    assert not told.covers(0, 40)


def test_a_table_holds_pods_and_messages(tmp_path: Path) -> None:
    """A pod is an instance of a service; a tab in a message is of the message."""
    path = tmp_path / "lines.tsv.xz"
    with lzma.open(path, "wt") as table:
        table.write("time_unix_ns\tpod\tmessage\n-1\tts-a-service-5c66-x7f\tat\tjava\n")

    assert list(lines.stored(path)) == [("ts-a-service", "at\tjava")]
    assert lines.service_of("ts-a-service-5c66-x7f") == "ts-a-service"
