"""The example's release.yml: valid, complete, and about the hosts that there are."""

from __future__ import annotations

import pytest
import yaml

from bot.core.access import eligible
from bot.core.config.executor import HttpExecutor
from bot.core.config.person import Role
from bot.core.config.policy import OnFail
from bot.core.config.release_file import ReleaseFile, component_policy
from bot.core.plan import order
from bot.core.references import check_references
from bot.core.verb import Verb
from examples.openchat.topology import COMPONENTS, places
from tests.support.source import ROOT


@pytest.fixture(scope="module")
def file() -> ReleaseFile:
    """The file, checked like a team's own."""
    text = (ROOT / "examples/openchat/release.yml").read_text(encoding="utf-8")
    return ReleaseFile.model_validate(yaml.safe_load(text))


def test_it_is_valid_and_its_parts_fit(file: ReleaseFile) -> None:
    """Every name in it leads somewhere, and somebody may decide everything."""
    assert check_references(file) == []


def test_its_components_are_those_that_run(file: ReleaseFile) -> None:
    """Seven components with the canary groups of the target, in an order that can be kept."""
    components = file.targets["openchat"].components

    assert tuple(components) == COMPONENTS
    assert len(components) == 7
    assert order(file.targets["openchat"]) == COMPONENTS
    canaried = [name for name, part in components.items() if part.canary]
    assert len(canaried) == 2
    for name in COMPONENTS:
        groups = {place.group for place in places(name)}
        assert ({components[name].canary} <= groups) == (name in canaried)


def test_it_is_the_release_of_the_talk(file: ReleaseFile) -> None:
    """Owners, two rooms to share with, both ways to compare, and people asked on trouble."""
    target = file.targets["openchat"]
    policy = component_policy(file, "openchat", "chat")

    assert all(1 <= len(part.owners) <= 2 for part in target.components.values())
    assert len(target.share) == 2
    assert target.production is True
    assert (policy.comparison, policy.on_fail) == ("calibrated", OnFail.ASK)
    assert file.policies["seed-2020"].comparison == "seed-2020"
    assert isinstance(file.executors[target.executor], HttpExecutor)


def test_its_people_can_play_every_part(file: ReleaseFile) -> None:
    """Whoever starts, at least two others may approve each promotion; every role is there."""
    target = file.targets["openchat"]
    starters = eligible(file.people, "openchat", target, verb=Verb.START)

    assert {person.role for person in file.people.values()} == set(Role)
    assert len(starters) >= 4
    for name, part in target.components.items():
        if part.canary:
            may = eligible(file.people, "openchat", target, verb=Verb.APPROVE, component=name)
            assert all(len(set(may) - {starter}) >= 2 for starter in starters)
