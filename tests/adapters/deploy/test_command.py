"""Tests that commands run once, outlive the bot, end in time, and say nothing secret."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.deploy.command import CommandDeployer, runner
from adapters.deploy.command import deployer as deployer_module
from adapters.deploy.command.records import Records, name_of
from bot.core.config.executor import CommandExecutor
from bot.core.operation import (
    Candidate,
    FindState,
    HostState,
    Operation,
    OperationKind,
    Progress,
    ProgressState,
    RefusedError,
    UnreachableError,
    UnsureError,
)
from bot.core.redact import redact
from tests.support import deployctl
from tests.support.source import ROOT

DEPLOY = Operation(
    key="7/deploy-chat/1", kind=OperationKind.DEPLOY, component="chat", version="1.1"
)
NAME = name_of(DEPLOY.key)
PYTHON = (sys.executable, "-I", "-S", "-c")


def deployer(folder: Path, code: str, *arguments: str, **settings: Any) -> CommandDeployer:
    """An executor whose every command runs this Python code, in a folder of its own."""
    argv = (*PYTHON, code, *arguments)
    values = {"deploy": argv, "restart": argv, "running": argv, "candidates": argv, "grace": "5s"}
    config = CommandExecutor.model_validate({"kind": "command", **values, **settings})
    return CommandDeployer(
        config, state_dir=folder / "state", environment=os.environ, redact=redact
    )


async def until(check: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    async with asyncio.timeout(20):
        while not check():  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(0.02)


async def ended(executor: CommandDeployer, handle: str) -> Progress:
    """Look until the command has ended."""
    progress = await executor.look(DEPLOY, handle)
    async with asyncio.timeout(20):
        while progress.state is ProgressState.RUNNING:
            await asyncio.sleep(0.02)
            progress = await executor.look(DEPLOY, handle)
    return progress


async def run(executor: CommandDeployer) -> Progress:
    """Start the deployment and look until it has ended."""
    return await ended(executor, await executor.start(DEPLOY))


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be read does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.strip().startswith(b"Z")


@pytest.mark.scenario(34)
@pytest.mark.parametrize(
    "value",
    [
        "--force",
        "-x",
        "; rm -rf x",
        "$(id)",
        "a b",
        "a\nb",
        "a\x00b",
        "",
        "../x",
        "a/../b",
        "|",
        "ü",
        "a'b",
        'a"b',
        "a`b",
        "a*",
        "~x",
        "x" * 201,
    ],
)
@pytest.mark.parametrize("part", ["component", "version", "group", "key", "hosts"])
async def test_only_harmless_values_reach_a_command(tmp_path: Path, part: str, value: str) -> None:
    """Options, blanks, shell signs and ways out of a folder are refused before anything runs."""
    executor = deployer(
        tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')", "{component}", "{version}", "{hosts}"
    )
    operation = DEPLOY.model_copy(update={part: (value,) if part == "hosts" else value})

    with pytest.raises(RefusedError, match="not allowed"):
        await executor.start(operation)
    if part == "component":
        with pytest.raises(UnreachableError, match="not allowed"):
            await executor.running(value)

    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "ran").exists()


@pytest.mark.scenario(34)
async def test_values_are_whole_arguments(tmp_path: Path) -> None:
    """Each item of argv stays one argument as it is written; hosts are joined by commas."""
    code = "import sys, json; print(json.dumps(sys.argv[1:])); sys.exit(1)"
    executor = deployer(tmp_path, code, "v={version};x", "{hosts}", "{group} {key}", "{handle} $X")
    operation = DEPLOY.model_copy(update={"version": "1+a@b:c/d_e-f.0", "hosts": ("h1", "h2")})
    progress = await ended(executor, await executor.start(operation))

    assert progress.detail.splitlines()[1] == json.dumps(
        ["v=1+a@b:c/d_e-f.0;x", "h1,h2", "all 7/deploy-chat/1", "{handle} $X"]
    )


@pytest.mark.crash
async def test_a_command_outlives_a_killed_bot(tmp_path: Path) -> None:
    """After kill -9 of the bot the command runs on, is found by key, and its end is read."""
    (tmp_path / "hold").touch()
    bot = await start_bot(tmp_path)
    await until((tmp_path / "starts").exists)
    os.killpg(bot.pid, signal.SIGKILL)
    await bot.communicate()
    executor = deployer(tmp_path, "")
    found = await executor.find(DEPLOY)
    during = await executor.look(DEPLOY, found.handle)
    again = await executor.start(DEPLOY)
    (tmp_path / "hold").unlink()
    progress = await ended(executor, found.handle)

    assert bot.returncode == -signal.SIGKILL
    assert found.state is FindState.FOUND
    assert during.state is ProgressState.RUNNING
    assert again == found.handle
    assert progress.state is ProgressState.SUCCEEDED
    assert (tmp_path / "starts").read_text().splitlines() == [DEPLOY.key]


@pytest.mark.crash
@pytest.mark.parametrize("milliseconds", [0, 2, 5, 10, 20, 30, 40, 60, 80])
async def test_a_bot_killed_at_any_moment_begins_a_command_once(
    tmp_path: Path, milliseconds: int
) -> None:
    """Whenever the bot is killed: found is adopted, absent is begun, and the command ran once."""
    bot = await start_bot(tmp_path)
    assert bot.stdout is not None
    await bot.stdout.readline()
    await asyncio.sleep(milliseconds / 1000)
    os.killpg(bot.pid, signal.SIGKILL)
    await bot.communicate()
    executor = deployer(tmp_path, "", deploy=deployctl_argv(tmp_path))
    found = await executor.find(DEPLOY)
    progress = await ended(executor, found.handle or await executor.start(DEPLOY))

    assert found.state is not FindState.CANNOT_TELL
    assert progress.state is ProgressState.SUCCEEDED
    assert (tmp_path / "starts").read_text().splitlines() == [DEPLOY.key]


def deployctl_argv(folder: Path) -> list[str]:
    """The argv of a team's deploy command."""
    values = ["deploy", "chat", "1.1", "all", "", DEPLOY.key]
    return [sys.executable, "-I", "-S", deployctl.__file__, str(folder), *values]


