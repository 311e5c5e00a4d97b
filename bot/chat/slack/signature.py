"""Slack's signature over the raw body, checked before anything of it is read."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

OLDEST = 300
"""Seconds that a request may be old, or ahead; a repeat within them is stopped by its key."""
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


def sign(secret: str, moment: str, body: bytes) -> str:
    """The signature of a body sent at these Unix seconds."""
    base = b"v0:" + moment.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def is_signed(secret: str, moment: str, signature: str, *, body: bytes, now: datetime) -> bool:
    """Whether Slack sent exactly this body about now. Total: nonsense is simply not signed."""
    if not secret or not _SECONDS.fullmatch(moment) or not _SIGNATURE.fullmatch(signature):
        return False
    if abs(now.timestamp() - int(moment)) > OLDEST:
        return False
    return hmac.compare_digest(sign(secret, moment, body), signature)
