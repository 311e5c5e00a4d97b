"""The try-out: starts the example target beside the bot, and stops it without a trace."""

from __future__ import annotations

import asyncio
import glob
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from bot.core.config import OnFail

TIME_SCALE = 60.0
"""How much shorter every duration of a comparison is in the try-out."""

ROLLBACK_COUNTDOWN = "15s"
"""How long an automatic rollback can be stopped in the try-out; nothing divides it."""

LATEST = 20.0
"""Seconds that shipped lines may take, on the clock: the machine is not as quick as the times are
short. A pass waits for lines that are late, and a limit of 5 s would be met by any busy machine."""

PATIENCE = 240.0
"""Seconds that a check waits for its baseline: all are read at the start, while people release."""

_READY_WITHIN = 60.0
_ENDS_WITHIN = 10.0
_SERVER_READY_WITHIN = 180.0
_SERVER_ENDS_WITHIN = 30.0
_TOKEN_VARIABLE = "DEPLOYMENT_API_TOKEN"  # noqa: S105 - the name of a variable
_POLL_EVERY = "500ms"
_HEADER = "# Made by the try-out from the example's release.yml; changes here are written over.\n"


class TryOutError(Exception):
    """The example target did not start; the message says why."""


class TryOut:
    """The example target as long as the context lasts: its processes, files and addresses.

    Raises TryOutError on entering when the target is not ready in time. On leaving, and also when
    this process is killed, all of its processes end. With `data_dir` its logs, versions and tasks
    are kept and taken up the next time; without, they are in a temporary folder and deleted.
    `on_fail` is what a failed check leads to; `policy` names another policy of the example's
    release.yml than the target does; `options` are further arguments of the deployment API. With
    `server`, the kind and the folder of an unpacked one, the logs are shipped into it and counted
    there instead of in the files.
    """

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        time_scale: float = TIME_SCALE,
        on_fail: OnFail = OnFail.ASK,
        policy: str = "",
        options: Sequence[str] = (),
        server: tuple[str, Path] | None = None,
    ) -> None:
        self.time_scale = time_scale
        self.on_fail = on_fail
        self.policy = policy
        self.environment: dict[str, str] = {}
        """The secrets that `release_file` names: variable -> value."""
        self.api_url = ""
        """Where the deployment API of the target is."""
        self._kept = data_dir
        self._options = tuple(options)
        self._folder = Path()
        self._api: asyncio.subprocess.Process | None = None
        self._server = server
        self._shipping: asyncio.subprocess.Process | None = None

    @property
    def release_file(self) -> Path:
        """The example's release.yml with the addresses and the time scale of this try-out."""
        return self._folder / "release.yml"

    @property
    def database_url(self) -> str:
        """The SQLite file of this try-out."""
        return f"sqlite:///{self._folder / 'release-master.sqlite3'}"

    @property
    def starts_log(self) -> Path:
        """What the deployment API really began: one JSON object a line, only appended to."""
        return self._target / "starts.log"

    @property
    def logs(self) -> Path:
        """The folder with a folder of log files for each component."""
        return self._target / "logs"

    @property
    def process_id(self) -> int:
        """The process of the deployment API, whose children the components are."""
        return self._api.pid if self._api else 0

    @property
    def _target(self) -> Path:
        return self._folder / "target"

    async def __aenter__(self) -> Self:
        """Start the target and wait until it is ready."""
        example = find_example()
        if self._kept is None:
            self._folder = Path(tempfile.mkdtemp(prefix="release-master-try-"))
        else:
            self._folder = self._kept.resolve()
        try:
            self._target.mkdir(parents=True, exist_ok=True)
            token = secrets.token_urlsafe(24)
            self.api_url = f"http://127.0.0.1:{await self._start(example, token)}"
            logs = await self._start_server(example, *self._server) if self._server else {}
            self._write_release_file(example, f"Bearer {token}", logs)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every process of the target; delete what is temporary."""
        await self._end()

    async def _start(self, example: Path, token: str) -> int:
        """Start the deployment API and return its port once everything behind it runs."""
        errors = self._target / "deployment_api.log"
        with errors.open("ab") as stderr:
            self._api = await asyncio.create_subprocess_exec(
                *(sys.executable, str(example / "deployment_api.py")),
                *("--root", str(self._target), "--time-scale", str(self.time_scale)),
                *("--parent-pid", str(os.getpid()), *self._options),
                # An input that ends with this process tells the target so on every system.
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={_TOKEN_VARIABLE: token, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        return await _port(self._api, errors, "the example target", within=_READY_WITHIN)

    async def _start_server(self, example: Path, kind: str, folder: Path) -> dict[str, Any]:
        """Start server and shipper; return the log store once the history is in it."""
        errors = self._target / "server.log"
        with errors.open("ab") as stderr:
            self._shipping = await asyncio.create_subprocess_exec(
                *(sys.executable, str(example / "search_logs.py")),
                *("--home", str(folder), "--root", str(self._target)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env={"PATH": os.defpath},
            )
        within = _SERVER_READY_WITHIN
        port = await _port(self._shipping, errors, "the log server", within=within)
        return on_server(kind, port, self.time_scale)

    def _write_release_file(self, example: Path, credential: str, logs: dict[str, Any]) -> None:
        file = yaml.safe_load((example / "release.yml").read_text(encoding="utf-8"))
        file["time_scale"] = self.time_scale
        for executor in _of_kind(file["executors"], "http"):
            executor["base_url"] = self.api_url
            self.environment[executor["auth_env"]] = credential
        for store in _of_kind(file["log_stores"], "files"):
            # Nobody says from where relative paths of a temporary file would be meant.
            store["paths"] = [f"{glob.escape(str(self._target))}/{path}" for path in store["paths"]]
        if logs:
            # Under the name of the example's, which the target names.
            file["log_stores"] = dict.fromkeys(file["log_stores"], logs)
        for policy in file["policies"].values():
            policy["on_fail"] = str(self.on_fail)
            policy["rollback_countdown"] = ROLLBACK_COUNTDOWN
            policy["auto_rollback_without_backtest"] = True
        for target in file["targets"].values():
            target["policy"] = self.policy or target["policy"]
            target["poll_every"] = _POLL_EVERY
        text = yaml.safe_dump(file, sort_keys=False, allow_unicode=True)
        self.release_file.write_text(_HEADER + text, encoding="utf-8")

    async def _end(self) -> None:
        api, self._api = self._api, None
        shipping, self._shipping = self._shipping, None
        if api is not None:
            if api.returncode is None:
                api.terminate()
            await _ended(api)
        if shipping is not None:
            # It stops its server when its input ends, and would not when it is told to end.
            if shipping.stdin:
                shipping.stdin.close()
            await _ended(shipping, within=_SERVER_ENDS_WITHIN)
        if self._kept is None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def find_example() -> Path:
    """The folder of the example target: in an installed wheel, else in the repository.

    Raises TryOutError when it is in neither.
    """
    here = Path(__file__).resolve().parent
    for top in (here, here.parent):
        folder = top / "examples" / "openchat"
        if (folder / "deployment_api.py").is_file():
            return folder
    raise TryOutError("the example target is missing; install Release Master again")


async def _port(
    process: asyncio.subprocess.Process, errors: Path, what: str, *, within: float
) -> int:
    """The port that a process prints once it is ready; raises TryOutError with its last words."""
    try:
        async with asyncio.timeout(within):
            said = await process.stdout.readline() if process.stdout else b""
    except TimeoutError:
        said = b""
    if not said:
        why = _last_words(errors) or f"it was not ready within {within:g} s"
        raise TryOutError(f"{what} did not start: {why}")
    return int(json.loads(said)["port"])


def _last_words(errors: Path) -> str:
    lines = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


async def _ended(process: asyncio.subprocess.Process, *, within: float = _ENDS_WITHIN) -> None:
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        # Its children ask for the same signal when it ends this way.
        process.kill()
        await process.wait()


def on_server(kind: str, port: int, time_scale: float) -> dict[str, Any]:
    """The log store of release.yml that counts what the shipper of the example wrote."""
    # Whoever reads it divides by the time scale; more than an hour is refused.
    late = round(min(LATEST * time_scale, 3600.0))
    return {
        "kind": kind,
        "addresses": [f"http://127.0.0.1:{port}"],
        "index": "logs-openchat",
        "max_ingest_lag": f"{late}s",
        "filters": {"component": "{component}"},
        "fields": {
            "time": "time",
            "level": "level",
            "error_type": ["type"],
            "message": "message",
            "host": "host",
            "ingested": "ingested",
        },
    }


def _of_kind(parts: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [part for part in parts.values() if part["kind"] == kind]
