"""The exported journal is complete, says whether it holds, and starts no formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.export import Chain, ExportFormat, broken, export_journal
from bot.core.journal import FIRST_PREVIOUS, JournalRow, sealed


def rows(release: int, *actors: str, body: str = '{"why": "日本"}') -> list[JournalRow]:
    """A chain with these actors."""
    made: list[JournalRow] = []
    for seq, actor in enumerate(actors, start=1):
        row = JournalRow(
            release_id=release,
            seq=seq,
            at=datetime(2026, 3, 4, 5, 6, seq, tzinfo=UTC),
            actor=actor,
            code="go",
            body=body,
            body_version=1,
            prev_hash=made[-1].hash if made else FIRST_PREVIOUS,
            hash="",
        )
        made.append(sealed(row))
    return made


def test_json_holds_every_row_and_the_verdict() -> None:
    """Releases come in order, with parsed bodies, and each says whether it is intact."""
    tampered = rows(1, "alice", "bob", "carol")
    tampered[1] = replace(tampered[1], actor="mallory")
    journal = {2: Chain(rows(2, "dave")), 1: Chain(tampered)}

    first, second = json.loads(export_journal(journal, ExportFormat.JSON))["releases"]

    assert (first["release"], first["intact"], first["first_bad_seq"]) == (1, False, 2)
    assert (second["release"], second["intact"], second["first_bad_seq"]) == (2, True, None)
    assert [row["actor"] for row in first["rows"]] == ["alice", "mallory", "carol"]
    assert second["rows"][0]["body"] == {"why": "日本"}
    assert second["rows"][0]["at"] == "2026-03-04T05:06:01+00:00"
    assert broken(journal) == {1: 2}


def test_a_journal_that_was_cut_off_does_not_hold() -> None:
    """The release's version says how many events there must be: the missing row is the bad one."""
    whole = rows(1, "alice", "bob", body='{"event": {"kind": "order"}}')
    chains = {1: Chain(whole, 2), 2: Chain(whole[:1], 2), 3: Chain([], 1), 4: Chain(whole, 1)}

    assert broken(chains) == {2: 2, 3: 1}


def test_csv_marks_the_rows_from_the_first_bad_one() -> None:
    """Rows before the break are intact, the others are not."""
    tampered = rows(1, "alice", "bob", "carol")
    tampered[1] = replace(tampered[1], actor="mallory")

    table = list(
        csv.DictReader(io.StringIO(export_journal({1: Chain(tampered)}, ExportFormat.CSV)))
    )

    assert [row["intact"] for row in table] == ["yes", "no", "no"]
    assert table[0]["hash"] == tampered[0].hash


@pytest.mark.parametrize("actor", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_csv_cells_are_no_formulas(actor: str) -> None:
    """What a spreadsheet would run starts with an apostrophe."""
    text = export_journal({1: Chain(rows(1, actor))}, ExportFormat.CSV)

    assert next(csv.DictReader(io.StringIO(text, newline="")))["actor"] == f"'{actor}"


def test_a_body_that_is_no_json_is_exported_as_text() -> None:
    """Tampering with a body never hides the row from the export."""
    bad = [replace(rows(1, "alice")[0], body="{")]

    assert (
        json.loads(export_journal({1: Chain(bad)}, ExportFormat.JSON))["releases"][0]["rows"][0][
            "body"
        ]
        == "{"
    )
