"""The platform-neutral message: one producer (view.py), one renderer a room."""

from __future__ import annotations

from enum import StrEnum, unique

from bot.core.value import Moment, Text, Value

Cell = Text | str
"""A cell or a line: a message to be worded by the room, or plain data (never markup)."""


@unique
class Style(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


class Confirm(Value):
    """The dialog in front of an action."""

    title: Text
    body: Text
    reason: bool = False
    """Ask for a reason; the action is not sent without one."""


class Action(Value):
    """A button. `value` carries ids, question version and nonce only."""

    verb: str
    label: Text
    value: str
    style: Style = Style.PLAIN
    confirm: Confirm | None = None


class Row(Value):
    """One row of a table; `state` names a step or phase state for its mark."""

    cells: tuple[Cell, ...]
    state: str = ""


_NAMED_BY_TWO = {("column.component", "column.type"), ("column.number", "column.step")}
"""The first columns of tables whose rows are named by both."""


class Table(Value):
    """Rows under a header. `caption` says what they are."""

    caption: Text
    header: tuple[Text, ...]
    rows: tuple[Row, ...]

    @property
    def naming(self) -> int:
        """How many cells at the beginning of a row are its name."""
        return 2 if tuple(name.key for name in self.header[:2]) in _NAMED_BY_TWO else 1


class Series(Value):
    """One colour of bars, a value a category."""

    name: Text
    values: tuple[float, ...]


class Chart(Value):
    """Bars beside each other; the numbers are always in a table or in the text, too."""

    title: Text
    categories: tuple[str, ...]
    series: tuple[Series, ...]


class Card(Value):
    """One message. `text` stands alone: it names release, step, state and next action."""

    kind: str
    """board, question, share, verdict, notice, answer, refusal, said, errors, history, help."""
    title: Text
    text: Text
    release: int | None = None
    state: str = ""
    """The state word of the board, or of what the card is about."""
    lines: tuple[Cell, ...] = ()
    fields: tuple[tuple[Text, Cell], ...] = ()
    table: Table | None = None
    chart: Chart | None = None
    actions: tuple[Action, ...] = ()
    mentions: tuple[str, ...] = ()
    """People (their keys in release.yml) to be mentioned once."""
    at: Moment | None = None
    who: str = ""
    """The person who said or decided it, by name."""
    footer: Cell | None = None
