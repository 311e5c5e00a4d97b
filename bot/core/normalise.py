"""What people type on phones and in Slack, brought to one plain form before it is read."""

from __future__ import annotations

import re
import unicodedata

_SLACK_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_SLACK_ESCAPE = re.compile(r"&(lt|gt|amp);")
_SLACK_CHARACTER = {"lt": "<", "gt": ">", "amp": "&"}
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | {"\u2010": "-", "\u2011": "-"}
)
_DASHES = re.compile(r"(?<!\S)[\u2012-\u2015\u2212]+(?=\w)")
# Invisible marks would let two names look alike, and direction marks turn a line around.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def normalise(line: str, *, slack: bool = False) -> str:
    """One line with plain quotes, dashes, widths and single spaces; letters keep their case.

    With `slack`, links become their labels, mentions become `@ID`, and escapes are undone.
    Never raises; a result without `slack` stays as it is when it is normalised again.
    """
    plain = _unslack(line) if slack else line
    plain = _SURROGATE.sub("\ufffd", plain)
    # Taking marks out can bring letters together that NFKC would have joined.
    plain = _INVISIBLE.sub("", _CONTROL.sub(" ", plain))
    plain = unicodedata.normalize("NFKC", plain).translate(_QUOTES)
    return _DASHES.sub("--", " ".join(plain.split()))


def unquote(text: str) -> str:
    """The text without the quotes around the whole of it, and without spaces at its ends."""
    inner = text.strip()
    while len(inner) > 1 and inner[0] == inner[-1] and inner[0] in "\"'":
        if inner[0] in inner[1:-1]:
            break
        inner = inner[1:-1].strip()
    return inner


def _unslack(line: str) -> str:
    # Tokens go before escapes: a person who types <@U1> sends &lt;@U1&gt;, which is no mention.
    flat = _SLACK_TOKEN.sub(_token, line)
    return _SLACK_ESCAPE.sub(lambda match: _SLACK_CHARACTER[match[1]], flat)


def _token(match: re.Match[str]) -> str:
    mark, body, label = match[1], match[2], match[3] or ""
    if mark == "@":
        return f"@{body}"
    if mark == "#":
        # A room called 42 is no release.
        return f"#{body if not label or label.isdigit() else label}"
    if mark == "!":
        name, _, ident = body.partition("^")
        return f"@{ident}" if name == "subteam" else label or f"@{name}"
    return label or body
