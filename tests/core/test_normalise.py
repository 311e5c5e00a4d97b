"""Phones and Slack write the same words differently; they are read as the same words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.normalise import normalise, unquote

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
TRICKY = st.text(
    alphabet="a1 \u3000\u00a0\u200b\u202e\t\n<>@#!|&;\"'"
    "\u201c\u2019\u2014\u2013-\uff1c\ufeff\u0301\ud800",
    max_size=20,
)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("\uff0f\uff52elease\u3000start", "/release start"),
        ("\uff33tart\u3000\uff43hat\uff1d\uff12", "Start chat=2"),
        ("reject \u201ctoo many\u201d", 'reject "too many"'),
        ("it\u2019s", "it's"),
        ("start openchat \u2014confirm gates", "start openchat --confirm gates"),
        ("start openchat \u2013confirm gates", "start openchat --confirm gates"),
        ("pause \u2014 waiting", "pause \u2014 waiting"),
        ("chat\u2011api", "chat-api"),
        ("  status \u00a0\t all \n", "status all"),
        ("sta\u200btus\u202e", "status"),
        ("a\x00b", "a b"),
        ("\ud800", "\ufffd"),
        ("Note Ok", "Note Ok"),
    ],
)
def test_phone_keyboards(typed: str, plain: str) -> None:
    """Widths, quotes, dashes, spaces and invisible marks become plain; capitals stay."""
    assert normalise(typed) == plain


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        ("<http://chat.example|chat.example>", "chat.example"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<@U1|nick> status", "@U1 status"),
        ("<@U1>", "@U1"),
        ("<!subteam^S1|@releasers>", "@S1"),
        ("<!here>", "@here"),
        ("<!date^1^{date}|today>", "today"),
        ("<#C1|general>", "#general"),
        ("<#C1|42>", "#C1"),
        ("<#C1>", "#C1"),
        ("5 &lt; 6 &amp;&amp; 7 &gt; 6", "5 < 6 && 7 > 6"),
        ("&amp;lt;", "&lt;"),
        ("&lt;@U1&gt;", "<@U1>"),
        ("\uff1c@U1\uff1e", "<@U1>"),
    ],
)
def test_slack_markup(sent: str, plain: str) -> None:
    """Slack's tokens become what the person saw or meant, and only Slack itself makes tokens."""
    assert normalise(sent, slack=True) == plain


def test_other_rooms_have_no_markup() -> None:
    """What looks like Slack markup is text elsewhere."""
    assert normalise("<@U1> &lt;") == "<@U1> &lt;"


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT | TRICKY)
def test_normalising_twice_changes_nothing(line: str) -> None:
    """A normalised line is one trimmed, encodable line, and stays as it is."""
    plain = normalise(line)
    assert normalise(plain) == plain
    assert plain == " ".join(plain.split())
    plain.encode()


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT | TRICKY)
def test_slack_text_never_raises(line: str) -> None:
    """Broken markup is text, and the result can be stored."""
    normalise(line, slack=True).encode()


@pytest.mark.parametrize(
    ("quoted", "inner"),
    [
        ('"too many"', "too many"),
        ("' a '", "a"),
        ("\"'a'\"", "a"),
        ('"a" and "b"', '"a" and "b"'),
        ('"', '"'),
        ('""', ""),
        ("it's", "it's"),
    ],
)
def test_outer_quotes_go(quoted: str, inner: str) -> None:
    """Quotes around the whole are marks of the writer; all others belong to the text."""
    assert unquote(quoted) == inner
