"""What the settings accept as a placeholder is what is filled in, no more and no less."""

from __future__ import annotations

import pytest

from adapters.deploy.command import argv
from adapters.deploy.http import calls
from bot.chat import http
from bot.core.templates import MESSAGE, OPERATION


@pytest.mark.parametrize(
    ("filled", "accepted"),
    [
        (calls._PLACE.pattern, (*OPERATION, "handle")),
        (argv._PLACE.pattern, OPERATION),
        (http._PLACE.pattern, MESSAGE),
    ],
)
def test_the_placeholders_are_those_of_the_senders(filled: str, accepted: tuple[str, ...]) -> None:
    """A placeholder that one of both does not know would be sent as it is written."""
    assert filled == rf"\{{({'|'.join(accepted)})\}}"
