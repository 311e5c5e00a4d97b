"""Executors as release.yml names them: what deploys and restarts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from bot.core.operation import HostState, ProgressState
from bot.core.value import Duration, Value


class Call(Value):
    """One HTTP call.

    `{component}`, `{version}`, `{group}`, `{hosts}`, `{key}` and, where there is a task, `{handle}`
    are filled in; in `running` and `candidates` only `{component}`. `{group}` is a canary group of
    the file, or literally `all` for every host: the API must know that word.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: str = Field(pattern=r"^/")
    """Path below `base_url`; values are percent-encoded."""
    body: dict[str, object] | None = None
    """JSON body; a value that is exactly `{hosts}` becomes a list, and is left out when no hosts
    are named. Null sends no body."""


class HttpExecutor(Value):
    """A deployment API of the PMC kind: call, get a task, poll the task until it has finished."""

    kind: Literal["http"]
    base_url: str = Field(pattern=r"^https?://")
    """Where the API is."""
    deploy: Call = Call(
        method="POST",
        path="/components/{component}/deploy",
        body={"version": "{version}", "hosts": "{hosts}", "key": "{key}"},
    )
    """Starts a deployment."""
    restart: Call = Call(
        method="POST",
        path="/components/{component}/restart",
        body={"group": "{group}", "hosts": "{hosts}", "key": "{key}"},
    )
    """Starts a restart of a group or of some hosts."""
    task: Call = Call(path="/tasks/{handle}")
    """Reads a task."""
    find: Call | None = Call(path="/tasks?key={key}")
    """Finds tasks by key; null when the API cannot: then people are asked after a crash."""
    stop: Call | None = Call(method="POST", path="/tasks/{handle}/stop")
    """Stops a task; null when the API cannot."""
    running: Call = Call(path="/components/{component}")
    """Reads the running version of each host."""
    candidates: Call | None = Call(path="/components/{component}/candidates")
    """Lists the versions that can be released; null when any may be named."""
    task_id: str = "id"
    """Where the task's id is in the answer of deploy and restart (dotted path)."""
    task_list: str = "tasks"
    """Where the list of tasks is in the answer of find; empty: the answer is the list."""
    task_key: str = "key"
    """The field of a task's key in that list: an answer with other keys proves nothing. Empty:
    every task of the list is taken for one with the key that was asked for."""
    status: str = "status"
    """Where the status is in the answer of task."""
    statuses: dict[str, ProgressState] = {
        "queued": ProgressState.RUNNING,
        "running": ProgressState.RUNNING,
        "finished": ProgressState.SUCCEEDED,
        "failed": ProgressState.FAILED,
        "stopped": ProgressState.STOPPED,
    }
    """The API's status words; any other word is unknown, never success."""
    detail: str = "detail"
    """Where the answer of task explains itself."""
    error: str = "error"
    """Where an answer says what went wrong; whatever stands there, it is no success."""
    hosts: str = "hosts"
    """Where the per-host results are: a list of objects; empty when the API has none. A success
    without them is unknown."""
    host_name: str = "host"
    """The field of a host's name in that list."""
    host_status: str = "status"
    """The field of a host's status in that list."""
    host_detail: str = "detail"
    """The field of a host's explanation in that list."""
    host_statuses: dict[str, HostState] = {
        "queued": HostState.UNCHANGED,
        "running": HostState.RUNNING,
        "finished": HostState.SUCCEEDED,
        "failed": HostState.FAILED,
        "stopped": HostState.UNCHANGED,
    }
    """The API's status words of hosts; any other word is unknown."""
    host_version: str = "version"
    """The field of a host's version in the answer of running."""
    host_group: str = "group"
    """The field of a host's group in the answer of running."""
    candidate_list: str = "candidates"
    """Where the list is in the answer of candidates: words, or objects with `version` and
    `title`."""
    auth_header: str = "Authorization"
    """The header that carries the credential."""
    auth_env: str = ""
    """The environment variable whose value is sent in `auth_header`; empty: none is sent."""
    timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(minutes=5)
    )
    """How long one call may take."""
    retries: int = Field(default=2, ge=0, le=10)
    """How often a safe call (GET) is repeated on a connection error or a 5xx answer."""


class CommandExecutor(Value):
    """Commands on this machine: an argv list each, never a shell.

    `{component}`, `{version}`, `{group}`, `{hosts}` (comma-separated), `{key}` are filled in; in
    `running` and `candidates` only `{component}`. `{group}` is a canary group of the file, or
    literally `all` for every host.
    A line `host NAME succeeded|failed|unchanged [detail]` in the output is a result of that host.
    A command that leaves a process behind must send that one's output elsewhere.
    """

    kind: Literal["command"]
    deploy: tuple[str, ...] = Field(min_length=1)
    """argv of a deployment; exit code 0 is success."""
    restart: tuple[str, ...] = Field(min_length=1)
    """argv of a restart; exit code 0 is success."""
    running: tuple[str, ...] = Field(min_length=1)
    """argv that prints one `host version [group]` line for each host."""
    candidates: tuple[str, ...] | list[str] = ()
    """argv that prints one `version [title]` line each, newest first; empty: any may be named."""
    timeout: Duration = Field(
        default=timedelta(minutes=10), gt=timedelta(0), le=timedelta(hours=24)
    )
    """How long a command may run before it is ended (that operation has failed). Questions
    (running, candidates) are given up after a minute at most."""
    output_limit: int = Field(default=20000, ge=100, le=1_000_000)
    """How many characters at the end of the output are kept."""
    environment: tuple[str, ...] = ("PATH", "HOME", "LANG")
    """The environment variables that commands may see. Their values are taken out of what commands
    say, but for PATH, HOME, LANG and the like and values of less than six characters."""
    grace: Duration = Field(default=timedelta(seconds=5), ge=timedelta(0), le=timedelta(minutes=10))
    """How long a command that is to end has between SIGTERM and SIGKILL."""


class MemoryExecutor(Value):
    """An executor without hosts, for tests and rehearsals."""

    kind: Literal["memory"]
    hosts: int = Field(default=3, ge=1, le=1000)
    """How many hosts each component has; with a canary group the first of them is in it."""
    versions: tuple[str, ...] = ()
    """The candidates, newest first; empty: any may be named."""
    running_version: str = "1.0"
    """What runs before the first deployment."""


ExecutorConfig = Annotated[
    HttpExecutor | CommandExecutor | MemoryExecutor, Field(discriminator="kind")
]
