"""What was fitted is read back as it was, and never what another version fitted."""

from __future__ import annotations

import json

import pytest

from bot.core.verdict.calibrated.calibration import calibrate
from bot.core.verdict.calibrated.panel import PanelError
from bot.core.verdict.calibrated.stored import from_json, to_json
from tests.support.counted_minutes import DAY, START, baseline, quiet


def test_it_can_be_stored_and_read_back() -> None:
    """Every number is the same, bit by bit."""
    made = baseline()

    assert to_json(from_json(to_json(made))) == to_json(made)
    assert from_json(to_json(made)).keys == made.keys


def test_the_rule_is_stored_too() -> None:
    """A young baseline's bound stays one."""
    young = calibrate(quiet().between(START, START + 2 * DAY))

    assert to_json(from_json(to_json(young))) == to_json(young)
    assert from_json(to_json(young)).bounded
    assert not from_json(to_json(baseline())).bounded


def test_another_version_is_refused() -> None:
    """What was stored by another version is made anew, never misread."""
    body = {**json.loads(to_json(baseline())), "version": 0}

    with pytest.raises(PanelError):
        from_json(json.dumps(body))
