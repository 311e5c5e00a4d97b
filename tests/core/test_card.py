"""What a table says about itself, whoever draws it."""

from __future__ import annotations

import pytest

from bot.core.card import Table
from bot.core.value import text


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (("column.component", "column.type", "column.before"), 2),
        (("column.component", "column.change", "column.step"), 1),
        (("column.number", "column.step", "column.kind"), 2),
        ((), 1),
    ],
)
def test_an_error_is_named_by_component_and_type(keys: tuple[str, ...], names: int) -> None:
    """Seven rows that all say *chat* in bold tell nothing apart."""
    table = Table(caption=text("c"), header=tuple(text(key) for key in keys), rows=())

    assert table.naming == names
