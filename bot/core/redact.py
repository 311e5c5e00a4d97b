"""Takes secrets out of text before it is shown, logged or stored, and cuts text visibly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

MARK = "***"
"""What stands where a secret stood."""

SHORTEST = 4
"""Known secrets shorter than this are left alone: they would tear ordinary words apart."""

_ROUNDS = 8
_HARMLESS = re.compile(
    r"PATH|HOME|LANG|LANGUAGE|LC_\w+|TZ|USER|LOGNAME|SHELL|TERM|PWD|TMPDIR|HOSTNAME|NO_PROXY"
)
_TELLING = 6

# Quantifiers are bounded: text comes from strangers and must not make these expressions slow.
_KEY = (
    r"(?:password|passwd|passphrase|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|api[_-]?key"
    r"|access[_-]?key|private[_-]?key|credentials?)"
)
_PRIVATE = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_TOKEN_KEY = r"(?:token|jwt|session[_-]?id|signature)"  # noqa: S105 - names of keys, no secret
_HEADER = (
    r"(?:(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api-key|auth-token|access-token)"
    r"|x-line-signature|x-slack-signature)"
)
_BARE = r"[^\s\"'&,;]{1,4000}"
_HARD_TO_GUESS = r"(?=[^\s\"'&,;]{20}|[^\s\"'&,;\d]{0,60}\d)[^\s\"'&,;]{8,4000}"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, flags), replacement)
    for pattern, replacement, flags in (
        # Private keys, also when only one end of the block is in the text.
        (
            rf"-----BEGIN {_PRIVATE}.*?(?:-----END {_PRIVATE}|\Z)",
            MARK,
            re.DOTALL,
        ),
        (
            rf"(?:^[A-Za-z0-9+/=]{{1,200}}+\r?\n){{0,100}}+-----END {_PRIVATE}",
            MARK,
            re.MULTILINE,
        ),
        # Userinfo of URLs; the password may hold an @, a port with a path is no password.
        (r"(?<=://)([^\s:/@\"'<>]{0,200}):(?!\d{1,5}[/?#])[^\s\"'<>]{1,1000}@", rf"\1:{MARK}@", 0),
        (r"(?<=://)[^\s:/@\"'<>]{20,1000}@", f"{MARK}@", 0),
        (r"(?<=hooks\.slack\.com/)[\w/-]{10,200}", MARK, 0),
        # Headers, as they stand in requests, dictionaries and curl commands.
        (
            rf"(\b{_HEADER}\b[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?)[^\r\n\"']{{1,4000}}",
            rf"\1{MARK}",
            re.IGNORECASE,
        ),
        (
            r"\b(bearer|basic|token)\s{1,3}(?=[^\s]{0,60}[\d=]|[^\s]{20})[\w.~+/=-]{8,4000}",
            rf"\1 {MARK}",
            re.IGNORECASE,
        ),
        # Pairs. A colon after `token` is mostly prose: there the value must look like a secret.
        (
            rf"({_KEY}[\"']?\s{{0,3}}[:=]>?\s{{0,3}})([\"'])(?:(?!\2)[^\r\n]){{1,4000}}\2",
            rf"\1\2{MARK}\2",
            re.IGNORECASE,
        ),
        (rf"({_KEY}[\"']?\s{{0,3}}[:=]>?\s{{0,3}}[\"']?){_BARE}", rf"\1{MARK}", re.IGNORECASE),
        (
            rf"({_TOKEN_KEY}[\"']?\s{{0,3}}[:=]>?\s{{0,3}})([\"'])(?:(?!\2)[^\r\n]){{1,4000}}\2",
            rf"\1\2{MARK}\2",
            re.IGNORECASE,
        ),
        (rf"({_TOKEN_KEY}\s{{0,3}}=\s{{0,3}}[\"']?){_BARE}", rf"\1{MARK}", re.IGNORECASE),
        (
            rf"({_TOKEN_KEY}[\"']?\s{{0,3}}:\s{{0,3}}[\"']?){_HARD_TO_GUESS}",
            rf"\1{MARK}",
            re.IGNORECASE,
        ),
        (rf"(--{_KEY}\s{{1,3}})(?!-){_BARE}", rf"\1{MARK}", re.IGNORECASE),
        (rf"(--[a-z-]{{0,30}}token\s{{1,3}})(?!-){_BARE}", rf"\1{MARK}", re.IGNORECASE),
        # Credentials that are known by their form.
        (r"\bey[JI][\w-]{8,4000}\.[\w-]{4,4000}\.[\w-]{0,4000}", MARK, 0),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", MARK, 0),
        (r"\b(?:xox[a-z]|xapp|xwfp)-[\w-]{6,300}", MARK, 0),
        (r"\b(?:gh[pousr]_\w{16,300}|github_pat_\w{16,300}|glpat-[\w-]{16,300})", MARK, 0),
        (r"\bAIza[\w-]{30,60}", MARK, 0),
        (r"\bsk-[A-Za-z0-9][\w-]{18,300}", MARK, 0),
    )
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with `***` where a secret stood.

    Taken out are the known `secrets` (as they are and percent-encoded; at least four characters
    long) and what looks like a secret: passwords in URLs, authorization headers, pairs such as
    `password=...`, keys of AWS, Slack, GitHub, JWTs, private keys. Redacting twice changes nothing
    more. Redact before cutting: half a secret is not recognised.
    """
    known = sorted(set(_spellings(secrets)), key=lambda secret: (-len(secret), secret))
    before, rounds = "", 0
    while text != before and rounds < _ROUNDS:
        before, rounds = text, rounds + 1
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        text = _without(text, known)
    return text


def confidential(variables: Mapping[str, str]) -> list[str]:
    """Return the values of environment variables that may be secrets.

    Left out are PATH, HOME, LANG, LC_... and the like, and values of less than six characters:
    as secrets they would tear ordinary words apart.
    """
    return [
        value
        for name, value in variables.items()
        if len(value) >= _TELLING and not _HARMLESS.fullmatch(name)
    ]


def cut(text: str, limit: int) -> str:
    """Return the first `limit` characters at most; a cut shows as `…`, which counts."""
    if len(text) <= limit:
        return text
    return text[: limit - 1] + "…" if limit > 0 else ""


def cut_front(text: str, limit: int) -> str:
    """Return the last `limit` characters at most; a cut shows as a leading `…`, which counts."""
    if len(text) <= limit:
        return text
    return "…" + text[len(text) - limit + 1 :] if limit > 0 else ""


def _spellings(secrets: Iterable[str]) -> Iterator[str]:
    for secret in secrets:
        for spelling in (secret, secret.strip()):
            if len(spelling) >= SHORTEST and set(spelling) != set(MARK):
                yield spelling
                yield quote(spelling, safe="", errors="replace")


def _without(text: str, known: list[str]) -> str:
    # A replacement can bring the ends of another secret together; each one makes the text shorter.
    while any(secret in text for secret in known):
        for secret in known:
            text = text.replace(secret, MARK)
    return text
