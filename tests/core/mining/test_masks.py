"""What is masked by its form, and what is not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.mining.masks import LONGEST, Masker, headline, unrepeated


def masked(message: str, *masks: str) -> str:
    """The masked message, a blank between its chunks."""
    masker = Masker(masks)
    return " ".join(masker.chunks(masker.outline(message)))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("took 12 ms", "took <*>"),
        ("took 1.5s for 3 rows", "took <*> for <*> rows"),
        ("size 1024 bytes (1.0 KB) sent", "size <*> sent"),
        ("lifetime <1 sec", "lifetime <*>"),
        ("user=17, host=10.0.0.1:8080", "user=<*>, host=<*>"),
        ("order 6f1c2a9e-0b1d-4c77-9a5e-1f2d3c4b5a69 lost", "order <*> lost"),
        ("GET https://api.example.com/v1/orders?id=7 failed", "GET <*> failed"),
        ("cannot open /var/log/app/a.log", "cannot open <*>"),
        (r"cannot open C:\Program\app.ini now", "cannot open <*> now"),
        ("mail to jane.doe@example.com bounced", "mail to <*> bounced"),
        ("no route to db.example.com", "no route to <*>"),
        ("no route to payments.internal-net:5432", "no route to <*>"),
        ("at Fri Jun 17 07:07:00 2005 it ended", "at <*> it ended"),
        ("on 2026-11-25T12:00:00Z it ended", "on <*> it ended"),
        ("ids [1, 2, 3] are gone", "ids [<*>] are gone"),
        ("retry=true last=null", "retry=<*> last=<*>"),
        ('user "Jane Doe" 7', 'user "Jane Doe" <*>'),
    ],
)
def test_what_is_certainly_a_variable_is_masked(message: str, expected: str) -> None:
    """Numbers with units, addresses, paths, times and lists of any length are one wildcard."""
    assert masked(message) == expected


@pytest.mark.parametrize(
    "message",
    [
        "connection refused",
        "mapred.job.id is deprecated",
        "java.lang.IllegalStateException: Order not found",
        "May the force be with you",
        "read/write error",
        "job Monday failed",
        "",
    ],
)
def test_words_stay(message: str) -> None:
    """Names of classes and settings, words with a slash and words of the calendar are words."""
    assert masked(message) == message


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("注文12345の処理に失敗しました", "注文<*>の処理に失敗しました"),
        ("사용자 42명의 요청이 실패했습니다", "사용자 <*>명의 요청이 실패했습니다"),
        ("คำสั่งซื้อ 99 ล้มเหลว", "คำสั่งซื้อ <*> ล้มเหลว"),
    ],
)
def test_other_scripts_keep_their_words_beside_numbers(message: str, expected: str) -> None:
    """A number ends where another script begins: those languages write no blanks."""
    assert masked(message) == expected


def test_a_list_of_any_length_is_one() -> None:
    """Members that repeat with their commas are the member once; words that repeat stay."""
    one = masked("Map([a,1] -> b1, [a,2] -> b2, [a,3] -> b3, [a,4] -> b4)")
    more = masked("Map([a,1] -> b1, " + "[a,2] -> b2, " * 9 + "[a,4] -> b4)")

    assert one == more
    assert unrepeated(["no", "no", "no"]) == ("no", "no", "no")


def test_own_masks_come_first() -> None:
    """An expression of one's own masks what no form shows."""
    assert masked("tenant acme is over quota", r"(?<=tenant )\w+") == "tenant <*> is over quota"
    with pytest.raises(re.error):
        Masker(["("])


def test_the_headline_says_what_happened() -> None:
    """The first line, without the stack trace below; of a Python traceback the last."""
    traced = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no such order'

    assert headline("it failed\n\tat a.b.C(C.java:7)") == "it failed"
    assert headline(traced) == "ValueError: no such order"
    assert headline("word " * 400).endswith("word")
    assert len(headline("x" * 5000)) == LONGEST


@given(st.text(max_size=200))
def test_masking_never_fails_and_what_was_seen_changes_nothing(message: str) -> None:
    """Any text is masked, and the same way by a new masker and by one that knows the words."""
    masker = Masker()
    first = masker.chunks(masker.outline(message))

    assert masker.chunks(masker.outline(message)) == first
    assert Masker().chunks(masker.outline(message)) == first
    assert not re.search(r"[0-9]", " ".join(first))


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_decimal_numbers_never_tell_messages_apart(one: int, other: int) -> None:
    """Two messages that differ in a number only have one outline."""
    masker = Masker()

    assert masker.outline(f"order {one} lost") == masker.outline(f"order {other} lost")


@pytest.mark.parametrize("part", ["a.", "a@", "a+", "com.", "/a", "0_", '"a ', "[a,", "a:0:", "<"])
def test_hostile_words_take_no_time(part: str) -> None:
    """A thousand letters that nearly are an address cost about as much as any others."""
    word = (part * LONGEST)[:LONGEST]
    masker = Masker()
    began = time.process_time()
    for number in range(10):
        masker.form("x" * number + word)

    assert time.process_time() - began < 0.2
