"""What LINE's buttons carry: the verb and value of a card's action, and what was said so far.

Everything here can be pressed again for ever and by anybody, so it is only ever a hint: the
release, the question's version and its nonce are checked when it comes back.
"""

from __future__ import annotations

from bot.chat.line.limits import DATA, width
from bot.core.value import Value

PRESS, DECIDE, DROP, PICK, MORE = "p", "d", "k", "t", "m"
REASONS = ("logs", "version", "moment", "known", "checked")
"""The reasons that are offered; each has a sentence `line.reason.…`."""


class Tap(Value):
    """One press of a button."""

    kind: str
    """PRESS: the button of a card; DECIDE: the answer to the dialog in front of it; DROP: no;
    PICK: a moment was picked; MORE: show all of what was cut short."""
    verb: str = ""
    reason: str = ""
    """One of REASONS, or empty."""
    value: str = ""
    """The value of the card's action; of PICK the moment that was picked first; of MORE which
    card (`more.py`)."""

    def write(self) -> str:
        """The one way to write it: `p|approve||v1|42|…`. Raises ValueError when it is too long."""
        data = _written(self)
        if width(data) > DATA:
            msg = f"the data of a button has at most {DATA} characters"
            raise ValueError(msg)
        return data


def fits(tap: Tap) -> bool:
    """Whether a button can carry it, whatever reason is chosen later."""
    longest = tap.model_copy(update={"reason": max(REASONS, key=len)})
    return width(_written(longest)) <= DATA


def _written(tap: Tap) -> str:
    return f"{tap.kind}|{tap.verb}|{tap.reason}|{tap.value}"


def read(data: str) -> Tap | None:
    """What `write` wrote; None for anything else. Never raises."""
    parts = data.split("|", 3)
    if width(data) > DATA or len(parts) != 4 or parts[0] not in {PRESS, DECIDE, DROP, PICK, MORE}:
        return None
    if parts[2] and parts[2] not in REASONS:
        return None
    return Tap(kind=parts[0], verb=parts[1], reason=parts[2], value=parts[3])
