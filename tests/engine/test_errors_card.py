"""What `errors since deploy` calls each error type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.texts import Words
from bot.core.card import Card
from bot.core.counts import Counts, Window, WindowCounts
from bot.core.value import Text, text
from bot.engine.errors_card import Answer, Line, Shown, card
from bot.engine.errors_lines import counted

AT = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
SHOWN = Shown(subject="openchat", zone="Asia/Tokyo")
QUARTER = timedelta(minutes=15)


def line(kind: str = "Boom", *, before: int = 0, after: int = 0, expected: float = 0) -> Line:
    """One error type of the component `chat`."""
    return Line(
        component="chat",
        error_type=kind,
        before=before,
        after=after,
        multiple=None,
        expected=expected,
    )


def shown(*lines: Line, top: int | None = None) -> Card:
    """The card of some lines that were counted over a quarter of an hour."""
    return card(SHOWN, [answer("chat", *lines)], top=top)


def answer(name: str, *lines: Line, release: int = 7, at: datetime = AT) -> Answer:
    """What was counted over a quarter of an hour, compared with the day before it."""
    return Answer(
        component=name,
        release=release,
        lines=tuple(x.model_copy(update={"component": name}) for x in lines),
        window=Window(start=at, end=at + QUARTER),
        baseline=Window(start=at - timedelta(days=1), end=at),
    )


def said(found: Card) -> list[str]:
    """The card in English: title, lines, footer."""
    words = Words("Asia/Tokyo")
    cells = (found.title, *found.lines, *([found.footer] if found.footer else []))
    return [cell if isinstance(cell, str) else words(cell) for cell in cells]


def word(found: Card) -> str:
    """What the first row says about its error type."""
    assert found.table is not None
    cell = found.table.rows[0].cells[5]
    assert isinstance(cell, Text)
    return cell.key


@pytest.mark.parametrize(
    ("before", "after", "expected", "said"),
    [
        (0, 1, 0, "errors.new"),
        (50, 250, 0.05, "errors.known"),
        (50, 0, 0.05, "errors.known"),
        (5000, 0, 2.9, "errors.known"),
        (5000, 0, 3.0, "errors.vanished"),
        (5000, 1, 9.0, "errors.known"),
    ],
)
def test_only_what_was_to_be_seen_can_vanish(
    before: int, after: int, expected: float, said: str
) -> None:
    """A rare type that was not seen for a moment is still a known one."""
    assert word(shown(line(before=before, after=after, expected=expected))) == said


def test_without_logs_before_nothing_is_called_new() -> None:
    """There was nothing to compare with."""
    assert word(shown(line(after=3).model_copy(update={"compared": False}))) == "errors.unknown"


def test_new_types_come_first_and_what_is_left_out_is_counted() -> None:
    """`top 2` of four: the new one, then the most frequent one; two more are mentioned."""
    found = shown(
        line("A", before=9, after=3),
        line("B", before=9, after=8),
        line("C", after=1),
        line("D", before=9, after=1),
        top=2,
    )
    assert found.table is not None

    assert [row.cells[1] for row in found.table.rows] == ["C", "B"]
    assert said(found)[0].endswith("4 error types by component, 1 new")
    assert said(found)[1] == "Rows not shown: 2 of 4; top 4 behind the command shows 4"
    assert Words()(found.table.caption).endswith("2 of 4")


def test_more_than_can_be_shown_asks_for_one_component() -> None:
    """Of 60 rows at most 50 can be asked for, and the way to the others is named."""
    lines = [line(f"T{number}", before=1, after=1) for number in range(60)]
    assert said(shown(*lines, top=50))[1] == (
        "Rows not shown: 10 of 60; ask for one component with of"
    )


def test_the_footer_names_both_windows_in_the_zone_of_the_room() -> None:
    """21:00 in Tokyo is noon in UTC."""
    assert said(shown(line("A", after=1)))[-1] == (
        "Before: 2026-08-05 21:00 to 2026-08-06 21:00. "
        "After: 2026-08-06 21:00 to 2026-08-06 21:15. "
        "The rate compares the two per hour. Times in Asia/Tokyo."
    )


def test_components_of_several_releases_say_which_and_the_newest_comes_first() -> None:
    """Auth was deployed in #2 and chat in #4: chat's rows come first though auth has more."""
    old = answer("auth", line("A", before=90, after=90), release=2, at=AT - timedelta(days=1))
    found = card(SHOWN, [old, answer("chat", line("B", before=1, after=1), release=4)], top=None)
    title, chat, auth, footer = said(found)

    assert found.table is not None
    assert [row.cells[0] for row in found.table.rows] == ["chat", "auth"]
    assert title.startswith(
        "Errors of openchat since the last deployment of each component (#4, #2)"
    )
    assert chat.startswith(
        "chat (#4): before from 2026-08-05 21:00, after from 2026-08-06 21:00 to "
    )
    assert auth.startswith(
        "auth (#2): before from 2026-08-04 21:00, after from 2026-08-05 21:00 to "
    )
    assert footer.startswith("The rate compares the two windows of a component")


def test_what_is_lacking_for_several_components_is_said_once() -> None:
    """Three components that differ in nothing but their names are one sentence."""
    gaps = [text("errors.never", component=name) for name in ("auth", "push")]
    gaps.append(text("errors.waiting", component="chat", release=3))
    answers = [Answer(component="x", gaps=(gap,)) for gap in gaps]
    assert said(card(SHOWN, answers, top=None)) == [
        "Errors of openchat: nothing can be counted",
        "auth, push: not deployed yet in any release; write since 2h or since 14:30",
        "chat: not deployed in #3 yet",
    ]


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("since", "Errors of openchat since 2026-08-06 21:00: 1 "),
        ("between", "Errors of openchat from 2026-08-06 21:00 to 2026-08-06 21:15: 1 "),
        ("since_deploy", "Errors of openchat since 2026-08-06 21:00 (#7): 1 "),
    ],
)
def test_the_title_says_the_span(kind: str, title: str) -> None:
    """A span with an end shows its end; only a deployment names its release."""
    about = SHOWN.model_copy(update={"kind": kind})
    assert said(card(about, [answer("chat", line("A", after=1))], top=None))[0].startswith(title)


def test_a_link_of_the_log_store_is_a_field_that_rooms_show_as_a_link() -> None:
    """One for each component whose log store has a page."""
    link = "https://kibana.example/#/chat"
    windows = (
        WindowCounts(window=Window(start=AT - timedelta(hours=1), end=AT)),
        WindowCounts(window=Window(start=AT, end=AT + timedelta(hours=1))),
    )
    chat = counted("chat", Counts(windows=windows, link=link), hosts=None)
    found = card(SHOWN, [chat, Answer(component="auth")], top=None)
    [(name, value)] = found.fields
    assert (name.key, name.params, value) == ("errors.link", {"component": "chat"}, link)


def test_bars_of_one_component_are_named_by_their_type_alone() -> None:
    """Bars that all begin with the same word are told apart by nothing where labels are short."""
    alone = shown(line("Boom", after=3), line("Bang", after=2))
    both = card(SHOWN, [answer(n, line("Boom", after=3)) for n in ("chat", "auth")], top=None)

    assert alone.chart is not None
    assert alone.chart.categories == ("Boom", "Bang")
    assert both.chart is not None
    assert both.chart.categories == ("auth: Boom", "chat: Boom")
