"""The card of a recount: a line a check, the largest changes, and what is in the way."""

from __future__ import annotations

from datetime import timedelta

from bot.core.recount import Change
from bot.core.value import Text, text
from bot.core.view.recount import SHOWN, Again, recount
from tests.support.counted import DEPLOYED

WINDOW = (DEPLOYED, DEPLOYED + timedelta(minutes=15))


def again(step: str, *changes: Change, gaps: tuple[Text, ...] = ()) -> Again:
    """A check that was counted again."""
    return Again(step=step, round=3, at=DEPLOYED, windows=(WINDOW,), changes=changes, gaps=gaps)


def test_each_check_says_what_arrived_and_expired() -> None:
    """Sums by check; the table has the largest difference of all checks first."""
    card = recount(
        7,
        [
            again("chat/check", Change(window=0, key="ERROR A", before=2, now=5)),
            again("auth/check", Change(window=0, key="WARN B", before=9, now=0)),
            again("push/check"),
        ],
    )

    lines = [line for line in card.lines if isinstance(line, Text)]
    assert [line.key for line in lines] == ["recount.changed", "recount.changed", "recount.same"]
    assert [(x.params["arrived"], x.params["expired"]) for x in lines[:2]] == [(3, 0), (0, 9)]
    assert card.table is not None
    assert [(row.cells[0], *row.cells[2:]) for row in card.table.rows] == [
        ("auth/check", "WARN B", "9", "0", "-9"),
        ("chat/check", "ERROR A", "2", "5", "+3"),
    ]
    start, end = (moment.isoformat() for moment in WINDOW)
    assert card.table.rows[0].cells[1] == text("recount.window", start=start, end=end)


def test_what_is_too_much_for_a_table_is_counted() -> None:
    """Nothing is left out silently."""
    many = (Change(window=0, key=f"ERROR {n}", before=0, now=n) for n in range(1, SHOWN + 4))

    card = recount(7, [again("chat/check", *many)])

    assert card.table is not None
    assert len(card.table.rows) == SHOWN
    assert text("recount.more", count=3) in card.lines


def test_what_is_in_the_way_is_said() -> None:
    """A new count that is incomplete explains fewer documents; trouble is no zero."""
    trouble = text("recount.old", step="auth/check", round=1)

    card = recount(
        7,
        [
            again("chat/check", gaps=(text("gap.silent"),)),
            Again(step="auth/check", round=1, trouble=trouble),
        ],
    )

    assert card.lines[1:] == (
        text("recount.gap", step="chat/check"),
        text("gap.silent"),
        trouble,
    )
    assert card.table is None
