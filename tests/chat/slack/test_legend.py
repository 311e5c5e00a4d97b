"""Names of bars: short, different from each other, and explained by the table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.chat import sample_story
from bot.chat.slack import blocks, legend, render
from bot.chat.texts import Words
from bot.core.card import Card

NAMES = st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=30)
ROWS = (
    ("chat", "SerializationException"),
    ("gateway", "org.example.store.MessageStoreTimeout"),
    ("gateway", "SerializationFailure"),
    ("push", "Boom"),
)
BARS = tuple(": ".join(row) for row in ROWS)


def test_several_components_stay_apart() -> None:
    """Each name begins with the number of its row, its component and its type."""
    assert legend.legend(BARS, ROWS) == [
        "1 chat Serializatio…",
        "2 gatew… MessageSto…",
        "3 gatew… Serializat…",
        "4 push: Boom",
    ]


def test_one_component_leaves_the_room_to_the_types() -> None:
    """Where the bars name no component, the short names do not either."""
    kinds = ("java.lang.IllegalStateException", "Boom", "HTTP/1.1 500 after 30 seconds")
    rows = [("chat", kind) for kind in kinds]

    assert legend.legend(kinds, rows) == ["1 IllegalStateExcep…", "2 Boom", "3 HTTP/1.1 500 afte…"]


def test_what_fits_or_has_no_table_keeps_its_name() -> None:
    """Numbers without a row that explains them would be worse than a cut."""
    assert legend.legend(["chat: Boom"], [("chat", "Boom")]) == []
    assert legend.legend(BARS, ROWS[:2]) == []
    assert legend.legend(BARS, tuple(reversed(ROWS))) == []


@given(NAMES)
def test_names_are_different_and_short(rows: list[tuple[str, str]]) -> None:
    """Whatever components and types are called."""
    found = legend.legend([": ".join(row) for row in rows], rows)

    assert all(len(name) <= blocks.CHART_LABEL for name in found)
    assert len(set(found)) == len(found)


def _drawn(card: Card) -> tuple[list[str], list[str]]:
    """The names of the bars, and the first cells of the table."""
    found = {block["type"]: block for block in render.card_blocks(card, Words())}
    return found["data_visualization"]["chart"]["axis_config"]["categories"], _first_cells(card)


def _first_cells(card: Card) -> list[str]:
    [table] = [b for b in render.card_blocks(card, Words()) if b["type"] == "table"]
    return [row[0]["text"] for row in table["rows"][1:]]


def test_the_table_is_the_legend_of_the_chart() -> None:
    """The row with the number of a bar holds its whole name."""
    card = sample_story.errors()
    assert card.chart is not None
    assert card.table is not None
    bars, rows = _drawn(card)
    kinds = [str(row.cells[1]) for row in card.table.rows]
    few = {"categories": ("a",), "series": ()}
    plain = card.model_copy(update={"chart": card.chart.model_copy(update=few)})

    assert [bar.split()[0] + "." for bar in bars] == [row.split()[0] for row in rows]
    assert all(row.endswith(kind) for row, kind in zip(rows, kinds, strict=True))
    assert not any(cell.startswith("1.") for cell in _first_cells(plain))
