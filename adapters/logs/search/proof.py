"""Refuses certificates that cannot be used before a release depends on them."""

from __future__ import annotations

import ssl
from pathlib import Path

from bot.core.config.log_store import SearchLogStore
from bot.core.config.problem import UnusableError


def check_certificates(config: SearchLogStore, base: Path) -> None:
    """Look at the certificates below `base`, where some are named; nothing is connected to.

    Raises UnusableError with the key that cannot be used.
    """
    if not config.ca_file:
        return
    try:
        ssl.create_default_context(cafile=str(base / config.ca_file))
    except ssl.SSLError:
        right = "holds no certificates that can be read; it must be PEM"
    except OSError as error:
        right = f"cannot be read ({error.strerror})"
    else:
        return
    raise UnusableError("ca_file", config.ca_file, right)
