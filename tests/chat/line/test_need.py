"""The pushes that a release may need are counted before it starts."""

from __future__ import annotations

import pytest

from bot.chat.line import need
from bot.core.config import LineRoom, ReleaseFile, ShareWith
from tests.support.releases import release, target


@pytest.mark.parametrize(
    ("confirm", "share", "wanted"),
    [
        ("gates", None, {"line": 3, "hear": 3}),
        ("each_step", None, {"line": 17, "hear": 3}),
        ("gates", "each", {"line": 3, "hear": 16}),
        ("gates", "digest", {"line": 3, "hear": 3}),
    ],
)
def test_the_pushes_of_the_example(confirm: str, share: str | None, wanted: dict[str, int]) -> None:
    """14 Go and 2 gates before each step, 2 gates otherwise, and the end; 16 shares or 3."""
    hear = ShareWith.model_validate({"room": "hear", "share": share})
    made = release(target(confirm=confirm, rooms=("line", "web"), share=(hear,)))
    made = made.model_copy(update={"home": "web"})
    chat = LineRoom(kind="line", chat="C" + "0" * 32)
    rooms = {"line": chat, "hear": chat, "web": {"kind": "web"}}
    file = ReleaseFile.model_validate({"rooms": rooms, "targets": {"t": made.config.target}})

    assert need.pushes(made, file) == wanted
