"""The journal as a file: JSON or CSV text that says itself whether its hash chain holds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

from bot.core.journal import JournalRow, verify

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = ("release", "seq", "at", "actor", "code", "body", "version", "prev_hash", "hash")


@unique
class ExportFormat(StrEnum):
    """How an exported journal is written."""

    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Chain:
    """The journal of one release, and how many events there must be at least."""

    rows: Sequence[JournalRow]
    moves: int = 0
    """The version of the release; 0: it is not known."""

    @property
    def first_bad(self) -> int | None:
        """The first seq that is not as it was written; None when all hold."""
        return verify(self.rows, self.moves)


def broken(chains: Mapping[int, Chain]) -> dict[int, int]:
    """Release -> first bad seq, for each release whose chain does not hold; empty: all hold."""
    firsts = {release: chain.first_bad for release, chain in chains.items()}
    return {release: seq for release, seq in firsts.items() if seq is not None}


def export_journal(chains: Mapping[int, Chain], fmt: ExportFormat) -> str:
    """Write each release's rows, in release order, and where its chain is broken.

    Times are ISO 8601 in UTC. In CSV a cell that a spreadsheet would run as a formula starts
    with an apostrophe, and `intact` says `no` from the first bad row on. A release with a bad
    chain is still written whole: ask `broken` whether the export is to be called a failure.
    """
    if fmt is ExportFormat.CSV:
        return _as_csv(chains)
    return _as_json(chains)


def _as_json(chains: Mapping[int, Chain]) -> str:
    releases = []
    for release, chain in sorted(chains.items()):
        first_bad = chain.first_bad
        releases.append(
            {
                "release": release,
                "intact": first_bad is None,
                "first_bad_seq": first_bad,
                "rows": [_record(row) | {"body": _parsed(row.body)} for row in chain.rows],
            }
        )
    return json.dumps({"releases": releases}, ensure_ascii=False, indent=2) + "\n"


def _as_csv(chains: Mapping[int, Chain]) -> str:
    out = io.StringIO()
    # Everything quoted, or a lone carriage return would end a row.
    table = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    table.writerow((*_COLUMNS, "intact"))
    for _, chain in sorted(chains.items()):
        first_bad = chain.first_bad
        for place, row in enumerate(chain.rows, start=1):
            intact = "yes" if first_bad is None or place < first_bad else "no"
            table.writerow((*safe_cells(_record(row).values()), intact))
    return out.getvalue()


def _record(row: JournalRow) -> dict[str, Any]:
    cells = (
        row.release_id,
        row.seq,
        row.at.isoformat(),
        row.actor,
        row.code,
        row.body,
        row.body_version,
        row.prev_hash,
        row.hash,
    )
    return dict(zip(_COLUMNS, cells, strict=True))


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        # A tampered body must still be shown, as the text that it is.
        return body


def safe_cells(cells: Iterable[object]) -> list[str]:
    """The cells of a CSV row; one that a spreadsheet would run as a formula starts with `'`."""
    texts = (str(cell) for cell in cells)
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]
