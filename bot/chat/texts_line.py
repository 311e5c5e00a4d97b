"""What only LINE's own buttons say: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "button.more": "More",
    "line.one_to_one": "Linked accounts and what you watch: ask me one to one.",
}