async def start_bot(folder: Path) -> asyncio.subprocess.Process:
    """Begin a process that starts the deployment as a bot does, and says when it is about to."""
    state, argv = str(folder / "state"), deployctl_argv(folder)
    return await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", _BOT, state, DEPLOY.model_dump_json(), *argv],
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


_BOT = """
import asyncio, os, sys
from pathlib import Path
from adapters.deploy.command import CommandDeployer
from bot.core.config.executor import CommandExecutor
from bot.core.operation import Operation
state, operation, *argv = sys.argv[1:]
config = CommandExecutor(kind="command", deploy=argv, restart=argv, running=argv)
async def main():
    executor = CommandDeployer(
        config, state_dir=Path(state), environment=os.environ, redact=str
    )
    print("about to start", flush=True)
    await executor.start(Operation.model_validate_json(operation))
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_what_was_only_prepared_is_absent_for_good(tmp_path: Path) -> None:
    """A start that was cut off before its launch is taken back, and a late launch does nothing."""
    executor = deployer(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')")
    Records(tmp_path / "state").prepare(NAME, {"argv": ["true"]})
    found = await executor.find(DEPLOY)
    script = [sys.executable, runner.__file__, str(tmp_path / "state"), NAME]
    late = await asyncio.create_subprocess_exec(*script)

    assert found.state is FindState.ABSENT
    assert await late.wait() == runner.WITHDRAWN
    assert (await run(executor)).state is ProgressState.SUCCEEDED
    assert (tmp_path / "ran").exists()


async def test_a_launch_that_was_cut_off_cannot_be_told(tmp_path: Path) -> None:
    """Taken, but without a sign of having begun: nobody can tell, and nothing is begun again."""
    executor = deployer(tmp_path, "", timeout="100ms")
    Records(tmp_path / "state").prepare(NAME, {"argv": ["true"]})
    runner.claim(tmp_path / "state", NAME)
    runner.save(tmp_path / "state" / f"{NAME}.state", {"pid": 0, "exit": None})
    found = await executor.find(DEPLOY)

    assert found.state is FindState.CANNOT_TELL
    with pytest.raises(UnsureError, match="cut off"):
        await executor.start(DEPLOY)
    assert (await executor.look(DEPLOY, NAME)).state is ProgressState.LOST


def test_of_many_takers_one_gets_the_command(tmp_path: Path) -> None:
    """However many processes try to begin a command at once, one does."""
    records, barrier, errors = Records(tmp_path), threading.Barrier(8), []
    for round_number in range(20):
        name = name_of(str(round_number))
        records.prepare(name, {"argv": ["true"]})

        def take(name: str) -> int:
            barrier.wait()
            try:
                return len(runner.claim(tmp_path, name))
            except (FileExistsError, FileNotFoundError) as error:
                errors.append(error)
                return 0

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(take, [name] * 8)) == 1

    assert len(errors) == 20 * 7


def supervise(folder: Path, code: str, **job: Any) -> tuple[list[str], dict[str, Any]]:
    """Run a command as the runner does, in this process; return what it told and left behind."""
    told: list[str] = []
    whole = {"timeout": 20, "grace": 5, "output_limit": 1000, "argv": [*PYTHON, code], **job}
    runner.supervise(folder, "x", whole, told.append)
    state = runner.place(folder, "x", "state")
    return told, json.loads(state.read_text()) if state.exists() else {}


def test_the_runner_writes_the_whole_end(tmp_path: Path) -> None:
    """Exit code, results of hosts and output are in the file when the runner ends."""
    code = "import time; print('host h1 succeeded', flush=True); time.sleep(0.7); exit(2)"
    told, state = supervise(tmp_path, code.replace("exit", "raise SystemExit"))

    assert told == ["started"]
    assert state["exit"] == 2
    assert state["hosts"] == {"h1": ["succeeded", ""]}
    assert state["output"] == "host h1 succeeded\n"
    assert not Records(tmp_path).is_watched("x")


def test_the_runner_waits_for_no_process_that_was_left_behind(tmp_path: Path) -> None:
    """A child that keeps the output open does not keep the runner."""
    code = "import os, time; print(os.getpid()) if os.fork() else time.sleep(2)"
    _, state = supervise(tmp_path, code)

    assert state["exit"] == 0


def test_the_runner_tells_that_a_program_is_missing(tmp_path: Path) -> None:
    """What could not be run leaves no sign of having begun."""
    told, state = supervise(tmp_path, "", argv=["no-such-program"])

    assert "no-such-program" in told[0]
    assert state == {}


@pytest.mark.parametrize(("is_stopped", "ending"), [(True, "stopped"), (False, "timeout")])
def test_the_runner_ends_what_ignores_it(tmp_path: Path, *, is_stopped: bool, ending: str) -> None:
    """A command that ignores SIGTERM is killed after the grace, and the reason is kept."""
    if is_stopped:
        runner.place(tmp_path, "x", "stop").touch()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    _, state = supervise(tmp_path, code, grace=0.1, timeout=60 if is_stopped else 0.3)

    assert state["ending"] == ending
    assert state["exit"] < 0


def test_a_command_is_launched_by_one_process_only(tmp_path: Path) -> None:
    """A second launch sees the command taken, a launch after a withdrawal sees nothing."""
    records = Records(tmp_path)
    records.prepare(NAME, {"argv": ["true"]})
    runner.claim(tmp_path, NAME)
    records.prepare(NAME, {"argv": ["true"]})

    assert runner.launch(tmp_path, NAME) == runner.TAKEN
    assert runner.launch(tmp_path, NAME) == runner.TAKEN
    runner.place(tmp_path, NAME, "taken").unlink()
    assert runner.launch(tmp_path, NAME) == runner.WITHDRAWN
    assert not runner.place(tmp_path, NAME, "ready").exists()


def test_a_folder_that_cannot_be_used_refuses_the_launch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A claim that fails in the file system begins nothing and says why."""
    (tmp_path / "file").touch()

    assert runner.launch(tmp_path / "file", NAME) == runner.REFUSED
    assert "cannot be taken" in capsys.readouterr().out


