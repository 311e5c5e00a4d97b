"""A backtest as a CSV: a row for each case and policy, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from bot.core.backtest.score import Replayed
from bot.core.export import safe_cells

COLUMNS = (
    "component", "case", "began", "label", "rolled_back_at",
    "policy", "result", "minutes", "types", "reasons",
)  # fmt: skip


def sheet(found: Iterable[Replayed]) -> str:
    """Write them with a header; times in UTC (ISO 8601), minutes from the deploy to the fail.

    A cell that a spreadsheet would run as a formula starts with an apostrophe.
    """
    out = io.StringIO()
    # Everything quoted, or a lone carriage return would end a row.
    rows = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    rows.writerow(COLUMNS)
    for one in found:
        case = one.case
        cells = (
            case.component,
            case.name,
            case.began.isoformat(),
            case.label,
            case.rolled_back_at.isoformat() if case.rolled_back_at else "",
            one.policy,
            one.result,
            "" if one.minutes is None else f"{one.minutes:g}",
            "; ".join(one.types),
            "; ".join(reason.key for reason in one.reasons),
        )
        rows.writerow(safe_cells(cells))
    return out.getvalue()
