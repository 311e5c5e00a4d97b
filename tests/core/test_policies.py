"""A policy with which no check could pass is refused, with what would be right."""

from __future__ import annotations

from datetime import timedelta

from bot.core.config.policy import SHORTEST_CALIBRATED
from bot.core.policies import check_policies
from bot.core.verdict.calibrated.calibration import FEWEST_DAYS
from tests.support.engines import release_file


def said(**policy: str) -> list[str]:
    """What is wrong with a file that has this policy."""
    return [str(problem) for problem in check_policies(release_file(policy))]


def test_a_baseline_with_which_nothing_passes_is_refused() -> None:
    """`calibrated` needs three days, the other comparison none."""
    [short] = said(comparison="calibrated", baseline="2d")

    assert "baseline: '2d' is too short for `calibrated`" in short
    assert short.endswith("write 3d or more")
    assert said(comparison="calibrated", baseline="3d") == []
    assert said(comparison="seed-2020", baseline="2d") == []
    assert timedelta(days=FEWEST_DAYS) == SHORTEST_CALIBRATED
