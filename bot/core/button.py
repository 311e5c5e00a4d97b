"""What a button carries: which question of which release it answers, in under 100 bytes."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, model_validator

from bot.core.value import Value

LONGEST = 99
"""Bytes; LINE and Slack take more, old clients cut."""

_STEP = r"(?:\*|[A-Za-z0-9][A-Za-z0-9._+:@/-]*)?"
_WORD = r"[A-Za-z0-9]+"
_VALUE = re.compile(rf"v1\|([1-9][0-9]{{0,8}})\|({_STEP})\|({_WORD})\|({_WORD})")


class ButtonValue(Value):
    """Ids only, no text of people. Raises ValueError when it would not fit into a button."""

    release: int = Field(ge=1, le=999_999_999)
    step: str = Field(pattern=rf"^{_STEP}$")
    """A step id, `*` for every step, empty for the release itself."""
    version: str = Field(pattern=rf"^{_WORD}$")
    """The question version; it changes when what is asked changes."""
    nonce: str = Field(pattern=rf"^{_WORD}$")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.write()) > LONGEST:
            msg = f"a button value has at most {LONGEST} bytes"
            raise ValueError(msg)
        return self

    def write(self) -> str:
        """The one way to write it: `v1|42|gateway/gate|a1b2c3|deadbeef`."""
        return f"v1|{self.release}|{self.step}|{self.version}|{self.nonce}"


def read(text: str) -> ButtonValue | None:
    """What `write` wrote, exactly; None for every other text. Never raises."""
    if len(text) > LONGEST:
        return None
    match = _VALUE.fullmatch(text)
    if match is None:
        return None
    return ButtonValue(release=int(match[1]), step=match[2], version=match[3], nonce=match[4])
