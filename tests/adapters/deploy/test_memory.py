"""Tests what tests can order the executor in memory to do."""

from __future__ import annotations

import pytest

from adapters.deploy.memory import MemoryDeployer
from bot.core.config.executor import MemoryExecutor
from bot.core.operation import (
    Candidate,
    FindState,
    HostState,
    Operation,
    OperationKind,
    ProgressState,
    RefusedError,
    UnreachableError,
    UnsureError,
)

DEPLOY = Operation(
    key="7/deploy-chat/1", kind=OperationKind.DEPLOY, component="chat", version="1.1"
)
RESTART = DEPLOY.model_copy(update={"key": "7/restart-chat/1", "kind": OperationKind.RESTART})
HOSTS = ("chat-1", "chat-2", "chat-3")


@pytest.fixture
def executor() -> MemoryDeployer:
    """An executor with three hosts for each component."""
    return MemoryDeployer(MemoryExecutor(kind="memory", versions=("1.1", "1.0")))


async def run(executor: MemoryDeployer, operation: Operation) -> ProgressState:
    """Start an operation and look at it once."""
    return (await executor.look(operation, await executor.start(operation))).state


async def versions(executor: MemoryDeployer) -> set[str]:
    """Return the versions that run on the hosts of chat."""
    return set((await executor.running("chat")).versions.values())


async def test_starts_are_witnessed_in_order(executor: MemoryDeployer) -> None:
    """Every operation that was begun is listed once."""
    await run(executor, DEPLOY)
    await run(executor, RESTART)
    await run(executor, RESTART)

    assert executor.started == [DEPLOY, RESTART]
    assert await versions(executor) == {"1.1"}


async def test_a_rollback_without_a_restart_before_changes_nothing_that_runs(
    executor: MemoryDeployer,
) -> None:
    """Deploying the old version over a new one that never ran leaves what runs as it is."""
    await run(executor, DEPLOY)
    await run(executor, DEPLOY.model_copy(update={"key": "7/back/1", "version": "1.0"}))
    assert await versions(executor) == {"1.0"}
    await run(executor, RESTART)

    assert await versions(executor) == {"1.0"}


async def test_a_restart_without_a_deployment_changes_nothing(executor: MemoryDeployer) -> None:
    """A restart makes run what lies on the hosts, not what it hopes for."""
    assert await run(executor, RESTART) is ProgressState.SUCCEEDED

    assert await versions(executor) == {"1.0"}


async def test_groups_can_be_given() -> None:
    """Hosts are in the groups that the test names, for each component; else the first is canary."""
    groups = {"chat": {"chat-2": "canary", "chat-3": "tokyo"}}
    executor = MemoryDeployer(MemoryExecutor(kind="memory"), groups=groups)

    assert executor.hosts("chat", "canary") == ("chat-2",)
    assert (await executor.running("chat")).groups == groups["chat"]
    assert (await executor.running("api")).hosts("canary") == ("api-1",)


async def test_a_group_without_hosts_is_refused(executor: MemoryDeployer) -> None:
    """An operation on nothing is no operation."""
    with pytest.raises(RefusedError, match="tokyo"):
        await executor.start(RESTART.model_copy(update={"group": "tokyo"}))
    with pytest.raises(RefusedError, match="api-1"):
        await executor.start(RESTART.model_copy(update={"hosts": ("api-1",)}))

    assert executor.started == []


async def test_an_operation_is_held_until_it_is_finished(executor: MemoryDeployer) -> None:
    """While held it runs and changes nothing; finishing ends it at once."""
    executor.hold("chat")
    handle = await executor.start(DEPLOY)
    assert (await executor.look(DEPLOY, handle)).state is ProgressState.RUNNING
    executor.finish(DEPLOY.key)

    assert (await executor.look(DEPLOY, handle)).state is ProgressState.SUCCEEDED


async def test_a_released_component_ends_its_operations(executor: MemoryDeployer) -> None:
    """After release the next look ends the operation; other components were never held."""
    executor.hold("chat")
    handle = await executor.start(DEPLOY)
    other = DEPLOY.model_copy(update={"key": "7/deploy-api/1", "component": "api"})
    assert await run(executor, other) is ProgressState.SUCCEEDED
    executor.release("chat")

    assert (await executor.look(DEPLOY, handle)).state is ProgressState.SUCCEEDED


async def test_a_failure_can_be_ordered_for_a_key_to_come(executor: MemoryDeployer) -> None:
    """An operation fails on the hosts that were named before it began, and changes the others."""
    executor.fail(RESTART.key, hosts=["chat-2"])
    await run(executor, DEPLOY)
    progress = await executor.look(RESTART, await executor.start(RESTART))

    assert progress.state is ProgressState.FAILED
    assert [one.host for one in progress.hosts if one.state is HostState.FAILED] == ["chat-2"]
    assert (await executor.running("chat")).versions == {
        "chat-1": "1.1", "chat-2": "1.0", "chat-3": "1.1",
    }  # fmt: skip