def test_the_output_keeps_its_end_and_whole_lines() -> None:
    """Of a long output the last lines stay, of endless hosts and lines only so many."""
    output = runner.Output(limit=20)
    for number in range(100):
        output.add(b"line %d\nhost h%d failed\n" % (number, number))
    output.add("x€".encode()[:-1])
    output.end()
    kept = output.snapshot()

    assert kept["output"] == "host h99 failed\nx\ufffd"
    assert len(kept["hosts"]) == 100


async def test_a_runner_that_was_killed_is_lost(tmp_path: Path) -> None:
    """When the process that watches the command is gone nobody calls it running or a success."""
    pids = tmp_path / "pids"
    code = (
        "import os, time, pathlib; pathlib.Path(%r).write_text(f'{os.getpid()} {os.getppid()}');"
        "time.sleep(60)"
    )
    executor = deployer(tmp_path, code % str(pids))
    handle = await executor.start(DEPLOY)
    await until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    command, watcher = map(int, pids.read_text().split())
    os.kill(watcher, signal.SIGKILL)
    await until(lambda: not is_alive(watcher))
    progress = await executor.look(DEPLOY, handle)
    found = await executor.find(DEPLOY)
    stop = await executor.stop(DEPLOY, handle)
    os.kill(command, signal.SIGKILL)

    assert progress.state is ProgressState.LOST
    assert "may still run" in progress.detail
    assert found.state is FindState.FOUND
    assert not stop.accepted


