"""The command line, and the only place that knows adapters and bot alike (composition root)."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from adapters.deploy.command import CommandDeployer
from adapters.deploy.http import HttpDeployer
from adapters.deploy.memory import MemoryDeployer
from adapters.logs import files, servers
from adapters.logs.files import FilesStore
from adapters.logs.memory import MemoryStore
from bot import backtest, journals
from bot.arguments import parser
from bot.core.backtest.labels import Labels, read_labels
from bot.core.config import (
    CommandExecutor,
    ExecutorConfig,
    FilesLogStore,
    HttpExecutor,
    LogStoreConfig,
    OnFail,
    SearchLogStore,
)
from bot.core.config.problem import Problem, UnusableError
from bot.core.export import ExportFormat, broken, export_journal
from bot.core.redact import redact
from bot.doctor import examine, only_cards
from bot.engine.backtesting import Wish
from bot.observability import LogStyle, configure_logging
from bot.ports import Executor, LogStore
from bot.recount import RecountError, recount
from bot.service import Bot
from bot.settings import Reloader, Settings, SettingsError, check_config, load
from bot.store.errors import StoreError
from bot.tryout import PATIENCE, TryOut, TryOutError

EX_CONFIG = 78
"""The exit code of refused settings (sysexits.h), which a supervisor need not try again."""


SWITCH_SECONDS = 0.0005
"""How long the event loop keeps the store's threads from running (5 ms is Python's default).

A transaction comes back from the disk several times, and each time it would wait that long.
"""


class Adapters:
    """Makes executors and log stores from their configuration."""

    def executor(self, config: ExecutorConfig, settings: Settings) -> Executor:
        """A new executor with its secrets."""
        clean = settings.clean
        if isinstance(config, HttpExecutor):
            credential = settings.secret(config.auth_env) if config.auth_env else ""
            return HttpDeployer(config, credential=credential, redact=clean)
        if isinstance(config, CommandExecutor):
            return CommandDeployer(
                config,
                state_dir=Path(settings.environment.state_dir),
                environment=settings.variables(config.environment),
                redact=clean,
            )
        return MemoryDeployer(config)

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> LogStore:
        """A new log store; relative paths are relative to release.yml's folder."""
        scale = settings.file.time_scale
        if isinstance(config, FilesLogStore):
            return FilesStore(config, settings.folder, now=now, time_scale=scale)
        if isinstance(config, SearchLogStore):
            place = servers.Place(settings.folder, settings.secret, settings.clean)
            return servers.connect(config, place, now=now, time_scale=scale)
        return MemoryStore(config)


