"""The file of labels: read whole, or refused with the line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.backtest.case import Label
from bot.core.backtest.labels import LabelError, read_labels

HEAD = "release,from,to,label\n"


def test_releases_and_incidents_are_read() -> None:
    """Both kinds of rows, with or without the number sign, empty lines between."""
    text = (
        HEAD + "42,,,bad\n\n#43,,,good\n,2026-11-03T10:00:00Z,2026-11-03T11:30:00+00:00,incident\n"
    )

    labels = read_labels(text)

    assert labels.releases == {42: Label.BAD, 43: Label.GOOD}
    assert [(w.start, w.end) for w in labels.incidents] == [
        (datetime(2026, 11, 3, 10, tzinfo=UTC), datetime(2026, 11, 3, 11, 30, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 is ''; the first line is release,from,to,label"),
        ("a,b\n", "line 1 is 'a,b'"),
        (HEAD + "42,bad\n", "line 2: 2 columns, not 4"),
        (HEAD + "x,,,bad\n", "line 2: release 'x'"),
        (HEAD + "42,,,worse\n", "line 2: label 'worse' of a release; write good or bad"),
        (HEAD + "\n,noon,2026-11-03T11:30:00Z,incident\n", "line 3: 'noon' is no time"),
        (HEAD + ",2026-11-03,2026-11-04,incident\n", "'2026-11-03' is no time with a zone"),
        (
            HEAD + ",2026-11-03T10:00:00Z,2026-11-03T10:00:00Z,incident\n",
            "the span ends at '2026-11-03T10:00:00Z', not after",
        ),
    ],
)
def test_a_wrong_file_names_the_line(text: str, said: str) -> None:
    """The message says where, what, and what would be right."""
    with pytest.raises(LabelError) as refused:
        read_labels(text)

    assert said in str(refused.value)
