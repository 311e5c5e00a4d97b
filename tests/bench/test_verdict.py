"""The bench runs as a whole, bit by bit, and says what it was asked for and no more."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from bench import verdict
from bench.judging.faults import COUNTS, REQUESTS, Found
from bench.judging.figures import share
from bench.judging.tables import table


def asked(*words: str) -> argparse.Namespace:
    """What the command line says."""
    return verdict.options().parse_args(words)


def test_all_of_it_runs() -> None:
    """With hardly any release: every part gives its figures, and none is enough for a goal."""
    todo, missing = verdict.chosen(asked("--smoke"))
    found = dict(verdict.found_by(todo, 1))
    result = verdict.measure(found, missing)

    assert set(found) == set(todo)
    assert {"S1", "S1q", "S1b", "S1b, canary"} <= set(result["backgrounds"])
    assert {goal["met"] for name, goal in result["goals"].items() if name != "G7"} <= {None, False}
    assert "Goals" in table(result)


def test_a_part_can_be_asked_for(tmp_path: Path) -> None:
    """Names that there are not are refused, with those that there are."""
    todo, missing = verdict.chosen(asked("--only", "S1q", "--data", str(tmp_path)))

    assert list(todo) == ["S1q"]
    assert [line.partition(" ")[0] for line in missing] == ["S2", "S3", "S4"]
    with pytest.raises(ValueError, match=r"S9: there is .*S1b, canary"):
        verdict.chosen(asked("--only", "S9"))


def test_the_number_of_releases_can_be_limited() -> None:
    """Injections go with them."""
    todo, _ = verdict.chosen(asked("--smoke", "--releases", "16", "--only", "S1b, canary"))
    (found,) = [one for _, one in verdict.found_by(todo, 1)]

    assert found.methods["calibrated"].false.n == 16


def test_a_part_is_shown_before_the_goals_are_judged() -> None:
    """Its own table, without any goal."""
    todo, _ = verdict.chosen(asked("--smoke", "--only", "S1b, canary"))
    found = dict(verdict.found_by(todo, 1))
    shown = table(verdict.measure(found, []), goals=False)

    assert "S1b, canary: false alarms" in shown
    assert "Goals" not in shown


def test_both_ways_to_judge_defects_are_in_the_object() -> None:
    """Counts and requests, and the goal by the former."""
    few, all_ = share(np.array([True, False])), share(np.array([True, True]))
    ways = {
        name: Found(found, 0.0, windows=2, seconds=50.0, before=found, others=0.0)
        for name, found in ((COUNTS, few), (REQUESTS, all_))
    }
    result = verdict.measure({"S4": ways}, [])

    assert {name: row["found"]["value"] for name, row in result["defects"].items()} == {
        "counts": 0.5,
        "by requests": 1.0,
    }
    assert result["goals"]["G7"]["value"] == 0.5