async def test_a_program_that_is_missing_refuses(tmp_path: Path) -> None:
    """A command that cannot be run was not begun, and can be started when it is there."""
    executor = deployer(tmp_path, "", deploy=["no-such-program-here"])
    with pytest.raises(RefusedError, match="no-such-program-here"):
        await executor.start(DEPLOY)

    assert (await executor.find(DEPLOY)).state is FindState.ABSENT
    assert (await executor.look(DEPLOY, NAME)).state is ProgressState.LOST
    assert (await run(deployer(tmp_path, ""))).state is ProgressState.SUCCEEDED


async def test_without_python_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A launch that fails for the bot's own reasons is a refusal and leaves nothing behind."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    executor = deployer(tmp_path, "")
    with pytest.raises(RefusedError, match="cannot be launched"):
        await executor.start(DEPLOY)

    assert (await executor.find(DEPLOY)).state is FindState.ABSENT


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("raise SystemExit(6)", UnsureError),
        ("import os, sys; os.link(sys.argv[1], sys.argv[2]); raise SystemExit(4)", UnsureError),
        ("raise SystemExit(5)", RefusedError),
    ],
)
async def test_a_launch_that_ends_strangely_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, error: type[Exception]
) -> None:
    """Unless the launcher says that nothing began, it may have begun."""
    script = tmp_path / "launcher.py"
    script.write_text(
        "import sys; ready = f'{sys.argv[1]}/{sys.argv[2]}.ready'\n"
        "sys.argv[1:] = [ready, ready.replace('.ready', '.taken')]\n" + code
    )
    monkeypatch.setattr(runner, "__file__", str(script))
    with pytest.raises(error):
        await deployer(tmp_path, "", timeout="100ms").start(DEPLOY)


