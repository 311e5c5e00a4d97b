"""What can be typed on the command line: commands, options, and their help."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot import __version__
from bot.core.config import OnFail
from bot.core.export import ExportFormat


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
    _with_backtest_options(
        _command(commands, "backtest", "say how often the policies would have been wrong before")
    )
    again = _command(commands, "recount", "count again what a verdict rests on, and compare")
    _with_file(again)
    again.add_argument("release", type=_release, help="#42")
    again.add_argument("step", nargs="?", default="", help="chat/check; where there are several")
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
    "backtest": "Releases of the past and moments without one are judged anew, on the logs that "
    "are still there; the result is kept, and lets a policy roll back by itself or not.",
    "export": "The exit code is 1 when a chain is broken or cut off.",
    "recount": "Says which types have more documents now (they arrived late) or fewer (expired).",
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
        "--logs",
        choices=("files", "elasticsearch", "opensearch"),
        default="files",
        help="where logs are counted",
    )
    trial.add_argument(
        "--server",
        type=Path,
        metavar="FOLDER",
        help="the unpacked server for --logs elasticsearch or opensearch (make run "
        "LOGS=elasticsearch fetches one)",
    )
    trial.add_argument(
        "--policy",
        choices=("calibrated", "seed-2020"),
        default="calibrated",
        help="how error logs are compared (default: calibrated; seed-2020: the rule of the talk)",
    )
    trial.add_argument(
        "--on-fail",
        choices=[str(way) for way in OnFail],
        default=str(OnFail.ASK),
        help="a failed check: ask people (the default), roll_back by itself after a countdown that "
        "anyone who may abort can stop, or observe to the last round",
    )


def _with_backtest_options(command: argparse.ArgumentParser) -> None:
    _with_file(command)
    command.add_argument("target", help="as release.yml calls it")
    command.add_argument(
        "--last", type=_count, metavar="N", help="so many releases, the newest (default: 200)"
    )
    command.add_argument(
        "--pseudo",
        type=_count,
        metavar="N",
        help="so many moments without a release, for each component (default: 250)",
    )
    command.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME",
        help="a policy of release.yml (may be repeated; default: the component's own, with every "
        "comparison)",
    )
    command.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="a CSV of release,from,to,label: what was good, bad, or an incident",
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="write every case as a row")
    command.add_argument("--html", type=Path, metavar="FILE", help="write a page with plots")
    command.add_argument(
        "--kept", action="store_true", help="show the newest one that is kept, and make none"
    )


def _count(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= 100_000:
        raise argparse.ArgumentTypeError(f"{word!r} is no count; write 1 to 100000")
    return int(word)


def _release(word: str) -> int:
    number = word.removeprefix("#")
    if not number.isdigit() or not int(number):
        raise argparse.ArgumentTypeError(f"{word!r} is no release; write 42 or #42")
    return int(number)
