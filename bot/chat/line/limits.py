"""How much fits into a LINE message; every length in UTF-16 units, as LINE counts.

LINE counts actions and templates in graphemes, of which a text never has more than UTF-16 units.
Source: https://developers.line.biz/en/reference/messaging-api/
"""

from __future__ import annotations

import json
import re
from typing import Any

from bot.core.view.marks import NOTHING

Message = dict[str, Any]
"""A message object, or a part of one, as the Messaging API takes it."""

MESSAGES = 5
"""Message objects of one reply or push."""
TEXT = 5000
ALT_TEXT = 400
LABEL = 20
DATA = 300
DISPLAY = 300
"""The text that a button writes into the chat, or that a message button says."""
CONFIRM_TEXT = 240
QUICK_REPLIES = 13
MENTIONS = 20
BUBBLE_BYTES = 30 * 1024
BUBBLES = 12
"""Bubbles of a carousel."""
CAROUSEL_BYTES = 50 * 1024

# Direction marks would turn the words around it; controls and lone surrogates are no text.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def width(text: str) -> int:
    """The length of a text as LINE counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """The text, cut visibly where it would be longer; never within a character."""
    # Of a text that is far too long only the beginning is looked at.
    head = text[: 8 * most]
    plain = _HARMFUL.sub("", head)
    if width(plain) <= most and len(head) == len(text):
        return plain
    units = plain.encode("utf-16-le")[: 2 * (most - 1)]
    # Half a character at the end is left out.
    return units.decode("utf-16-le", "ignore").rstrip() + "…"


def shown(text: str, most: int) -> str:
    """The same for a place that LINE does not take empty."""
    return cut(text, most).strip() or NOTHING


def size(message: Message) -> int:
    """The bytes of a bubble or a carousel as it is sent."""
    return len(json.dumps(message, ensure_ascii=True).encode())
