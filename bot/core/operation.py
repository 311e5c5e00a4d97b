"""What an executor is asked to do and what it can answer: the words of the executor port."""

from __future__ import annotations

from enum import StrEnum, unique

from bot.core.value import Value


@unique
class OperationKind(StrEnum):
    """The two things that are done to hosts."""

    DEPLOY = "deploy"
    RESTART = "restart"


class Operation(Value):
    """One call of an executor. `key` is stored before the call and never used for another."""

    key: str
    """`<release>/<step>/<attempt>`: the idempotency key."""
    kind: OperationKind
    component: str
    version: str
    """The version that must be on the hosts afterwards."""
    group: str = "all"
    """The host group: `all`, `canary`, or a name that the executor knows."""
    hosts: tuple[str, ...] = ()
    """Exactly these hosts; empty means every host of the group."""


@unique
class HostState(StrEnum):
    """How one host came out of an operation."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RUNNING = "running"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


class HostResult(Value):
    """One host's part of an operation."""

    host: str
    state: HostState
    detail: str = ""


@unique
class ProgressState(StrEnum):
    """What a look at a running operation can say. Unknown is never success."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    """The executor answered something that is no answer; looking again may help."""
    LOST = "lost"
    """The executor says it does not know this operation (any more)."""


class Progress(Value):
    """The answer to `look`."""

    state: ProgressState
    hosts: tuple[HostResult, ...] = ()
    detail: str = ""


@unique
class FindState(StrEnum):
    """Whether an operation with a key was ever begun."""

    FOUND = "found"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


class Find(Value):
    """The answer to `find`; `handle` is set when found."""

    state: FindState
    handle: str = ""
    detail: str = ""


class Stop(Value):
    """The answer to `stop`: accepted, or why it cannot be stopped."""

    accepted: bool
    detail: str = ""


class Candidate(Value):
    """A version that could be released; the newest comes first in a list of them."""

    version: str
    title: str = ""


class Running(Value):
    """The version that each host of a component runs now, and the group each host is in."""

    versions: dict[str, str]
    groups: dict[str, str] = {}
    """host -> group; a host that is not named is in no group but `all`."""

    def hosts(self, group: str) -> tuple[str, ...]:
        """The hosts of a group in name order; `all` is every host."""
        return tuple(
            sorted(h for h in self.versions if group == "all" or self.groups.get(h) == group)
        )


class ExecutorError(Exception):
    """The executor did not do what was asked; the message says why."""


class RefusedError(ExecutorError):
    """Certainly not begun: the executor said no before it did anything."""


class UnsureError(ExecutorError):
    """May have begun: no answer, or one that says nothing. Never repeat blindly; find by key."""


class UnreachableError(ExecutorError):
    """A question (find, look, running, candidates) got no usable answer; ask again later."""
