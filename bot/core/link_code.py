"""The code that links an account with a person: made, recognised, and kept as its hash only."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata

_GROUPS, _LETTERS = 3, 4
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc-]")
_CODE = re.compile(rf"[A-Z2-7]{{{_LETTERS}}}(?:-[A-Z2-7]{{{_LETTERS}}}){{{_GROUPS - 1}}}")


def make(seed: str) -> str:
    """Make the code `ABCD-EFGH-2345` from fresh random text: 60 bits, easy to type on a phone."""
    letters = base64.b32encode(hashlib.sha256(seed.encode()).digest()).decode()
    return "-".join(letters[n * _LETTERS : (n + 1) * _LETTERS] for n in range(_GROUPS))


def hash_in(line: str) -> str:
    """The hash of the code that this line is; empty when it is none. Phones may change its dashes.

    60 random bits that live for ten minutes need no slow hash: guessing them takes years.
    """
    if len(line) > 100:
        return ""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", line).strip()).upper()
    return digest(plain) if _CODE.fullmatch(plain) else ""


def digest(code: str) -> str:
    """What is stored of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def nonce(stored: str, identity: str) -> str:
    """Binds the button that confirms a link to its code and to the account that sent it."""
    return hashlib.sha256(f"{stored}|{identity}".encode()).hexdigest()[:32]