async def test_a_launch_without_an_answer_may_have_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A launcher that took the command and then hangs is given up: nobody knows."""
    script = tmp_path / "launcher.py"
    script.write_text(
        "import pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1], sys.argv[2] + '.taken').touch(); time.sleep(60)"
    )
    monkeypatch.setattr(runner, "__file__", str(script))
    monkeypatch.setattr(deployer_module, "_LAUNCH_SECONDS", 0.5)

    with pytest.raises(UnsureError, match="no answer"):
        await deployer(tmp_path, "").start(DEPLOY)


async def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """After its time a command's whole group is ended, SIGTERM ignored or not, and has failed."""
    pids = tmp_path / "pids"
    code = (
        "import os, signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"os.fork(); f = open({str(pids)!r}, 'a'); f.write(f'{{os.getpid()}}\\n'); f.flush();"
        "print('waiting', flush=True); time.sleep(60)"
    )
    executor = deployer(tmp_path, code, timeout="500ms", grace="200ms")
    progress = await run(executor)
    both = [int(pid) for pid in pids.read_text().split()]
    await until(lambda: not any(map(is_alive, both)))

    assert len(both) == 2
    assert progress.state is ProgressState.FAILED
    assert progress.detail.startswith("ended after")
    assert "waiting" in progress.detail


async def test_a_stop_lets_the_command_end_by_itself(tmp_path: Path) -> None:
    """A stop is a SIGTERM first: what the command then says is kept, and it was stopped."""
    code = (
        "import signal, sys, time\n"
        "def bye(*_): print('cleaned up'); sys.exit(3)\n"
        "signal.signal(signal.SIGTERM, bye); print('host h1 succeeded', flush=True); time.sleep(60)"
    )
    executor = deployer(tmp_path, code)
    handle = await executor.start(DEPLOY)
    progress = await executor.look(DEPLOY, handle)
    async with asyncio.timeout(20):
        while not progress.hosts:
            await asyncio.sleep(0.02)
            progress = await executor.look(DEPLOY, handle)
    stop = await executor.stop(DEPLOY, handle)
    last = await ended(executor, handle)

    assert progress.state is ProgressState.RUNNING
    assert stop.accepted
    assert last.state is ProgressState.STOPPED
    assert "cleaned up" in last.detail


@pytest.mark.parametrize(
    ("code", "state", "detail"),
    [
        ("", ProgressState.SUCCEEDED, ""),
        ("print('fine')", ProgressState.SUCCEEDED, ""),
        ("raise SystemExit(7)", ProgressState.FAILED, "exit code 7"),
        ("import os; os.kill(os.getpid(), 9)", ProgressState.FAILED, "signal 9"),
        ("print('a\\n\\nb'); raise SystemExit(1)", ProgressState.FAILED, "exit code 1\na\nb"),
        ("print('host h1 failed'); print('host h2 unchanged')", ProgressState.FAILED,
         "exit code 0, 1 of 2 hosts failed: h1"),
    ],
)  # fmt: skip
async def test_the_end_of_a_command_is_read(
    tmp_path: Path, code: str, state: ProgressState, detail: str
) -> None:
    """Exit code 0 without a failed host is success; all else failed and says why."""
    progress = await run(deployer(tmp_path, code))

    assert progress.state is state
    assert progress.detail == detail


async def test_lines_of_hosts_are_results(tmp_path: Path) -> None:
    """The last line of a host counts, explanations are redacted, other lines are no results."""
    lines = [
        "host h1 failed first try", "host h1 succeeded", "host h2 unchanged password=hunter2",
        "host h3 exploded", "the host h4 succeeded", "host  h5 succeeded",
        "host h6 succeeded at last",
    ]  # fmt: skip
    progress = await run(deployer(tmp_path, f"print({chr(10).join(lines)!r}, end='')"))

    assert [(one.host, one.state, one.detail) for one in progress.hosts] == [
        ("h1", HostState.SUCCEEDED, ""),
        ("h2", HostState.UNCHANGED, "password=***"),
        ("h6", HostState.SUCCEEDED, "at last"),
    ]


