"""What the example's instances write: history, its continuation, and what each version adds."""

from __future__ import annotations

import json
from collections import Counter
from itertools import takewhile
from pathlib import Path

import pytest

from examples.openchat import history
from examples.openchat.background import CLOCKWORK, HEARTBEAT, KNOWN, STEADY, TEN_DAYS, moments
from examples.openchat.faults import VERSIONS, Behaviour, streams
from examples.openchat.topology import COMPONENTS, RUNS_AT_FIRST, places
from tests.examples.target import at

SCALE = 60.0
NOW = 1_800_000_000.0
BASELINE = TEN_DAYS / SCALE
ROUND = 300.0 / SCALE


def counted(
    behaviour: Behaviour, component: str, since: float, until: float, *, hosts: int = 3
) -> Counter[str]:
    """What the first hosts of a component write in a window, by type."""
    return Counter(
        name
        for place in places(component)[:hosts]
        for stream in streams(behaviour, place, since=since, time_scale=SCALE)
        for _, name in takewhile(lambda one: one[0] < until, stream)
    )


def titled(words: str) -> Behaviour:
    """The version whose title holds these words."""
    [found] = [each for each in VERSIONS.values() if words in each.title]
    return found


HEALTHY = VERSIONS[RUNS_AT_FIRST]


@pytest.mark.thorough
def test_the_same_seed_writes_the_same_history(tmp_path: Path) -> None:
    """History depends on its end, scale and seed, and on nothing else."""
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        history.write(
            tmp_path / name, end=NOW, time_scale=SCALE, seed=seed, components=("chat", "auth")
        )

    def content(name: str) -> dict[str, bytes]:
        folder = tmp_path / name
        return {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.log.*")
        }

    assert len(content("one")) == 12
    assert content("one") == content("again")
    assert content("one") != content("other")


def test_history_is_log_files_in_order(tmp_path: Path) -> None:
    """Each line is an object with every field, in rising order over the rotated files."""
    history.write(tmp_path, end=NOW, time_scale=SCALE, components=("chat",))
    files = [tmp_path / f"logs/chat/chat-2.log.{number}" for number in (2, 1)]
    lines = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    times = [at(line) for line in lines]

    assert len(lines) > 5000
    assert times == sorted(times)
    assert NOW - BASELINE <= times[0] < times[-1] < NOW
    assert {line["host"] for line in lines} == {"chat-2"}
    assert {line["level"] for line in lines} == {"INFO", "WARN", "ERROR"}
    assert all(line["type"] and line["message"] and line["logger"] for line in lines)


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_known_type_is_in_the_history(component: str) -> None:
    """Rule A has nothing to find in a healthy version: each of its types was seen before."""
    seen = counted(HEALTHY, component, NOW - BASELINE, NOW)

    assert set(seen) == {kind.name for kind in STEADY}
    assert min(seen.values()) >= 20


@pytest.mark.parametrize("component", COMPONENTS)
def test_every_host_writes_in_every_minute(component: str) -> None:
    """A minute without a line would be unknown, and nothing could pass."""
    minute = 60.0 / SCALE
    for place in places(component):
        beats = moments(HEARTBEAT, place, since=NOW, time_scale=SCALE)
        found = {at // minute for at, _ in takewhile(lambda one: one[0] < NOW + 3600, beats)}
        first = NOW // minute + 1
        assert set(range(int(first), int(first + 3500 / minute))) <= found


@pytest.mark.parametrize("component", COMPONENTS)
def test_any_ten_days_hold_fifty_of_the_talks_type(component: str) -> None:
    """The number before is that of the talk, whenever a release begins."""
    for later in range(0, 4000, 37):
        end = NOW + later
        found = 0
        for place in places(component):
            for moment, _ in moments(CLOCKWORK, place, since=end - BASELINE, time_scale=SCALE):
                if moment >= end:
                    break
                found += 1
        assert found == 50


def test_what_comes_continues_what_was() -> None:
    """A stream that begins later gives the same moments: nothing is lost between the two."""
    for kind in KNOWN:
        for place in places("chat"):
            whole = moments(kind, place, since=NOW - BASELINE, time_scale=SCALE)
            later = moments(kind, place, since=NOW, time_scale=SCALE)
            rest = [
                one for one in takewhile(lambda one: one[0] < NOW + 3600, whole) if one[0] >= NOW
            ]
            assert rest == list(takewhile(lambda one: one[0] < NOW + 3600, later))
            assert rest


def test_a_healthy_version_stays_far_below_its_history() -> None:
    """In twenty seconds, and in ten minutes of waiting people, no type comes near its total."""
    for component in COMPONENTS:
        before = counted(HEALTHY, component, NOW - BASELINE, NOW)
        for begun in range(0, 3600, 600):
            after = counted(HEALTHY, component, NOW + begun, NOW + begun + 600)
            assert all(after[name] * 4 < before[name] for name in after)


def test_the_first_version_is_healthy_and_the_last_one_runs() -> None:
    """Who says nothing releases a healthy version; what runs is offered for going back."""
    newest, *_, oldest = VERSIONS

    assert oldest == RUNS_AT_FIRST
    assert VERSIONS[newest] == Behaviour(VERSIONS[newest].title)
    assert len({each.title for each in VERSIONS.values()}) == len(VERSIONS) == 7


@pytest.mark.parametrize("hosts", [1, 3])
def test_the_talks_example_exceeds_its_total_in_the_first_round(hosts: int) -> None:
    """50 in ten days, 250 since: more than before within one round, even on the canary alone."""
    fault = titled("50 before")
    after = counted(fault, "chat", NOW, NOW + ROUND, hosts=hosts)[CLOCKWORK.name]

    assert after > 50
    if hosts == 3:
        assert 250 <= after <= 251


@pytest.mark.parametrize("hosts", [1, 3])
def test_six_times_as_often_stays_below_the_total(hosts: int) -> None:
    """The rate is six times the usual one, and still far from the ten days' total: a pass."""
    fault = titled("six times")
    name = fault.faster
    usual = counted(HEALTHY, "chat", NOW, NOW + 3600, hosts=hosts)[name]
    raised = counted(fault, "chat", NOW, NOW + 3600, hosts=hosts)[name]
    before = counted(HEALTHY, "chat", NOW - BASELINE, NOW)[name]

    assert 5.8 < raised / usual < 6.2
    assert 0 < counted(fault, "chat", NOW, NOW + 4 * ROUND, hosts=3)[name] < before / 50


@pytest.mark.parametrize("hosts", [1, 3])
def test_the_new_type_was_never_seen(hosts: int) -> None:
    """It is in nobody's history and shows within the first round, even on the canary alone."""
    fault = titled("new error type")
    assert fault.new is not None
    after = counted(fault, "chat", NOW, NOW + ROUND, hosts=hosts)

    assert after[fault.new.name] >= 2
    assert fault.new.name not in {kind.name for kind in KNOWN}


def test_the_quiet_version_writes_nothing() -> None:
    """Not even the known errors, for as long as it runs."""
    assert counted(titled("quiet"), "chat", NOW, NOW + 86400) == Counter()
