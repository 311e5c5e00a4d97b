"""What the bot says about baselines by the minute: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "baseline.reading": "Minute baseline of {component}: day {day} of {days} is being read",
}
