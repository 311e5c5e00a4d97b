"""The bench of templates: its arithmetic, its reader, and one small run."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.judging.grouping import births, grouping, stability
from bench.judging.loghub import samples
from bench.templates import goal, measure, table

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS = ("anna", "ben", "carla", "dan", "emil")


def write(folder: Path, name: str, rows: list[tuple[str, str, str]], **more: str) -> Path:
    """One structured table; `more`: columns that are the same in each row."""
    path = folder / f"{name}_2k.log_structured.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["LineId", "Date", "Time", "Content", "EventId", "EventTemplate", *more])
        for number, (date, content, event) in enumerate(rows):
            writer.writerow([number, date, "10:00:00", content, event, event, *more.values()])
    return path


def sample_rows() -> list[tuple[str, str, str]]:
    """A month in which users are refused each day, and a disk fails once."""
    rows = [
        (f"2026-01-{day:02}", f"refused for user {user} from 10.0.0.{day}", "E1")
        for day in range(1, 29)
        for user in USERS
    ]
    return [*rows[:70], ("2026-01-20", "disk 7 is broken now", "E2"), *rows[70:]]


def test_a_group_is_right_only_as_a_whole() -> None:
    """One line in the wrong group makes two groups wrong: 2 of 6 lines, 1 of 3 groups."""
    truth = ["a", "a", "b", "b", "c", "c"]

    assert grouping(truth, truth) == (1.0, 1.0)
    assert grouping([1, 1, 2, 3, 3, 3], truth) == pytest.approx((2 / 6, 1 / 3))


def test_births_forget_after_ten_days() -> None:
    """Nothing is born in the first ten days; what was away for ten is born again."""
    days = [0, 1, 12, 13, 22, 23]
    times = [START + timedelta(days=day) for day in days]

    assert births(times, ["a", "b", "a", "c", "c", "a"]) == 3


def test_a_folder_is_read_packed_or_not(tmp_path: Path) -> None:
    """Packed tables count as well, times are read, and a corrected table replaces its original."""
    plain = write(tmp_path, "Shop", sample_rows())
    packed = tmp_path / "Shop_2k.log_structured_corrected.csv.gz"
    with gzip.open(packed, "wb") as file:
        file.write(plain.read_bytes())
    other = write(tmp_path, "Till", sample_rows()[:3], Month="Feb")
    other.write_text(other.read_text().replace("2026-01-0", ""), encoding="utf-8")

    found = list(samples(tmp_path))

    assert [(one.name, one.corrected) for one in found] == [
        ("Shop", False),
        ("Shop", True),
        ("Till", False),
    ]
    assert found[0].times[0] == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert found[2].times[0].month == 2


def test_a_table_without_truth_is_refused(tmp_path: Path) -> None:
    """The file and the missing columns are named; so is a folder without any."""
    (tmp_path / "X_2k.log_structured.csv").write_text("Content\nhello\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"X_2k.*EventId"):
        list(samples(tmp_path))
    with pytest.raises(ValueError, match=r"no \*_2k.*github"):
        measure(tmp_path / "nowhere", quick=True)


def test_all_figures_of_a_small_folder(tmp_path: Path) -> None:
    """Made-up logs whose figures are known: all right, stable, one birth."""
    write(tmp_path, "Linux", sample_rows())

    result = measure(tmp_path, quick=False)

    [row] = result["sets"]["original"]
    assert (row["ga"], row["fga"], row["templates"], row["truth"]) == (1.0, 1.0, 2, 2)
    assert set(row["stability"].values()) == {1.0}
    assert row["births"] == {"truth": 1, "mined": 1, "live": 1}
    assert result["rates"]["cold"] > 1000
    assert result["goals"]["G10"]["met"] is None
    assert "15 of 16 systems are missing" in table(result)


def test_the_goal_is_judged_with_all_systems() -> None:
    """Sixteen good systems meet it; a bad average, unstable names or a slow miner do not."""
    speed = {"cold": 200_000.0}

    assert goal([figures()] * 16, speed)["met"] is True
    assert goal([figures()] * 16, None)["met"] is None
    assert goal([figures(ga=0.9)] * 16, speed)["met"] is False
    assert goal([figures(fga=0.9)] * 16, speed)["met"] is False
    assert goal([figures(stable=0.99)] * 16, speed)["met"] is False
    assert goal([figures(mined=11)] * 16, speed)["met"] is False
    assert goal([figures()] * 16, {"cold": 90_000.0})["met"] is False


def figures(
    *, ga: float = 0.96, fga: float = 0.93, stable: float = 1.0, mined: int = 10
) -> dict[str, Any]:
    """The row of one system."""
    born = {"truth": 10, "mined": mined, "live": mined}
    return {"name": "BGL", "ga": ga, "fga": fga, "stability": {"split": stable}, "births": born}


def test_stability_sees_a_name_that_moved() -> None:
    """Stable names are 1; the first half's names are resolved after the restart."""
    lines = [f"refused for user {user} today" for user in (*USERS[:2], *USERS)]

    assert set(stability(lines, 1).values()) == {1.0}
