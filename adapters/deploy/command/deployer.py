"""The executor port for commands: begun once for a key, found again after a crash."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from adapters.deploy.command import runner
from adapters.deploy.command.argv import component_argv, operation_argv
from adapters.deploy.command.records import Record, Records, name_of
from adapters.deploy.command.short import OUTPUT_LIMIT, run_short
from bot.core.config.executor import CommandExecutor
from bot.core.operation import (
    Candidate,
    Find,
    FindState,
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
from bot.core.redact import confidential, cut, cut_front
from bot.core.redact import redact as hide
from bot.core.value import spell

DETAIL_LIMIT = 500
"""How many characters of what a command says are passed on."""

_ASK_SECONDS = 60.0
_LAUNCH_SECONDS = 30.0
_SETTLE_SECONDS = 2.0
_SETTLE_STEP_SECONDS = 0.02
_LAST_LINES = 5


class CommandDeployer:
    """Executor that runs commands, each in a process group of its own that outlives the bot.

    `state_dir` keeps what was begun and how it went; it must survive restarts and be the same
    for all bots of this machine. Commands see the variables of `environment` that release.yml
    names. `redact` takes secrets out of everything that commands write before anyone sees it.
    """

    def __init__(
        self,
        config: CommandExecutor,
        *,
        state_dir: Path,
        environment: Mapping[str, str],
        redact: Callable[[str], str],
    ) -> None:
        self._config = config
        self._records = Records(state_dir)
        self._environment = {
            name: environment[name] for name in config.environment if name in environment
        }
        secrets = confidential(self._environment)
        # What a command is told, it may say.
        self._redact: Callable[[str], str] = lambda said: redact(hide(said, secrets))

    async def start(self, operation: Operation) -> str:
        """Begin the command once for its key; a key that has begun is not begun again."""
        is_deploy = operation.kind is OperationKind.DEPLOY
        name = name_of(operation.key)
        try:
            template = self._config.deploy if is_deploy else self._config.restart
            argv = operation_argv(template, operation)
            is_new = not self._records.is_taken(name)
            if is_new:
                self._records.prepare(name, self._job(operation.key, argv))
        except (ValueError, OSError) as error:
            raise RefusedError(self._say(str(error))) from error
        code, said = await self._launch(name) if is_new else (runner.TAKEN, "")
        if code == runner.STARTED:
            return name
        if code == runner.TAKEN:
            return await self._adopt(name)
        if code in (runner.REFUSED, runner.WITHDRAWN):
            raise RefusedError(self._say(said) or "withdrawn by another process")
        raise UnsureError(self._say(f"the launch ended with {code}: {said}"))

    async def find(self, operation: Operation) -> Find:
        """Say whether the command was begun; what was only prepared is taken back for good."""
        name = name_of(operation.key)
        try:
            if self._records.withdraw(name):
                return Find(state=FindState.ABSENT)
            if await self._settle(name) is not None:
                return Find(state=FindState.FOUND, handle=name)
        except (ValueError, OSError) as error:
            raise UnreachableError(self._say(f"{name}: {error}")) from error
        return Find(state=FindState.CANNOT_TELL, detail="its start was cut off")

    async def look(
        self,
        operation: Operation,  # noqa: ARG002 - the handle says it all
        handle: str,
    ) -> Progress:
        """Read what the command's process wrote down; a process that is gone is lost."""
        try:
            if not self._records.is_taken(handle):
                return Progress(state=ProgressState.LOST, detail="no such command was begun")
            # Asked first: what is not watched any more has written its end, if it had one.
            is_watched = self._records.is_watched(handle)
            record = self._records.read(handle) or Record()
        except (ValueError, OSError) as error:
            return Progress(state=ProgressState.UNKNOWN, detail=self._say(f"{handle}: {error}"))
        if record.exit_code is None and not is_watched:
            detail = "the process that ran the command is gone; the command may still run"
            return Progress(state=ProgressState.LOST, detail=detail)
        return self._progress(record)

    async def forget(self, before: datetime) -> int:
        """Delete the files of commands that ended before then, and say of how many."""
        try:
            return await asyncio.to_thread(self._records.forget, before.timestamp())
        except OSError as error:
            raise UnreachableError(self._say(str(error))) from error

    async def stop(self, operation: Operation, handle: str) -> Stop:
        """Ask for the end of the command's process group: SIGTERM, and SIGKILL after the grace."""
        progress = await self.look(operation, handle)
        if progress.state is not ProgressState.RUNNING:
            return Stop(accepted=False, detail=f"it does not run: {progress.state}")
        try:
            self._records.ask_to_stop(handle)
        except OSError as error:
            raise UnreachableError(self._say(str(error))) from error
        return Stop(accepted=True)

    async def running(self, component: str) -> Running:
        """Read `host version [group]` lines."""
        versions: dict[str, str] = {}
        groups: dict[str, str] = {}
        for line in await self._ask(self._config.running, component):
            host, *rest = line.split()
            if not 1 <= len(rest) <= 2:
                raise UnreachableError(self._say(f"no `host version [group]` line: {line}"))
            versions[host] = rest[0]
            groups.update(dict.fromkeys([host] if len(rest) == 2 else [], rest[-1]))
        return Running(versions=versions, groups=groups)

    async def candidates(self, component: str) -> tuple[Candidate, ...]:
        """Read `version [title]` lines; nothing when there is no command for it."""
        if not self._config.candidates:
            return ()
        lines = await self._ask(self._config.candidates, component)
        parts = (line.split(maxsplit=1) for line in lines)
        return tuple(
            Candidate(version=version, title=self._say(" ".join(title)))
            for version, *title in parts
        )

    async def close(self) -> None:
        """Nothing is held; commands go on."""

    def _job(self, key: str, argv: list[str]) -> dict[str, object]:
        return {
            "key": key,
            "argv": argv,
            "timeout": self._config.timeout.total_seconds(),
            "grace": self._config.grace.total_seconds(),
            "output_limit": self._config.output_limit,
        }

    async def _adopt(self, name: str) -> str:
        try:
            record = await self._settle(name)
        except (ValueError, OSError) as error:
            raise UnsureError(self._say(f"{name}: {error}")) from error
        if record is None:
            raise UnsureError("an earlier start of this key was cut off")
        return name

    async def _settle(self, name: str) -> Record | None:
        """Give a runner that has just taken the command the time to say that it has begun it."""
        seconds = min(_SETTLE_SECONDS, self._config.timeout.total_seconds())
        for _ in range(int(seconds / _SETTLE_STEP_SECONDS)):
            record = self._records.read(name)
            if record is not None:
                return record
            await asyncio.sleep(_SETTLE_STEP_SECONDS)
        return self._records.read(name)

    async def _launch(self, name: str) -> tuple[int | None, str]:
        script = [sys.executable, "-I", "-S", runner.__file__, str(self._records.folder), name]
        try:
            code, output, _ = await run_short(script, self._environment, _LAUNCH_SECONDS)
        except OSError as error:
            if self._records.withdraw(name):
                return runner.REFUSED, f"cannot be launched: {error!r}"
            return None, "no answer"
        return code, output

    async def _ask(self, template: tuple[str, ...] | list[str], component: str) -> list[str]:
        seconds = min(_ASK_SECONDS, self._config.timeout.total_seconds())
        try:
            argv = component_argv(template, component)
            code, output, errors = await run_short(argv, self._environment, seconds)
        except TimeoutError as error:
            raise UnreachableError(f"no answer within {seconds:g}s") from error
        except (ValueError, OSError) as error:
            raise UnreachableError(self._say(str(error))) from error
        if code != 0 or len(output) >= OUTPUT_LIMIT:
            raise UnreachableError(self._last(errors) or f"ended with {code}")
        return [line for line in output.splitlines() if line.strip()]

    def _progress(self, record: Record) -> Progress:
        hosts = tuple(
            host.model_copy(update={"detail": self._say(host.detail)}) for host in record.hosts
        )
        failed = [host.host for host in hosts if host.state is HostState.FAILED]
        state, reason = self._end(record, is_partial=bool(failed))
        if state is ProgressState.FAILED and failed:
            reason += f", {len(failed)} of {len(hosts)} hosts failed: {', '.join(failed)}"
        if state is ProgressState.SUCCEEDED:
            return Progress(state=state, hosts=hosts)
        last = self._last(record.output)
        detail = cut("\n".join(filter(None, (reason, last))), DETAIL_LIMIT)
        return Progress(state=state, hosts=hosts, detail=detail)

    def _end(self, record: Record, *, is_partial: bool) -> tuple[ProgressState, str]:
        code = record.exit_code
        if code is None:
            return ProgressState.RUNNING, "is ending" if record.ending else ""
        if code == 0:
            # A command that says which hosts failed is believed more than its exit code.
            return (ProgressState.FAILED if is_partial else ProgressState.SUCCEEDED), "exit code 0"
        if record.ending == "stopped":
            return ProgressState.STOPPED, ""
        if record.ending == "timeout":
            return ProgressState.FAILED, f"ended after {spell(self._config.timeout)}"
        return ProgressState.FAILED, f"exit code {code}" if code > 0 else f"signal {-code}"

    def _say(self, text: str) -> str:
        # Redacted before it is cut: half a secret is not recognised.
        return cut(self._redact(text), DETAIL_LIMIT)

    def _last(self, output: str) -> str:
        lines = [
            line
            for line in self._redact(output).splitlines()
            if line.strip() and not runner.HOST_LINE.fullmatch(line.strip())
        ]
        return cut_front("\n".join(lines[-_LAST_LINES:]), DETAIL_LIMIT - 50)
