"""Codes that link an account: recognised as phones write them; nothing else is taken for one."""

from __future__ import annotations

import pytest

from bot.core import link_code

CODE = link_code.make("seed")


def test_a_code_is_made_of_its_seed() -> None:
    """Twelve letters of an alphabet without look-alikes, another seed another code."""
    assert link_code.make("seed") == CODE != link_code.make("seed-2")
    assert len(CODE.replace("-", "")) == 12
    assert set(CODE) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-")


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        f"  {CODE}\n",
        CODE.replace("-", "\N{EN DASH}"),
        CODE.replace("-", "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"),
        "".join(chr(ord(c) + 0xFEE0) for c in CODE),
    ],
)
def test_a_code_is_recognised_as_phones_write_it(typed: str) -> None:
    """Small letters, other dashes, full width and spaces around it do not matter."""
    assert link_code.hash_in(typed) == link_code.digest(CODE)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "status",
        "confirmation",
        "have some fish",
        CODE[:-1],
        f"{CODE}A",
        f"code {CODE}",
        "-" * 14,
        "A" * 101,
        CODE.replace("-", ""),
    ],
)
def test_other_lines_are_no_codes(line: str) -> None:
    """What people say to each other is left alone."""
    assert link_code.hash_in(line) == ""


def test_a_button_is_bound_to_code_and_account() -> None:
    """Another account has another nonce for the same code."""
    stored = link_code.digest(CODE)

    assert link_code.nonce(stored, "line:U1") != link_code.nonce(stored, "line:U2")
    assert len(link_code.nonce(stored, "line:U1")) < 99
