"""Where a release stands when it compares logs: moments and hosts of its steps."""

from __future__ import annotations

from datetime import timedelta

from bot.core.operation import HostState, Progress, ProgressState
from bot.engine.situations import deploy_started, restarted_hosts, situation
from tests.support.releases import (
    CANARIED,
    CANARY,
    HOSTS,
    T0,
    World,
    hosts,
    release,
    started,
    target,
)


def baking() -> World:
    """A canary whose first host was seen restarted ten minutes before its second one."""
    world = started(release(target(CANARIED)))
    world.progress["chat/restart-canary"] = Progress(
        state=ProgressState.RUNNING,
        hosts=(
            *hosts(HostState.SUCCEEDED, CANARY[0]),
            *hosts(HostState.RUNNING, CANARY[1]),
        ),
    )
    while not world.step("chat/restart-canary").succeeded_at:
        world.tick()
    world.now += timedelta(minutes=10)
    del world.progress["chat/restart-canary"]
    world.until("chat/check-canary")
    return world


def test_each_host_has_its_own_moment() -> None:
    """From which on it runs nothing but the new version."""
    world = baking()
    found = situation(world.release, world.step("chat/check-canary"), world.now)
    first, second = (found.restarted[host] for host in CANARY)

    assert second - first >= timedelta(minutes=10)
    assert found.restart_started <= first < second <= found.restart_ended
    assert found.control == tuple(host for host in HOSTS if host not in CANARY)
    assert found.deploy_started == deploy_started(world.release, "chat")
    assert found.deploy_started > T0 - timedelta(seconds=1)
    assert restarted_hosts(world.release, world.step("chat/check-canary")) == CANARY


def test_after_the_promotion_there_is_no_control() -> None:
    """Every host runs the new version; the check looks from the second restart on."""
    world = baking()
    world.run()
    gate = world.release.open_questions[0]
    world.click(gate, gate.choices[0])
    world.until("chat/check")
    found = situation(world.release, world.step("chat/check"), world.now)

    assert found.control == ()
    assert set(found.restarted) == set(HOSTS)
    assert found.restart_started == world.step("chat/restart").started_at