async def test_a_begun_operation_can_fail_everywhere(executor: MemoryDeployer) -> None:
    """Failing without naming hosts fails on all of them, once and for all."""
    executor.hold("chat")
    handle = await executor.start(DEPLOY)
    executor.fail(DEPLOY.key)
    executor.finish(DEPLOY.key)
    progress = await executor.look(DEPLOY, handle)

    assert progress.state is ProgressState.FAILED
    assert progress.detail == "3 of 3 hosts failed"


async def test_a_begun_operation_can_succeed_in_part(executor: MemoryDeployer) -> None:
    """The named hosts succeed, the others fail."""
    executor.hold("chat")
    handle = await executor.start(DEPLOY)
    executor.partial(DEPLOY.key, succeeded=["chat-1"])
    progress = await executor.look(DEPLOY, handle)

    assert progress.state is ProgressState.FAILED
    assert [one.host for one in progress.hosts if one.state is HostState.SUCCEEDED] == ["chat-1"]


async def test_the_next_operation_of_a_kind_can_fail(executor: MemoryDeployer) -> None:
    """Only the next operation of that component and kind fails."""
    executor.fail_next("chat", OperationKind.RESTART)

    assert await run(executor, DEPLOY) is ProgressState.SUCCEEDED
    assert await run(executor, RESTART) is ProgressState.FAILED
    again = RESTART.model_copy(update={"key": "7/restart-chat/2"})
    assert await run(executor, again) is ProgressState.SUCCEEDED


async def test_a_forgotten_task_is_lost_and_absent(executor: MemoryDeployer) -> None:
    """A forgotten task looks as if it had never been, and its key can begin a second time."""
    handle = await executor.start(DEPLOY)
    executor.forget(DEPLOY.key)

    assert (await executor.look(DEPLOY, handle)).state is ProgressState.LOST
    assert (await executor.find(DEPLOY)).state is FindState.ABSENT
    assert not (await executor.stop(DEPLOY, handle)).accepted
    await executor.start(DEPLOY)
    assert executor.started == [DEPLOY, DEPLOY]


async def test_an_unclear_answer_is_unknown_until_it_is_clear(executor: MemoryDeployer) -> None:
    """Unclear is unknown; when the answer is clear again the operation ends."""
    executor.answer_unclearly(DEPLOY.key)
    assert await run(executor, DEPLOY) is ProgressState.UNKNOWN
    executor.answer_clearly(DEPLOY.key)

    assert await run(executor, DEPLOY) is ProgressState.SUCCEEDED


async def test_one_start_can_be_refused(executor: MemoryDeployer) -> None:
    """A refused start begins nothing; the one after it does."""
    executor.refuse_next("not today")
    with pytest.raises(RefusedError, match="not today"):
        await executor.start(DEPLOY)
    assert executor.started == []

    assert await run(executor, DEPLOY) is ProgressState.SUCCEEDED


@pytest.mark.parametrize(("began", "state"), [(True, FindState.FOUND), (False, FindState.ABSENT)])
async def test_one_start_can_be_unsure(
    executor: MemoryDeployer, *, began: bool, state: FindState
) -> None:
    """A start without an answer has begun or not, and finding by key tells which."""
    executor.unsure_next(began=began)
    with pytest.raises(UnsureError):
        await executor.start(DEPLOY)

    assert (await executor.find(DEPLOY)).state is state
    assert len(executor.started) == began


async def test_an_unreachable_executor_begins_and_answers_nothing(executor: MemoryDeployer) -> None:
    """Every question raises while it is unreachable, and a start is refused."""
    handle = await executor.start(DEPLOY)
    executor.unreachable = True
    for question in (
        executor.find(DEPLOY),
        executor.look(DEPLOY, handle),
        executor.stop(DEPLOY, handle),
        executor.running("chat"),
        executor.candidates("chat"),
    ):
        with pytest.raises(UnreachableError):
            await question
    with pytest.raises(RefusedError):
        await executor.start(RESTART)

    assert executor.started == [DEPLOY]


async def test_an_executor_that_cannot_stop_says_so(executor: MemoryDeployer) -> None:
    """The operation goes on when it cannot be stopped."""
    executor.hold("chat")
    executor.cannot_stop = True
    handle = await executor.start(DEPLOY)
    stop = await executor.stop(DEPLOY, handle)

    assert not stop.accepted
    assert stop.detail
    assert (await executor.look(DEPLOY, handle)).state is ProgressState.RUNNING


async def test_an_executor_that_cannot_find_says_so(executor: MemoryDeployer) -> None:
    """Without keys nobody can tell whether an operation was begun."""
    executor.cannot_find = True
    await executor.start(DEPLOY)

    assert (await executor.find(DEPLOY)).state is FindState.CANNOT_TELL


async def test_a_version_can_come_past_the_bot(executor: MemoryDeployer) -> None:
    """A host runs what a test puts there, also after the next restart."""
    executor.set_running("chat", "chat-3", "9.9")
    await run(executor, RESTART)

    assert (await executor.running("chat")).versions["chat-3"] == "9.9"


async def test_candidates_are_the_configured_versions(executor: MemoryDeployer) -> None:
    """The configured order is kept."""
    found = await executor.candidates("chat")
    await executor.close()

    assert found == (Candidate(version="1.1"), Candidate(version="1.0"))
