"""The CSV of a backtest."""

from __future__ import annotations

import csv
import io

from bot.core.backtest.case import Label
from bot.core.backtest.sheet import COLUMNS, sheet
from bot.core.value import text
from bot.core.verdict.verdict import Result
from tests.core.backtest.test_score import replayed


def test_a_row_a_case_and_policy() -> None:
    """What is read back is what was found."""
    late = replayed(Result.FAIL, Label.BAD, minutes=12.5).model_copy(
        update={"types": ('Boom, "loud"', "Other")}
    )
    unknown = replayed(Result.INCONCLUSIVE).model_copy(update={"reasons": (text("why"),)})

    rows = list(csv.DictReader(io.StringIO(sheet([late, unknown]))))

    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["began"] == "2026-11-01T00:00:00+00:00"
    assert (rows[0]["label"], rows[0]["result"], rows[0]["minutes"]) == ("bad", "fail", "12.5")
    assert rows[0]["types"] == 'Boom, "loud"; Other'
    assert (rows[1]["minutes"], rows[1]["reasons"]) == ("", "why")


def test_no_cell_is_a_formula() -> None:
    """An error type from a log cannot run in a spreadsheet."""
    evil = replayed(Result.FAIL, minutes=1).model_copy(update={"types": ("=HYPERLINK(1)",)})

    row = next(csv.DictReader(io.StringIO(sheet([evil]))))

    assert row["types"] == "'=HYPERLINK(1)"
