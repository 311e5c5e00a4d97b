"""The executor without hosts: behaves like the real ones, remembers everything, obeys tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.config.executor import MemoryExecutor
from bot.core.operation import (
    Candidate,
    Find,
    FindState,
    HostResult,
    HostState,
    Operation,
    OperationKind,
    Progress,
    ProgressState,
    RefusedError,
    Running,
    Stop,
    UnreachableError,
    UnsureError,
)


@dataclass
class _Task:
    """One begun operation: the hosts it is about and, once it has ended, how."""

    operation: Operation
    hosts: tuple[str, ...]
    progress: Progress | None = None
    forgotten: bool = False


@dataclass
class MemoryWorld:
    """The hosts and the tasks; they outlive the executor object as real ones outlive the bot."""

    tasks: dict[str, _Task] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], str] = field(default_factory=dict)
    running: dict[tuple[str, str], str] = field(default_factory=dict)
    started: list[Operation] = field(default_factory=list)


class MemoryDeployer:
    """Executor in memory. Deploying puts a version on hosts, restarting makes it run.

    Each component has the hosts `<component>-1`, `<component>-2`, ...; the first is in the group
    `canary` unless `groups` (component -> host -> group) says otherwise. Operations succeed at
    the first look unless a test says otherwise. A key that was started is not started again.
    With the `world` of another one this executor goes on where that one was.
    """

    def __init__(
        self,
        config: MemoryExecutor,
        *,
        groups: Mapping[str, Mapping[str, str]] | None = None,
        world: MemoryWorld | None = None,
    ) -> None:
        self.world = world or MemoryWorld()
        self.groups = {name: dict(hosts) for name, hosts in (groups or {}).items()}
        self.unreachable = False
        """Every question raises UnreachableError, every start RefusedError."""
        self.cannot_stop = False
        self.cannot_find = False
        self._config = config
        self._held: set[str] = set()
        self._refusals: list[str] = []
        self._unsure: list[bool] = []
        self._failures: list[tuple[str, OperationKind | None, tuple[str, ...]]] = []
        self._planned: dict[str, tuple[str, ...]] = {}
        self._unclear: set[str] = set()

    @property
    def started(self) -> list[Operation]:
        """Every operation that was begun, in order: the witness of tests."""
        return self.world.started

    def hosts(self, component: str, group: str = "all") -> tuple[str, ...]:
        """Return the names of the hosts of a group of the component."""
        names = tuple(f"{component}-{number}" for number in range(1, self._config.hosts + 1))
        groups = self._groups(component)
        return tuple(name for name in names if group == "all" or groups.get(name) == group)

    async def start(self, operation: Operation) -> str:
        """Begin the operation, or say no as the test ordered."""
        if self.unreachable:
            raise RefusedError("the executor is not reachable")
        if self._refusals:
            raise RefusedError(self._refusals.pop(0))
        unsure = self._unsure.pop(0) if self._unsure else None
        known = self._known(operation, _handle(operation.key)) is not None
        if not known and unsure is not False:
            self._begin(operation)
        if unsure is not None:
            raise UnsureError("no answer")
        return _handle(operation.key)

    async def find(self, operation: Operation) -> Find:
        """Find the operation by its key."""
        self._reach()
        if self.cannot_find:
            return Find(state=FindState.CANNOT_TELL, detail="this executor keeps no keys")
        if self._known(operation, _handle(operation.key)) is None:
            return Find(state=FindState.ABSENT)
        return Find(state=FindState.FOUND, handle=_handle(operation.key))

    async def look(self, operation: Operation, handle: str) -> Progress:
        """Let the operation end, unless a test holds it, and say how it is."""
        self._reach()
        task = self._known(operation, handle)
        if task is None:
            return Progress(state=ProgressState.LOST, detail="no such task")
        if task.operation.key in self._unclear:
            return Progress(state=ProgressState.UNKNOWN, detail="status: perhaps")
        if task.progress is None and task.operation.component not in self._held:
            self._end(task, self._failing(task))
        if task.progress is not None:
            return task.progress
        return Progress(state=ProgressState.RUNNING, hosts=_results(task.hosts, HostState.RUNNING))

    async def stop(self, operation: Operation, handle: str) -> Stop:
        """Stop an operation that has not ended; its hosts stay as they are."""
        self._reach()
        task = self._known(operation, handle)
        if self.cannot_stop:
            return Stop(accepted=False, detail="this executor cannot stop an operation")
        if task is None or task.progress is not None:
            return Stop(accepted=False, detail="the operation is not running")
        task.progress = Progress(
            state=ProgressState.STOPPED, hosts=_results(task.hosts, HostState.UNCHANGED)
        )
        return Stop(accepted=True)

    async def running(self, component: str) -> Running:
        """Read the version that each host runs."""
        self._reach()
        return Running(
            versions={
                host: self.world.running.get((component, host), self._config.running_version)
                for host in self.hosts(component)
            },
            groups=self._groups(component),
        )

    async def candidates(
        self,
        component: str,  # noqa: ARG002 - all components have the same candidates
    ) -> tuple[Candidate, ...]:
        """List the configured versions."""
        self._reach()
        return tuple(Candidate(version=version) for version in self._config.versions)

    async def close(self) -> None:
        """Nothing is held; the world stays."""

    def hold(self, component: str) -> None:
        """Keep operations of the component running until `finish`, `fail`, `stop` or `release`."""
        self._held.add(component)

    def release(self, component: str) -> None:
        """Let operations of the component end at their next look again."""
        self._held.discard(component)

    def finish(self, key: str) -> None:
        """End a begun operation with success now."""
        self._end(self.world.tasks[key], ())

    def fail(self, key: str, hosts: Iterable[str] = ()) -> None:
        """Let an operation, begun or to come, fail on these hosts; on all when none are named."""
        self._planned[key] = tuple(hosts)
        if key in self.world.tasks:
            self._end(self.world.tasks[key], self._failing(self.world.tasks[key]))

    def fail_next(
        self, component: str, kind: OperationKind | None = None, hosts: Iterable[str] = ()
    ) -> None:
        """Let the next operation of this kind on the component fail on these hosts, or on all."""
        self._failures.append((component, kind, tuple(hosts)))

    def partial(self, key: str, succeeded: Iterable[str]) -> None:
        """End a begun operation: these hosts succeeded, the others failed."""
        done = set(succeeded)
        task = self.world.tasks[key]
        self._end(task, tuple(host for host in task.hosts if host not in done))

    def forget(self, key: str) -> None:
        """Answer from now on as if the task had never been there; its effects stay."""
        self.world.tasks[key].forgotten = True

    def answer_unclearly(self, key: str) -> None:
        """Answer looks at this operation with something that is no answer."""
        self._unclear.add(key)

    def answer_clearly(self, key: str) -> None:
        """Answer looks at this operation rightly again."""
        self._unclear.discard(key)

    def refuse_next(self, reason: str = "refused by a test") -> None:
        """Refuse the next start; it is certainly not begun."""
        self._refusals.append(reason)

    def unsure_next(self, *, began: bool) -> None:
        """Give the next start no answer, whether or not it begins."""
        self._unsure.append(began)

    def set_running(self, component: str, host: str, version: str) -> None:
        """Let the host run this version, as if somebody deployed it past the bot."""
        self.world.running[component, host] = version
        self.world.artifacts[component, host] = version

    def _reach(self) -> None:
        if self.unreachable:
            raise UnreachableError("the executor is not reachable")

    def _known(self, operation: Operation, handle: str) -> _Task | None:
        task = self.world.tasks.get(operation.key)
        known = task is not None and not task.forgotten and handle == _handle(operation.key)
        return task if known else None

    def _groups(self, component: str) -> dict[str, str]:
        return self.groups.get(component, {f"{component}-1": "canary"})

    def _begin(self, operation: Operation) -> None:
        hosts = operation.hosts or self.hosts(operation.component, operation.group)
        if not hosts or not set(hosts) <= set(self.hosts(operation.component)):
            raise RefusedError(f"no such hosts: {', '.join(hosts) or operation.group}")
        self.world.tasks[operation.key] = task = _Task(operation, hosts)
        self.world.started.append(operation)
        for failure in self._failures:
            component, kind, failing = failure
            if component == operation.component and kind in (None, operation.kind):
                self._planned[operation.key] = tuple(failing) or task.hosts
                self._failures.remove(failure)
                return

    def _failing(self, task: _Task) -> tuple[str, ...]:
        planned = self._planned.get(task.operation.key)
        return () if planned is None else planned or task.hosts

    def _end(self, task: _Task, failing: tuple[str, ...]) -> None:
        if task.progress is not None:
            return
        results = []
        for host in task.hosts:
            if host in failing:
                results.append(HostResult(host=host, state=HostState.FAILED, detail="no answer"))
                continue
            self._apply(task.operation, host)
            results.append(HostResult(host=host, state=HostState.SUCCEEDED))
        failed = any(result.state is HostState.FAILED for result in results)
        task.progress = Progress(
            state=ProgressState.FAILED if failed else ProgressState.SUCCEEDED,
            hosts=tuple(results),
            detail=f"{len(failing)} of {len(task.hosts)} hosts failed" if failed else "",
        )

    def _apply(self, operation: Operation, host: str) -> None:
        place = (operation.component, host)
        if operation.kind is OperationKind.DEPLOY:
            self.world.artifacts[place] = operation.version
        elif place in self.world.artifacts:
            # What a restart makes run is what lies on the host, whatever the operation hopes for.
            self.world.running[place] = self.world.artifacts[place]


def _handle(key: str) -> str:
    return f"task-{key}"[-200:]


def _results(hosts: Iterable[str], state: HostState) -> tuple[HostResult, ...]:
    return tuple(HostResult(host=host, state=state) for host in hosts)