@pytest.mark.scenario(35)
async def test_output_is_redacted_before_it_is_cut(tmp_path: Path) -> None:
    """Only the end of the output is kept, and no secret that the cut goes through survives."""
    secret = "password=" + "hunter2" * 20
    code = f"print('x' * 5000); [print({secret!r}) for _ in range(40)]; raise SystemExit(1)"
    executor = deployer(tmp_path, code, output_limit=1000)
    progress = await run(executor)
    kept = json.loads((tmp_path / "state" / f"{NAME}.state").read_text())["output"]

    assert len(kept) <= 1000
    assert "hunter2" not in progress.detail
    assert progress.detail.splitlines()[1:] == ["password=***"] * 5
    assert (tmp_path / "state" / f"{NAME}.state").stat().st_mode & 0o077 == 0


async def test_commands_see_only_the_named_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot's own secrets are not in the environment of commands."""
    monkeypatch.setenv("BOT_SECRET", "x")
    monkeypatch.setenv("WANTED", "y")
    code = "import os; print(sorted({'BOT_SECRET', 'WANTED', 'HOME'} & set(os.environ))); exit(1)"
    code = code.replace("exit(1)", "raise SystemExit(1)")
    executor = deployer(tmp_path, code, environment=["WANTED", "NOT_SET"])

    assert (await run(executor)).detail == "exit code 1\n['WANTED']"


