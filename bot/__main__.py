"""The command line: reads what is asked for, and does it."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot import __version__
from bot.core.config import OnFail
from bot.core.export import Chain, ExportFormat, broken, export_journal
from bot.core.redact import redact
from bot.doctor import examine
from bot.factory import Adapters, prove_settings
from bot.observability import LogStyle, configure_logging
from bot.service import Bot
from bot.settings import Reloader, SettingsError, check_config, load
from bot.store import Store, Tx
from bot.store.errors import StoreError
from bot.tryout import TryOut, TryOutError

EX_CONFIG = 78
"""The exit code of refused settings (sysexits.h), which a supervisor need not try again."""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="release-master",
        description="The release bot of the chatroom: plans, asks, deploys, compares, rolls back.",
    )
    top.add_argument("--version", action="version", version=f"release-master {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    trial = "drive a release of seven real processes on this machine; needs no account"
    _with_trial_options(_command(commands, "try", trial))
    _with_file(_command(commands, "serve", "run the bot for a team, as release.yml says"))
    check = _command(commands, "check-config", "say whether release.yml is valid, and why not")
    check.add_argument("file", nargs="?", type=Path, help="default: as the environment says")
    doctor = _command(commands, "doctor", "say what is configured and what answers")
    _with_file(doctor)
    doctor.add_argument("--offline", action="store_true", help="only look at the configuration")
    doctor.add_argument("--cards", type=Path, metavar="DIR", help=_CARDS)
    export = _command(commands, "export", "write the journal, after checking its hash chain")
    _with_file(export)
    export.add_argument("release", nargs="?", type=_release, help="#42; all of them when left out")
    export.add_argument(
        "--format",
        choices=[str(f) for f in ExportFormat],
        default="json",
        help="json: one document (the default); csv: a row for each event, for spreadsheets",
    )
    return top


_Commands = argparse._SubParsersAction  # noqa: SLF001 - the library has no public name for it


def _command(
    commands: _Commands[argparse.ArgumentParser], name: str, purpose: str
) -> argparse.ArgumentParser:
    said = f"{purpose[0].upper()}{purpose[1:]}. {_MORE.get(name, '')}".strip()
    return commands.add_parser(name, help=purpose, description=said)


_MORE = {
    "try": "Everything is local and temporary, times are shortened; Ctrl-C ends it all.",
    "serve": "Settings come from the environment and .env; SIGHUP reads release.yml again.",
    "check-config": "The exit code is 0 when it is valid, else 1.",
    "doctor": "The exit code is 0 when nothing is wrong, else 1.",
    "export": "The exit code is 1 when a chain is broken or cut off.",
}
"""What a command's help says beside its purpose."""


_CARDS = (
    "with --offline: also write every sample card, in every state and language, as the JSON that "
    "would be sent: DIR/slack/*.json and DIR/line/*.json"
)


def _port(word: str) -> int:
    if not word.isdigit() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is no port; write 0 to 65535")
    return int(word)


def _with_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", type=Path, help="release.yml (default: as the environment says)"
    )


def _with_trial_options(trial: argparse.ArgumentParser) -> None:
    trial.add_argument(
        "--port", type=_port, default=8080, help="of the page (default: 8080; 0: any free one)"
    )
    trial.add_argument("--data", type=Path, help="keep the state in this folder over restarts")
    trial.add_argument(
        "--logs", choices=("files", "elasticsearch"), default="files", help="where logs are counted"
    )
    trial.add_argument(
        "--server",
        type=Path,
        metavar="FOLDER",
        help="an unpacked Elasticsearch for --logs elasticsearch (make run LOGS=elasticsearch "
        "fetches one)",
    )
    trial.add_argument(
        "--on-fail",
        choices=[str(way) for way in OnFail],
        default=str(OnFail.ASK),
        help="a failed check: ask people (the default), roll_back by itself after a countdown that "
        "anyone who may abort can stop, or observe to the last round",
    )


def _release(word: str) -> int:
    number = word.removeprefix("#")
    if not number.isdigit() or not int(number):
        raise argparse.ArgumentTypeError(f"{word!r} is no release; write 42 or #42")
    return int(number)


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
