"""Births of templates: who is new, and what is said of it."""

from __future__ import annotations

import gzip
from pathlib import Path

from bench.judging import newborn

DAY = 1440


def log(folder: Path, name: str, lines: list[tuple[str, str]]) -> None:
    """A log in loghub's form: (time, template)."""
    path = folder / "loghub-2k" / name / f"{name}_2k.log_structured.csv.gz"
    path.parent.mkdir(parents=True)
    rows = [f"{stamp[:10]},{stamp[11:]},{key}" for stamp, key in lines]
    path.write_bytes(gzip.compress("\n".join(["Date,Time,EventId", *rows]).encode()))


def hourly(key: str, days: int) -> list[tuple[str, str]]:
    """One template each hour of so many days of August."""
    return [(f"2026-08-{1 + n // 24:02} {n % 24:02}:00:00", key) for n in range(24 * days)]


def test_a_birth_is_counted_with_its_first_quarter_of_an_hour() -> None:
    """Three lines in ten minutes and one an hour later: a birth of three."""
    lines = [(100, "a"), (105, "a"), (110, "a"), (170, "a"), (120, "b")]

    assert newborn.sizes_at_birth(sorted(lines)) == {"a": (100, 3), "b": (120, 1)}


def test_what_was_there_at_the_begin_is_no_birth() -> None:
    """The first day of the memory tells what is known; later firsts are births."""
    lines = sorted(
        [(n * 60, "old") for n in range(240)] + [(5 * DAY, "born"), (5 * DAY + 1, "born")]
    )
    known, rate = newborn.known_at(lines, 10 * DAY)

    assert known == {"old", "born"}
    assert rate.sizes == (2,)
    assert rate.days == 9


def test_a_run_counts_false_alarms_and_what_is_seen(tmp_path: Path) -> None:
    """No births: two events on two hosts are an alarm at once, one event is listed."""
    for name in newborn.LOGS:
        log(tmp_path, name, hourly("known", 12))
    found = newborn.run(tmp_path, injections=2, step=600)

    assert found.false.value == 0
    assert found.false.n >= 4
    assert found.found[2, 2].value == 1
    assert found.found[1, 1].value == 0
    assert found.watched.value == 1
