"""Checks that the policies of release.yml can come to a verdict."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.config.policy import SHORTEST_CALIBRATED
from bot.core.config.problem import Problem, place, show
from bot.core.config.release_file import ReleaseFile
from bot.core.value import spell


def check_policies(file: ReleaseFile) -> Iterator[Problem]:
    """Find the policies with which no check could ever pass."""
    for name, policy in file.policies.items():
        if policy.comparison == "calibrated" and policy.baseline < SHORTEST_CALIBRATED:
            loc, least = ("policies", name, "baseline"), spell(SHORTEST_CALIBRATED)
            yield Problem(
                path=place(loc),
                value=show(spell(policy.baseline), loc),
                right=f"is too short for `calibrated`: no check would pass; write {least} or more",
            )
