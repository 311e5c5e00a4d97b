"""Tests what is taken out of texts, what stays, and that cutting shows."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.redact import MARK, SHORTEST, cut, cut_front, redact

# Put together here, so that no scanner takes the tests for a leak.
_SLACK = "xoxb-" + "1234567890-abcdefABCDEF"
_APP = "xapp-" + "1-A0B1C2D3-4567-abcdef"
_AWS = "AKIA" + "IOSFODNN7EXAMPLE"
_GITHUB = "ghp_" + "0123456789abcdefghij0123456789abcdef"
_JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc=\n-----END RSA PRIVATE KEY-----"
_WEBHOOK = "T00000000/B00000000/abcdefghijklmnop"


@pytest.mark.scenario(35)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://bot:hunter2@db:5432/x", f"postgresql://bot:{MARK}@db:5432/x"),
        ("redis://:p@ss@cache:6379/0", f"redis://:{MARK}@cache:6379/0"),
        (
            "clone https://0123456789abcdefABCDEF@git.example/x",
            f"clone https://{MARK}@git.example/x",
        ),
        ("Authorization: Bearer abc.def", f"Authorization: {MARK}"),
        ("curl -H 'Authorization: Basic Ym90OnB3' x", f"curl -H 'Authorization: {MARK}' x"),
        ("{'Cookie': 'session=abc; id=1'}", f"{{'Cookie': '{MARK}'}}"),
        ("sent bearer abcdef0123456789", f"sent bearer {MARK}"),
        ("basic Ym90OmJvdA==", f"basic {MARK}"),
        ("password=hunter2 user=bot", f"password={MARK} user=bot"),
        ("connect(password=a(b[c])", f"connect(password={MARK}"),
        ("DB_PASSWORD: correct", f"DB_PASSWORD: {MARK}"),
        ('{"password": "a b,c", "x": 1}', f'{{"password": "{MARK}", "x": 1}}'),
        ("client_secret = s3cr3t;", f"client_secret = {MARK};"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtn/K7MDENG", f"AWS_SECRET_ACCESS_KEY={MARK}"),
        ("GET /x?api_key=abc&page=2", f"GET /x?api_key={MARK}&page=2"),
        ("GET /x?access_token=abc", f"GET /x?access_token={MARK}"),
        ('"token": "abc"', f'"token": "{MARK}"'),
        ("token: 8f14e45fceea167a", f"token: {MARK}"),
        ("deploy --password hunter2 --fast", f"deploy --password {MARK} --fast"),
        ("deploy --auth-token hunter2", f"deploy --auth-token {MARK}"),
        (f"key {_AWS} used", f"key {MARK} used"),
        (f"slack {_SLACK}.", f"slack {MARK}."),
        (f"app {_APP}", f"app {MARK}"),
        (f"git {_GITHUB}", f"git {MARK}"),
        (f"jwt is {_JWT}", f"jwt is {MARK}"),
        (f"a\n{_BLOCK}\nb", f"a\n{MARK}\nb"),
        (_BLOCK[:40], MARK),
        (f"MIIEow\n{_BLOCK[-29:]}\nb", f"{MARK}\nb"),
        (f"https://hooks.slack.com/services/{_WEBHOOK}", f"https://hooks.slack.com/{MARK}"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str, expected: str) -> None:
    """Each known form of a credential is replaced, and the words around it stay."""
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01T12:00:00Z ERROR api GET https://api.example:8443/v1/items?page=2 failed: 503",
        "Connection to db-1:5432 refused; retrying in 5s",
        "Invalid token: unexpected end of input",
        "token expired for user 42",
        "Basic authentication failed",
        "password is required",
        "tokens used: 1700, token_count=17",
        "see http://registry:4873/@scope/package and mail ops@example.com",
        "ssh git@github.com:team/repo.git",
        "host web-1 succeeded in 3.2s (pid=123, version=1.4.2)",
        "java.lang.IllegalStateException: at com.example.Foo.bar(Foo.java:12)",
        "sha 0123456789abcdef0123456789abcdef01234567",
        "",
    ],
)
def test_ordinary_log_lines_stay_as_they_are(text: str) -> None:
    """Lines without a secret are not touched."""
    assert redact(text) == text


def test_known_secrets_go_whatever_they_look_like() -> None:
    """A secret that is known is taken out of any place, also percent-encoded and untrimmed."""
    secrets = ["plain words", "a/b c\n", "pine"]

    found = redact("x plain wordsy a%2Fb%20c za/b czz pineapple", secrets)

    assert found == f"x {MARK}y {MARK} z{MARK}zz {MARK}apple"


def test_the_longest_secret_goes_first() -> None:
    """A secret that begins with another leaves no rest behind."""
    assert redact("abcd1234", ["abcd", "abcd1234"]) == MARK


def test_secrets_of_a_few_letters_are_left_alone() -> None:
    """Empty and very short secrets do not tear texts apart."""
    assert redact("abc def", ["", "ab", " d "]) == "abc def"


_WORDS = st.sampled_from(
    [
        "password", "token", "secret", "=", ":", " ", '"', "'", "://", "@", "/", "bearer ", "basic",
        "Authorization", "Cookie", "a1b2c3d4e5", "***", "*", _AWS, _SLACK, _JWT, "&", ",", "\n",
        "--", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", ";", "hooks.slack.com/",
    ]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=14).map("".join))


@given(text=_TEXTS, secrets=st.lists(st.text(min_size=SHORTEST, max_size=12), max_size=3))
@example(text="password='*** x'", secrets=[])
def test_redacting_twice_changes_nothing_more(text: str, secrets: list[str]) -> None:
    """Redaction is idempotent, whatever the text."""
    once = redact(text, secrets)

    assert redact(once, secrets) == once


@given(
    before=_TEXTS,
    secret=st.text(min_size=SHORTEST, max_size=30).filter(lambda s: set(s) != {"*"}),
    after=_TEXTS,
    other=st.text(min_size=SHORTEST, max_size=12),
)
@example(before="a", secret="a***b", after="XXXXb", other="XXXX")
def test_a_known_secret_never_survives(before: str, secret: str, after: str, other: str) -> None:
    """A known secret is not in the result, wherever it stood and whatever else is taken out."""
    assert secret not in redact(before + secret + after, [secret, other])


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "://",
        "password",
        "token: ",
        "eyJaaaaaaaaa.",
        "A=\n",
        "-----BEGIN PRIVATE KEY-----",
        " ",
    ],
)
def test_long_texts_take_no_long_time(unit: str) -> None:
    """Fifty thousand characters of one repeated piece are redacted quickly."""
    started = time.process_time()

    redact((unit * 50_000)[:50_000])

    assert time.process_time() - started < 2


@given(text=st.text(max_size=60), limit=st.integers(min_value=0, max_value=60))
def test_cutting_keeps_the_limit_and_shows(text: str, limit: int) -> None:
    """A text that fits stays; one that does not ends, or begins, with the mark of a cut."""
    start, end = cut(text, limit), cut_front(text, limit)

    assert len(start) <= limit
    assert len(end) <= limit
    if len(text) <= limit:
        assert start == end == text
    elif limit:
        assert start == text[: limit - 1] + "…"
        assert end == "…" + text[len(text) - limit + 1 :]
