"""What every executor promises: begun at most once, found again, and never success by mistake."""

# ruff: noqa: D102 - the methods of subjects are described where Subject declares them

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from adapters.deploy.command import CommandDeployer
from adapters.deploy.http import HttpDeployer
from adapters.deploy.memory import MemoryDeployer, MemoryWorld
from bot.core.config.executor import CommandExecutor, HttpExecutor, MemoryExecutor
from bot.core.operation import (
    FindState,
    HostState,
    Operation,
    OperationKind,
    Progress,
    ProgressState,
    RefusedError,
    UnreachableError,
)
from bot.core.redact import redact
from bot.ports import Executor
from tests.support import deployctl
from tests.support.deployment_api import DeploymentApi

pytestmark = pytest.mark.thorough

DEPLOY = Operation(
    key="7/deploy-chat/1", kind=OperationKind.DEPLOY, component="chat", version="1.1"
)
RESTART = DEPLOY.model_copy(update={"key": "7/restart-chat/1", "kind": OperationKind.RESTART})
HOSTS = tuple(f"chat-{number}" for number in range(1, 6))


class Subject(ABC):
    """One kind of executor with five hosts, and the hands of a test on what is behind it."""

    tells_starts_apart = True
    """Whether starting a key twice begins it once."""

    @abstractmethod
    async def make(self) -> Executor:
        """Make an executor of the same world, as a bot does that starts again."""

    @abstractmethod
    def starts(self, key: str) -> int:
        """Return how often the world saw the start of the key."""

    @abstractmethod
    def fail(self, *hosts: str) -> None:
        """Let operations fail on these hosts from now on."""

    @abstractmethod
    def hold(self, *, on: bool) -> None:
        """Keep operations running from now on, or let them end."""

    @abstractmethod
    async def cut_off(self) -> None:
        """Make questions fail from now on."""


class MemorySubject(Subject):
    """The twin in memory."""

    def __init__(self, _: Path) -> None:
        self._world = MemoryWorld()
        self._made: list[MemoryDeployer] = []

    async def make(self) -> Executor:
        config = MemoryExecutor(kind="memory", hosts=5, versions=("1.2", "1.1"))
        self._made.append(MemoryDeployer(config, world=self._world))
        return self._made[-1]

    def starts(self, key: str) -> int:
        return sum(operation.key == key for operation in self._world.started)

    def fail(self, *hosts: str) -> None:
        for one in self._made:
            one.fail_next("chat", hosts=hosts)

    def hold(self, *, on: bool) -> None:
        for one in self._made:
            (one.hold if on else one.release)("chat")

    async def cut_off(self) -> None:
        for one in self._made:
            one.unreachable = True


class HttpSubject(Subject):
    """A deployment API on loopback; it starts whatever it is told, also twice."""

    tells_starts_apart = False

    def __init__(self, _: Path) -> None:
        self._api = DeploymentApi()
        self._open = AsyncExitStack()

    async def make(self) -> Executor:
        if not self._api.url:
            await self._open.enter_async_context(self._api)
        config = HttpExecutor(kind="http", base_url=self._api.url, retries=0)
        return HttpDeployer(config, redact=redact)

    def starts(self, key: str) -> int:
        return self._api.starts(key)

    def fail(self, *hosts: str) -> None:
        self._api.faults.failing_hosts = hosts or HOSTS

    def hold(self, *, on: bool) -> None:
        self._api.faults.hold = on

    async def cut_off(self) -> None:
        await self._api.close()


