"""How the words for log levels are made one: every log store compares levels by these names."""

from __future__ import annotations

_NAMES = {
    "WARNING": "WARN",
    "W": "WARN",
    "E": "ERROR",
    "ERR": "ERROR",
    "SEVERE": "ERROR",
    "F": "ERROR",
    "FATAL": "ERROR",
    "CRIT": "ERROR",
    "CRITICAL": "ERROR",
    "ALERT": "ERROR",
    "PANIC": "ERROR",
    "EMERG": "ERROR",
    "EMERGENCY": "ERROR",
}


def level_name(word: str) -> str:
    """Name a level without regard to case and surrounding blanks.

    WARNING and W are WARN. Everything at least as bad as an error (ERR, E, SEVERE, FATAL, F, CRIT,
    CRITICAL, ALERT, PANIC, EMERG, EMERGENCY) is ERROR, so that asking for ERROR misses none of
    them. Other words stay as they are, in capitals.
    """
    upper = word.strip().upper()
    return _NAMES.get(upper, upper)
