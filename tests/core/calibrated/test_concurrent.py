"""The canary against the control: shares of before, hosts that come and go, what could be seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.calibrated import comparison
from bot.core.calibrated.concurrent import (
    STRANGERS,
    Asked,
    Contrast,
    Hosts,
    contrast,
    detection_limits,
)
from bot.core.calibrated.observed import observe
from bot.core.minutes import MINUTE, bin_of
from tests.support.compared import RESTARTED, Compared

CLEAN = bin_of(RESTARTED, MINUTE)
ASKED = Asked(hour=timedelta(hours=1), closes=CLEAN + 15)


async def found(
    compared: Compared, *, canary: str = "chat-1", closes: int = CLEAN + 15
) -> Contrast:
    """What is found 12 minutes after the restart."""
    where = compared.situation(12)
    counts = await compared.counts(where)
    history = (await compared.logs.count(comparison.history_request(where))).windows[0]
    hosts = Hosts({canary: CLEAN}, ("chat-2", "chat-3"))
    asked = replace(ASKED, closes=closes)
    made = contrast(observe(counts.windows[0], MINUTE), history, hosts, asked)
    assert made is not None
    return made


async def test_the_share_is_the_one_of_before() -> None:
    """A third of the lines came from the canary, and still do."""
    made = await found(Compared())
    share = dict(zip(made.split.keys, made.split.share, strict=True))

    assert share["WARN Slow"] == pytest.approx(1 / 3, abs=0.03)
    assert made.evidence.alarmed == ()


async def test_half_of_the_control_gone_is_no_rise_of_the_canary() -> None:
    """The share moves with the hosts that are alive now."""
    compared = Compared()
    compared.logs.silent_since["chat-3"] = RESTARTED
    made = await found(compared)
    share = dict(zip(made.split.keys, made.split.share, strict=True))

    assert share["WARN Slow"] == pytest.approx(1 / 2, abs=0.03)
    assert made.evidence.alarmed == ()


async def test_hosts_without_a_past_are_believed_less() -> None:
    """New pods have no habits that are known: their part of the hosts is their share."""
    compared = Compared()
    compared.logs.silent_until["chat-1"] = RESTARTED
    made = await found(compared)

    assert made.split.share == pytest.approx([1 / 3] * len(made.split.keys))
    assert set(made.split.dispersion) == {STRANGERS}


async def test_a_rise_just_above_the_limit_would_have_been_an_alarm() -> None:
    """What is printed as the smallest rise is the smallest one."""
    made = await found(Compared())
    limits = detection_limits(made)

    assert 1.5 < limits["WARN Slow"] < 6
    assert limits["ERROR Gone"] > limits["WARN Slow"]
    risen = await found(Compared(broken={("WARN", "Slow"): 2.0 * limits["WARN Slow"] * 1.5}))
    assert "WARN Slow" in risen.evidence.alarmed


async def test_once_the_window_is_over_less_would_have_been_seen() -> None:
    """The closing count sees smaller rises of small types; limits say so from then on."""
    open_still = await found(Compared())
    closed = await found(Compared(), closes=CLEAN + 12)

    assert open_still.elapsed == closed.elapsed == 12
    small = {n: detection_limits(made)["WARN Slow"] for n, made in enumerate((open_still, closed))}
    assert small[1] < small[0]


async def test_without_a_minute_of_both_there_is_nothing_to_test() -> None:
    """The canary's first minute is not over."""
    where = Compared().situation(0.5)
    counts = await Compared().counts(where)
    history = (await Compared().logs.count(comparison.history_request(where))).windows[0]
    hosts = Hosts({"chat-1": CLEAN}, ("chat-2", "chat-3"))
    seen = observe(counts.windows[0], MINUTE)

    assert contrast(seen, history, hosts, ASKED) is None