class CommandSubject(Subject):
    """Commands: a script that keeps its hosts in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def make(self) -> Executor:
        script = (sys.executable, "-I", "-S", deployctl.__file__, str(self._folder))
        values = ("{component}", "{version}", "{group}", "{hosts}", "{key}")
        config = CommandExecutor(
            kind="command",
            deploy=(*script, "deploy", *values),
            restart=(*script, "restart", *values),
            running=(*script, "running", "{component}"),
            candidates=(*script, "candidates", "{component}"),
        )
        return CommandDeployer(
            config, state_dir=self._folder / "state", environment=os.environ, redact=redact
        )

    def starts(self, key: str) -> int:
        file = self._folder / "starts"
        return file.read_text().splitlines().count(key) if file.exists() else 0

    def fail(self, *hosts: str) -> None:
        (self._folder / "fail").write_text(" ".join(hosts or ("all",)))

    def hold(self, *, on: bool) -> None:
        if on:
            (self._folder / "hold").touch()
        else:
            (self._folder / "hold").unlink()

    async def cut_off(self) -> None:
        (self._folder / "down").touch()


SUBJECTS: list[type[Subject]] = [MemorySubject, HttpSubject, CommandSubject]


@pytest.fixture(params=SUBJECTS, ids=lambda kind: kind.__name__.removesuffix("Subject").lower())
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    """One kind of executor and its world."""
    made: Subject = request.param(tmp_path)
    return made


@pytest.fixture
async def executor(subject: Subject) -> AsyncIterator[Executor]:
    """An executor of the subject."""
    made = await subject.make()
    yield made
    await made.close()
    if isinstance(subject, HttpSubject):
        await subject._open.aclose()


async def until_ended(executor: Executor, operation: Operation, handle: str) -> Progress:
    """Look until the operation has ended, as the engine does."""
    async with asyncio.timeout(20):
        progress = await executor.look(operation, handle)
        while progress.state is ProgressState.RUNNING:
            # A process and a server have no event to wait for.
            await asyncio.sleep(0.02)
            progress = await executor.look(operation, handle)
    return progress


async def run(executor: Executor, operation: Operation) -> Progress:
    """Start an operation and look until it has ended."""
    return await until_ended(executor, operation, await executor.start(operation))


async def test_an_operation_is_started_and_looked_at_until_success(
    subject: Subject, executor: Executor
) -> None:
    """A start gives a short handle, and looking ends in success on every host."""
    handle = await executor.start(DEPLOY)
    progress = await until_ended(executor, DEPLOY, handle)

    assert 0 < len(handle) <= 200
    assert progress.state is ProgressState.SUCCEEDED
    assert {one.host: one.state for one in progress.hosts} == dict.fromkeys(
        HOSTS, HostState.SUCCEEDED
    )
    assert subject.starts(DEPLOY.key) == 1


async def test_an_operation_is_found_by_key_after_a_crash(
    subject: Subject, executor: Executor
) -> None:
    """An executor that is made anew finds what runs and follows it to its end."""
    subject.hold(on=True)
    handle = await executor.start(DEPLOY)
    await executor.close()
    anew = await subject.make()
    subject.hold(on=True)
    found = await anew.find(DEPLOY)
    during = await anew.look(DEPLOY, found.handle)
    subject.hold(on=False)
    progress = await until_ended(anew, DEPLOY, found.handle)
    await anew.close()

    assert found.state is FindState.FOUND
    assert found.handle == handle
    assert during.state is ProgressState.RUNNING
    assert progress.state is ProgressState.SUCCEEDED
    assert subject.starts(DEPLOY.key) == 1


async def test_an_operation_that_has_ended_is_found_too(
    subject: Subject, executor: Executor
) -> None:
    """What ended while the bot was away is found, and its end can be read."""
    await run(executor, DEPLOY)
    anew = await subject.make()
    found = await anew.find(DEPLOY)
    progress = await anew.look(DEPLOY, found.handle)
    await anew.close()

    assert found.state is FindState.FOUND
    assert progress.state is ProgressState.SUCCEEDED


async def test_a_key_that_was_never_started_is_absent(executor: Executor) -> None:
    """Only the key counts: another operation of the same component is not taken for it."""
    await run(executor, DEPLOY)
    found = await executor.find(DEPLOY.model_copy(update={"key": "7/deploy-chat/2"}))

    assert found.state is FindState.ABSENT
    assert found.handle == ""


async def test_a_key_begins_once(subject: Subject, executor: Executor) -> None:
    """Each handle is one start, and where the executor can tell, a key has only one."""
    handles = {await executor.start(DEPLOY) for _ in range(2)}
    handles |= set(await asyncio.gather(*(executor.start(DEPLOY) for _ in range(3))))
    for handle in handles:
        await until_ended(executor, DEPLOY, handle)

    assert subject.starts(DEPLOY.key) == len(handles)
    assert len(handles) == (1 if subject.tells_starts_apart else 5)


async def test_a_handle_that_is_unknown_is_lost(executor: Executor) -> None:
    """A handle of nothing is lost: neither running nor success."""
    progress = await executor.look(DEPLOY, "../nothing")

    assert progress.state is ProgressState.LOST


async def test_an_operation_that_fails_everywhere_has_failed(
    subject: Subject, executor: Executor
) -> None:
    """A failure is told with a reason, and nothing runs that did not before."""
    await run(executor, DEPLOY)
    subject.fail()
    progress = await run(executor, RESTART)

    assert progress.state is ProgressState.FAILED
    assert {one.state for one in progress.hosts} == {HostState.FAILED}
    assert set((await executor.running("chat")).versions.values()) == {"1.0"}


async def test_a_partial_failure_is_told_host_by_host(subject: Subject, executor: Executor) -> None:
    """Three of five hosts is a failure that names the three that changed."""
    await run(executor, DEPLOY)
    subject.fail("chat-2", "chat-4")
    progress = await run(executor, RESTART)

    assert progress.state is ProgressState.FAILED
    assert {one.host for one in progress.hosts if one.state is HostState.SUCCEEDED} == {
        "chat-1", "chat-3", "chat-5",
    }  # fmt: skip
    assert {one.host for one in progress.hosts if one.state is HostState.FAILED} == {
        "chat-2", "chat-4",
    }  # fmt: skip
    assert "chat-1" not in progress.detail
    assert len(progress.detail) <= 500


async def test_a_running_operation_can_be_stopped(subject: Subject, executor: Executor) -> None:
    """A stop that is accepted ends in stopped, never in success."""
    subject.hold(on=True)
    handle = await executor.start(DEPLOY)
    assert (await executor.look(DEPLOY, handle)).state is ProgressState.RUNNING
    stop = await executor.stop(DEPLOY, handle)
    progress = await until_ended(executor, DEPLOY, handle)

    assert stop.accepted
    assert progress.state is ProgressState.STOPPED


async def test_an_operation_that_has_ended_cannot_be_stopped(executor: Executor) -> None:
    """Stopping what has ended is not accepted, with a reason, and changes nothing."""
    handle = await executor.start(DEPLOY)
    await until_ended(executor, DEPLOY, handle)
    stop = await executor.stop(DEPLOY, handle)

    assert not stop.accepted
    assert stop.detail
    assert (await executor.look(DEPLOY, handle)).state is ProgressState.SUCCEEDED


async def test_a_deployment_alone_changes_nothing_that_runs(executor: Executor) -> None:
    """What a deploy puts on the hosts runs only after a restart."""
    await run(executor, DEPLOY)
    running = await executor.running("chat")

    assert running.versions == dict.fromkeys(HOSTS, "1.0")


async def test_a_restart_changes_the_group_that_it_names(executor: Executor) -> None:
    """Restarting the canary group changes the version of its hosts alone."""
    await run(executor, DEPLOY)
    progress = await run(executor, RESTART.model_copy(update={"group": "canary"}))
    running = await executor.running("chat")

    assert running.hosts("canary") == ("chat-1",)
    assert [one.host for one in progress.hosts] == ["chat-1"]
    assert running.versions == {**dict.fromkeys(HOSTS, "1.0"), "chat-1": "1.1"}


async def test_a_restart_changes_the_hosts_that_it_names(executor: Executor) -> None:
    """Restarting named hosts changes the version of these alone."""
    await run(executor, DEPLOY)
    await run(executor, RESTART.model_copy(update={"hosts": ("chat-2", "chat-5")}))
    running = await executor.running("chat")

    assert {host for host, version in running.versions.items() if version == "1.1"} == {
        "chat-2", "chat-5",
    }  # fmt: skip
    assert running.hosts("all") == HOSTS


async def test_candidates_are_listed_newest_first(executor: Executor) -> None:
    """The versions that can be released come in the order of their source."""
    found = await executor.candidates("chat")

    assert [one.version for one in found][:2] == ["1.2", "1.1"]


async def test_what_cannot_be_asked_is_unreachable(subject: Subject, executor: Executor) -> None:
    """A question without a usable answer raises instead of inventing one, and keeps secrets."""
    await subject.cut_off()
    with pytest.raises(UnreachableError) as caught:
        await executor.running("chat")
    with pytest.raises(UnreachableError):
        await executor.candidates("chat")

    assert str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_refused_start_is_absent_afterwards(subject: Subject, executor: Executor) -> None:
    """After a refusal nothing was begun, and the key says so where it can be asked."""
    impossible = RESTART.model_copy(update={"component": ".."})
    with pytest.raises(RefusedError):
        await executor.start(impossible.model_copy(update={"hosts": ("nowhere",)}))

    assert (await executor.find(impossible)).state is FindState.ABSENT
    assert subject.starts(impossible.key) == 0