def prove_settings(settings: Settings) -> Iterator[Problem]:
    """Let the log stores try what only they understand: expressions, certificates, a Cloud ID."""
    for name, config in settings.file.log_stores.items():
        try:
            if isinstance(config, FilesLogStore):
                files.prove(config, datetime.now(UTC))
            if isinstance(config, SearchLogStore):
                servers.prove(config, settings.folder)
        except UnusableError as error:
            yield error.at(("log_stores", name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0 when it did what it is for."""
    os.umask(0o077)
    options = parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except SettingsError as error:
        print(f"release-master: the settings are refused\n{error}", file=sys.stderr)  # noqa: T201
        return EX_CONFIG
    except StoreError as error:
        where = "the database that RELEASE_MASTER_DATABASE_URL names"
        print(f"release-master: {where}: {error.detail or error.code}", file=sys.stderr)  # noqa: T201
        return 2
    except (TryOutError, ValueError, OSError) as error:
        print(f"release-master: {error}", file=sys.stderr)  # noqa: T201 - the command's answer
        return 2


def _check_config(options: argparse.Namespace) -> int:
    code, said = check_config(options.file, proof=prove_settings)
    print(said, file=sys.stderr if code else sys.stdout)
    return code


def _doctor(options: argparse.Namespace) -> int:
    try:
        settings = load(options.config)
    except SettingsError as error:
        if error.absent is None or options.cards is None or not options.offline:
            raise
        report = only_cards(error.absent, options.cards)
    else:
        wrong = tuple(prove_settings(settings))
        looked = examine(settings, Adapters(), wrong, offline=options.offline, cards=options.cards)
        report = asyncio.run(looked)
    print(report.said)  # noqa: T201 - its purpose
    return 0 if report.well else 1


def _ending(reloader: Reloader) -> asyncio.Event:
    """Listen to signals: the event is set by SIGTERM and SIGINT; SIGHUP reloads at once."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def reload() -> None:
        done, said = reloader.reload()
        print(  # noqa: T201 - for the operator who sent the signal
            f"reload {'done' if done else 'REFUSED'}: {said}", file=sys.stderr, flush=True
        )

    loop.add_signal_handler(signal.SIGHUP, reload)
    return ended


async def _try(options: argparse.Namespace) -> int:
    logs = options.logs
    server = (logs, options.server) if logs != "files" and options.server else None
    if logs != "files" and server is None:
        raise TryOutError(
            f"--logs {logs} needs the folder of the unpacked server: --server FOLDER "
            f"(make run LOGS={logs} fetches one)"
        )
    print("Starting seven components as real processes …", flush=True)  # noqa: T201 - for people
    if server:
        print(f"and {logs}, which takes up to a minute …", flush=True)  # noqa: T201
    on_fail = OnFail(options.on_fail)
    async with TryOut(
        data_dir=options.data, on_fail=on_fail, policy=options.policy, server=server
    ) as trial:
        variables = {
            **trial.environment,
            "PATH": os.defpath,
            "RELEASE_MASTER_RELEASE_FILE": str(trial.release_file),
            "RELEASE_MASTER_DATABASE_URL": trial.database_url,
            "RELEASE_MASTER_PORT": str(options.port),
        }
        reloader = Reloader(lambda: load(trial.release_file, variables))
        configure_logging(LogStyle.CONSOLE, "WARNING", redact=redact)
        bot = Bot(reloader, Adapters(), try_out=True, patience=PATIENCE)
        ended = _ending(reloader)
        await bot.start(options.port)
        scale = reloader.current.file.time_scale
        print(  # noqa: T201 - for people
            f"Open http://127.0.0.1:{bot.port}/ and type: /release start openchat\n"
            f"Times are shortened {scale:g} times. Ctrl-C ends it all.",
            flush=True,
        )
        await ended.wait()
        await bot.stop()
    return 0


async def _serve(options: argparse.Namespace) -> int:
    reloader = Reloader(lambda: load(options.config, proof=prove_settings))
    settings = reloader.current
    environment = settings.environment
    configure_logging(
        LogStyle(environment.log_format),
        environment.log_level,
        redact=lambda line: reloader.current.clean(line),  # noqa: PLW0108 - a reload changes it
    )
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201 - at the start, for the operator
    sys.setswitchinterval(SWITCH_SECONDS)
    bot = Bot(reloader, Adapters())
    ended = _ending(reloader)
    await bot.start()
    print(f"listening on http://{environment.host}:{bot.port}/", flush=True)  # noqa: T201
    await ended.wait()
    await bot.stop()
    return 0


async def _export(options: argparse.Namespace) -> int:
    wanted = options.release
    chains = await journals.chains(_existing(load(options.config)), wanted)
    if wanted and not chains[wanted].rows and not chains[wanted].moves:
        print(f"release-master: there is no release #{wanted}", file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.write(export_journal(chains, ExportFormat(options.format)))
    for release, seq in broken(chains).items():
        rows = len(chains[release].rows)
        what = f"is broken at row {seq}" if seq <= rows else f"was cut off after row {rows}"
        print(f"#{release}: the hash chain {what}", file=sys.stderr)  # noqa: T201
    return 1 if broken(chains) else 0


def _existing(settings: Settings) -> Settings:
    """The same, when there is a database to read; a command that only reads makes none."""
    environment = settings.environment
    if environment.database_missing:
        raise StoreError("store.unreachable", f"there is no file {environment.database_file}")
    return settings


async def _recount(options: argparse.Namespace) -> int:
    try:
        settings = _existing(load(options.config))
        said = await recount(settings, Adapters(), options.release, options.step)
    except RecountError as error:
        print(f"release-master: {error}", file=sys.stderr)  # noqa: T201 - the command's answer
        return 1
    print(said)  # noqa: T201 - its purpose
    return 0


async def _backtest(options: argparse.Namespace) -> int:
    settings = load(options.config)
    labels = Labels()
    if options.labels is not None:
        labels = read_labels(options.labels.read_text(encoding="utf-8"))
    wish = Wish(target=options.target, labels=labels, policies=tuple(options.policy))
    counts = {"last": options.last, "pseudo": options.pseudo}
    wish = wish.model_copy(update={k: v for k, v in counts.items() if v is not None})
    asked = backtest.Asked(wish=wish, kept=options.kept, csv=options.csv, html=options.html)
    said = await backtest.run(settings, Adapters(), asked, _tell)
    print(said)  # noqa: T201 - its purpose
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - how far it is


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "try": lambda options: asyncio.run(_try(options)),
    "serve": lambda options: asyncio.run(_serve(options)),
    "check-config": _check_config,
    "doctor": _doctor,
    "backtest": lambda options: asyncio.run(_backtest(options)),
    "export": lambda options: asyncio.run(_export(options)),
    "recount": lambda options: asyncio.run(_recount(options)),
}


if __name__ == "__main__":
    sys.exit(main())
