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
from adapters.logs import elasticsearch, files
from adapters.logs.elasticsearch import Credentials, ElasticsearchStore, Wire
from adapters.logs.files import FilesStore
from adapters.logs.memory import MemoryStore
from bot.arguments import parser
from bot.core.config import (
    CommandExecutor,
    ElasticsearchLogStore,
    ExecutorConfig,
    FilesLogStore,
    HttpExecutor,
    LogStoreConfig,
    OnFail,
)
from bot.core.config.problem import Problem, UnusableError
from bot.core.export import Chain, ExportFormat, broken, export_journal
from bot.core.redact import redact
from bot.doctor import examine
from bot.observability import LogStyle, configure_logging
from bot.ports import Executor, LogStore
from bot.service import Bot
from bot.settings import Reloader, Settings, SettingsError, check_config, load
from bot.store import Store, Tx
from bot.store.errors import StoreError
from bot.tryout import TryOut, TryOutError

EX_CONFIG = 78
"""The exit code of refused settings (sysexits.h), which a supervisor need not try again."""


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
        if isinstance(config, ElasticsearchLogStore):
            credentials = Credentials(
                api_key=settings.secret(config.api_key_env) if config.api_key_env else "",
                bearer=settings.secret(config.bearer_env) if config.bearer_env else "",
                password=settings.secret(config.password_env) if config.password_env else "",
            )
            wire = Wire(config, credentials, base=settings.folder, redact=settings.clean)
            return ElasticsearchStore(config, wire, now=now, time_scale=scale)
        return MemoryStore(config)


def prove_settings(settings: Settings) -> Iterator[Problem]:
    """Let the log stores try what only they understand: expressions, certificates, a Cloud ID."""
    for name, config in settings.file.log_stores.items():
        try:
            if isinstance(config, FilesLogStore):
                files.prove(config, datetime.now(UTC))
            if isinstance(config, ElasticsearchLogStore):
                elasticsearch.prove(config, settings.folder)
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
    settings = load(options.config)
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
    server = options.server if options.logs == "elasticsearch" else None
    if options.logs == "elasticsearch" and server is None:
        raise TryOutError(
            "--logs elasticsearch needs the folder of an unpacked Elasticsearch: --server FOLDER "
            "(make run LOGS=elasticsearch fetches one)"
        )
    print("Starting seven components as real processes …", flush=True)  # noqa: T201 - for people
    if server:
        print("and Elasticsearch, which takes up to a minute …", flush=True)  # noqa: T201
    on_fail = OnFail(options.on_fail)
    async with TryOut(data_dir=options.data, on_fail=on_fail, elasticsearch=server) as trial:
        variables = {
            **trial.environment,
            "PATH": os.defpath,
            "RELEASE_MASTER_RELEASE_FILE": str(trial.release_file),
            "RELEASE_MASTER_DATABASE_URL": trial.database_url,
            "RELEASE_MASTER_PORT": str(options.port),
        }
        reloader = Reloader(lambda: load(trial.release_file, variables))
        configure_logging(LogStyle.CONSOLE, "WARNING", redact=redact)
        bot = Bot(reloader, Adapters(), try_out=True)
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
    bot = Bot(reloader, Adapters())
    ended = _ending(reloader)
    await bot.start()
    print(f"listening on http://{environment.host}:{bot.port}/", flush=True)  # noqa: T201
    await ended.wait()
    await bot.stop()
    return 0


async def _export(options: argparse.Namespace) -> int:
    environment = load(options.config).environment
    if environment.database_missing:
        raise StoreError("store.unreachable", f"there is no file {environment.database_file}")
    store = Store(environment.database_url)
    await store.open()
    try:
        wanted = options.release

        def read(tx: Tx) -> dict[int, Chain]:
            numbers = [wanted] if wanted else tx.journalled_releases()
            return {number: _chain(tx, number) for number in numbers}

        chains = await store.read(read)
    finally:
        await store.close()
    if wanted and not chains[wanted].rows and not chains[wanted].moves:
        print(f"release-master: there is no release #{wanted}", file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.write(export_journal(chains, ExportFormat(options.format)))
    for release, seq in broken(chains).items():
        rows = len(chains[release].rows)
        what = f"is broken at row {seq}" if seq <= rows else f"was cut off after row {rows}"
        print(f"#{release}: the hash chain {what}", file=sys.stderr)  # noqa: T201
    return 1 if broken(chains) else 0


def _chain(tx: Tx, number: int) -> Chain:
    release = tx.get(number)
    return Chain(tx.journal(number), release.version if release else 0)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "try": lambda options: asyncio.run(_try(options)),
    "serve": lambda options: asyncio.run(_serve(options)),
    "check-config": _check_config,
    "doctor": _doctor,
    "export": lambda options: asyncio.run(_export(options)),
}


if __name__ == "__main__":
    sys.exit(main())