async def test_what_a_command_is_told_it_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of its variables are taken out of output and hosts, but not those of PATH and HOME."""
    for name, value in (("DB_PW", "tr0ub4dor"), ("HOME", "/home/someone"), ("STAGE", "beta")):
        monkeypatch.setenv(name, value)
    code = (
        "import os; pw, home, stage = (os.environ[n] for n in ('DB_PW', 'HOME', 'STAGE'))\n"
        "print('host h1 failed login with', pw); print(pw, home, stage); raise SystemExit(1)"
    )
    executor = deployer(tmp_path, code, environment=["DB_PW", "HOME", "STAGE"])
    progress = await run(executor)

    assert progress.hosts[0].detail == "login with ***"
    assert progress.detail.splitlines()[-1] == "*** /home/someone beta"


async def test_a_process_that_is_left_behind_holds_nothing_up(tmp_path: Path) -> None:
    """A command has ended when its own process has, though a child keeps its output open."""
    pid = tmp_path / "pid"
    code = (
        "import os, time\n"
        f"if os.fork() == 0: open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    progress = await run(deployer(tmp_path, code))
    await until(lambda: pid.exists() and bool(pid.read_text()))
    os.kill(int(pid.read_text()), signal.SIGKILL)

    assert progress.state is ProgressState.SUCCEEDED


async def test_versions_and_groups_are_read_from_lines(tmp_path: Path) -> None:
    """A line is a host, its version, and maybe its group; empty lines do not count."""
    running = await deployer(tmp_path, "print('h1 1.0 canary\\n\\nh2 1.1')").running("chat")

    assert running.versions == {"h1": "1.0", "h2": "1.1"}
    assert running.groups == {"h1": "canary"}


async def test_candidates_are_read_from_lines(tmp_path: Path) -> None:
    """A line is a version and maybe its title; without a command any version may be named."""
    code = "print('1.2  with a title\\n1.1')"

    assert await deployer(tmp_path, code).candidates("chat") == (
        Candidate(version="1.2", title="with a title"),
        Candidate(version="1.1"),
    )
    assert await deployer(tmp_path, code, candidates=[]).candidates("chat") == ()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('h1')", "h1"),
        ("print('h1 1.0 canary x')", "h1"),
        ("import sys; print('h1 1.0'); sys.exit('token=abc')", r"^token=\*\*\*$"),
        ("raise SystemExit(4)", "ended with 4"),
        ("print('h 1\\n' * 300000)", "ended with 0|h 1"),
        ("import time; print('h1 1.0', flush=True); time.sleep(60)", "no answer within"),
        ("import os, time; os.fork() or (os.setsid(), time.sleep(2))", "no answer within"),
    ],
)
async def test_a_question_without_a_whole_answer_is_unreachable(
    tmp_path: Path, code: str, said: str
) -> None:
    """Strange lines, exit codes, floods and waits are no answer, and no secret is said."""
    with pytest.raises(UnreachableError, match=said):
        await deployer(tmp_path, code, timeout="1s").running("chat")


async def test_a_missing_program_answers_nothing(tmp_path: Path) -> None:
    """A question to a program that is not there is unreachable."""
    with pytest.raises(UnreachableError, match="no-such-program"):
        await deployer(tmp_path, "", running=["no-such-program"]).running("chat")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"pid": 1, "exit": 0, "hosts": {"a": 1}}'])
async def test_a_broken_record_is_unknown(tmp_path: Path, content: str) -> None:
    """What cannot be read is neither absent nor a success."""
    executor = deployer(tmp_path, "")
    await run(executor)
    (tmp_path / "state" / f"{NAME}.state").write_text(content)

    assert (await executor.look(DEPLOY, NAME)).state is ProgressState.UNKNOWN
    with pytest.raises(UnreachableError):
        await executor.find(DEPLOY)
    with pytest.raises(UnsureError):
        await executor.start(DEPLOY)


async def test_a_stop_that_cannot_be_written_down_is_asked_again(tmp_path: Path) -> None:
    """A stop that reaches nobody is not accepted and not denied."""
    executor = deployer(tmp_path, "import time; time.sleep(60)", timeout="1s")
    handle = await executor.start(DEPLOY)
    (tmp_path / "state" / f"{NAME}.stop").symlink_to(tmp_path / "nowhere" / "nothing")
    with pytest.raises(UnreachableError):
        await executor.stop(DEPLOY, handle)

    assert (await ended(executor, handle)).state is ProgressState.FAILED


async def test_without_a_place_to_write_nothing_begins(tmp_path: Path) -> None:
    """A start that cannot be written down is refused."""
    (tmp_path / "state").write_text("a file where the folder should be")
    executor = deployer(tmp_path, "")
    with pytest.raises(RefusedError):
        await executor.start(DEPLOY)
    with pytest.raises(UnreachableError):
        await executor.find(DEPLOY)


async def test_what_ended_long_ago_is_forgotten(tmp_path: Path) -> None:
    """Every file of an old command goes; one that runs, or is young, keeps all of its files."""
    done, running = deployer(tmp_path, "pass"), deployer(tmp_path, "import time; time.sleep(60)")
    other = DEPLOY.model_copy(update={"key": "7/deploy-chat/2"})
    await run(done)
    handle = await running.start(other)
    young = await done.forget(datetime.now(UTC) - timedelta(hours=1))
    for file in (tmp_path / "state").iterdir():
        os.utime(file, (1000, 1000))
    forgotten = await done.forget(datetime.now(UTC) - timedelta(hours=1))
    left = {file.name.partition(".")[0] for file in (tmp_path / "state").iterdir()}
    found = await done.find(DEPLOY)
    await running.stop(other, handle)
    await ended(running, handle)

    assert (young, forgotten) == (0, 1)
    assert left == {name_of(other.key)}
    assert found.state is FindState.ABSENT


async def test_nothing_begun_is_nothing_to_forget(tmp_path: Path) -> None:
    """An executor that was never used has no folder, and files that are not its own stay."""
    executor = deployer(tmp_path, "pass")
    before = await executor.forget(datetime.now(UTC))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "README.md").touch()
    os.utime(tmp_path / "state" / "README.md", (1000, 1000))

    assert (before, await executor.forget(datetime.now(UTC))) == (0, 0)
    assert (tmp_path / "state" / "README.md").exists()
