"""The command line: what each command says and with which exit code."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
import yaml

from bot import doctor
from bot.__main__ import EX_CONFIG, main
from bot.chat import sample_files
from bot.core.baseline import Source
from bot.core.config import MemoryLogStore
from bot.core.minutes import bin_of, day_of
from bot.core.redact import redact
from bot.core.value import text
from bot.engine.last_resort import TRIES
from bot.settings import load
from bot.store import MinuteDayRow, Store, Tx
from bot.store.database import Database
from tests.support.bots import Twins, page_of, release_yml, running_bot


def _environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    path = folder / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()))
    monkeypatch.setenv("RELEASE_MASTER_RELEASE_FILE", str(path))
    monkeypatch.setenv("RELEASE_MASTER_DATABASE_URL", f"sqlite:///{folder}/bot.sqlite3")
    monkeypatch.chdir(folder)
    return path


async def _release(folder: Path) -> None:
    async with running_bot(folder, Twins()) as bot, page_of(bot, "mika") as page:
        await page.say("/release start shop note=weekly")
        await page.question("Start release")


@pytest.mark.parametrize(
    "command", ["try", "serve", "check-config", "doctor", "export", "backtest", "recount"]
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`release-master COMMAND --help` explains the command and ends well."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert "usage: release-master" in capsys.readouterr().out


def test_check_config_says_what_would_be_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong file is refused with path, value and the nearest known word."""
    body = release_yml()
    body["targets"]["shop"]["components"]["pay"]["depends_on"] = ["crat"]
    path = tmp_path / "release.yml"
    path.write_text(yaml.safe_dump(body))

    code = main(["check-config", str(path)])

    said = capsys.readouterr().err
    assert code != 0
    assert "targets.shop.components.pay.depends_on" in said
    assert "crat" in said
    assert "cart" in said


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("pattern", "(?P<time>[(?P<level>", "is no RE2 expression: missing ]: [(?P<level>"),
        ("time_format", "%Q", "is no strptime format: Failed to parse format specifier %Q"),
    ],
)
def test_what_only_an_adapter_understands_is_checked_at_the_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    key: str,
    value: str,
    said: str,
) -> None:
    """An expression that DuckDB refuses ends check-config and serve, and is a line of doctor."""
    path = _environment(monkeypatch, tmp_path)
    body = release_yml()
    store = {"kind": "files", "paths": ["app.log"], "format": "pattern"}
    store["pattern"] = r"(?P<time>\S+) (?P<level>\w+)"
    body["log_stores"]["app"] = {**store, key: value}
    path.write_text(yaml.safe_dump(body))
    problem = f"release.yml: log_stores.app.{key}: '{value}' {said}"

    codes = [main([command]) for command in ("check-config", "serve", "doctor")]

    told = capsys.readouterr()
    assert codes == [1, EX_CONFIG, 1]
    assert told.err.count(problem) == 2
    assert f"PROBLEM  {problem}" in told.out
    assert f"PROBLEM  shop/cart: log store app: {key}: '{value}'" in told.out


def test_serve_refuses_wrong_settings_with_its_own_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong settings end the start with a code that a supervisor need not try again."""
    path = _environment(monkeypatch, tmp_path)
    path.write_text("targets: {}\n")

    assert main(["serve"]) == EX_CONFIG
    assert "rooms" in capsys.readouterr().err


def test_doctor_writes_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only offline, as nothing of it is ever sent."""
    _environment(monkeypatch, tmp_path)
    write = Mock(return_value=7)
    monkeypatch.setattr(sample_files, "write", write)

    assert main(["doctor", "--cards", str(tmp_path)]) == 2
    assert "--offline" in capsys.readouterr().err
    assert main(["doctor", "--offline", "--cards", str(tmp_path)]) == 0
    write.assert_called_once_with(tmp_path)
    assert "cards: 7 files" in capsys.readouterr().out


def test_doctor_writes_cards_where_nothing_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever only looks needs no release.yml; one that is there and wrong is told."""
    path = _environment(monkeypatch, tmp_path)
    path.unlink()
    write = Mock(return_value=7)
    monkeypatch.setattr(sample_files, "write", write)
    cards = tmp_path / "cards"
    wanted = ["doctor", "--offline", "--cards", str(cards)]

    absent = main(wanted)
    told = capsys.readouterr().out
    looked = [main(["doctor", "--offline"]), main(["doctor", "--cards", str(cards)])]
    path.write_text("targets: {}\n")
    wrong = main(wanted)

    write.assert_called_once_with(cards)
    assert (absent, looked, wrong) == (0, [EX_CONFIG, EX_CONFIG], EX_CONFIG)
    assert f"there is no {path}" in told
    assert "cards: 7 files" in told
    assert "rooms" in capsys.readouterr().err


def test_doctor_says_what_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each component's executor and log store is asked; silence in the logs is a problem."""
    _environment(monkeypatch, tmp_path)

    offline = main(["doctor", "--offline"])
    online = main(["doctor"])

    said = capsys.readouterr().out
    assert offline == 0
    assert online == 1
    assert "ok       shop/cart: 3 hosts run 1.0 (pmc)" in said
    assert "PROBLEM  shop/pay: log store app: No log line of any level" in said


def test_doctor_lists_what_does_not_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A timer that was tried again and again is a line; an operation that is looked at is none."""
    _environment(monkeypatch, tmp_path)
    at = datetime(2026, 3, 4, tzinfo=UTC)

    def tried(tx: Tx) -> None:
        for key in ("timer", "look"):
            tx.enqueue(42, f"{key}:x", kind=key, body="{}", due_at=at)
        for _ in range(TRIES):
            for row in tx.take("me", at, at, limit=9):
                tx.postpone(row.id, "me", at)

    async def fill() -> None:
        store = Store(f"sqlite:///{tmp_path}/bot.sqlite3")
        await store.open()
        await store.transact(tried)
        await store.close()

    asyncio.run(fill())
    main(["doctor"])
    said = capsys.readouterr().out

    assert "warning  #42: timer:x was tried 5 times and is not done; the log says why" in said
    assert "look:x" not in said


def test_doctor_says_how_far_each_baseline_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is read, what is still to be read, and what keeps it from being read."""
    _environment(monkeypatch, tmp_path)
    now = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(doctor, "_now", lambda: now)
    source = Source(
        name="app",
        config=MemoryLogStore(kind="memory"),
        component="cart",
        levels=("ERROR",),
        baseline=timedelta(days=1),
    )
    stuck = source.model_copy(update={"component": "pay"})
    minute = bin_of(now, source.bin)

    def fill(tx: Tx) -> None:
        for one in (source, stuck):
            tx.want_baseline(one.key, one.model_dump_json(), now)
        trouble = text("honesty.log_store", detail="no route")
        tx.trouble_baseline(stuck.key, trouble.model_dump_json())
        row = MinuteDayRow(
            key=source.key, day=day_of(minute), upto=minute, settled=minute, known=1, body=b"x"
        )
        tx.put_minute_day(row)

    database = Database(load().environment.database_url)
    database.open()
    database.write(fill)
    database.close()

    assert main(["doctor"]) == 1

    said = capsys.readouterr().out
    assert "warning  baseline of cart in app: 1 of 2 days to 2026-08-06 12:00 UTC, 0.0 MB" in said
    assert "PROBLEM  baseline of pay in app: 0 of 2 days: The log store could not count: " in said


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_a_certificate_that_cannot_be_read_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """No release finds out by itself."""
    path = _environment(monkeypatch, tmp_path)
    file = release_yml()
    [name] = file["log_stores"]
    file["log_stores"][name] = {
        "kind": kind,
        "addresses": ["https://127.0.0.1:9"],
        "index": "logs-{component}",
        "ca_file": "none.pem",
    }
    path.write_text(yaml.safe_dump(file))

    assert main(["check-config"]) == 1

    assert f"log_stores.{name}.ca_file: 'none.pem' cannot be read" in capsys.readouterr().err


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("kind", "server"), [("elasticsearch", "Elasticsearch"), ("opensearch", "OpenSearch")]
)
def test_doctor_says_why_a_server_cannot_count_and_never_the_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    server: str,
) -> None:
    """A server that does not answer is a problem of each component that it counts."""
    path = _environment(monkeypatch, tmp_path)
    file = release_yml()
    [name] = file["log_stores"]
    file["log_stores"][name] = {
        "kind": kind,
        "addresses": ["http://127.0.0.1:9"],
        "index": "logs-{component}",
        "username": "bot",
        "password_env": "ELASTIC_PASSWORD",
    }
    path.write_text(yaml.safe_dump(file))
    monkeypatch.setenv("ELASTIC_PASSWORD", "opensesame")

    code = main(["doctor"])

    said = capsys.readouterr().out
    assert code == 1
    assert f"PROBLEM  shop/pay: log store {name}: {server} cannot be reached" in said
    assert "opensesame" not in said


def test_export_verifies_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON and CSV hold every row; a journal that was changed is exported, and called broken."""
    asyncio.run(_release(tmp_path))
    _environment(monkeypatch, tmp_path)
    capsys.readouterr()
    assert main(["export", "#1"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert main(["export", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert main(["export", "77"]) == 1
    capsys.readouterr()

    asyncio.run(_tamper(tmp_path))
    broken = main(["export", "1"])

    assert next(r["code"] for r in body["releases"][0]["rows"]) == "planned"
    assert body["releases"][0]["intact"] is True
    assert len(rows) == len(body["releases"][0]["rows"])
    assert broken == 1
    assert "#1: the hash chain is broken at row 1" in capsys.readouterr().err


def test_export_makes_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong folder is told; an empty journal would look like one that was lost."""
    _environment(monkeypatch, tmp_path)

    assert main(["export"]) == 2
    assert "RELEASE_MASTER_DATABASE_URL names: there is no file" in capsys.readouterr().err
    assert not (tmp_path / "bot.sqlite3").exists()


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none_is_refused_before_anything_starts(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The option is named as it was typed."""
    with pytest.raises(SystemExit):
        main(["try", f"--port={port}"])

    assert f"argument --port: '{port}' is no port; write 0 to 65535" in capsys.readouterr().err


async def _tamper(folder: Path) -> None:
    store = Store(f"sqlite:///{folder}/bot.sqlite3")
    await store.open()

    def work(tx: object) -> None:
        connection = tx.connection  # type: ignore[attr-defined]  # only a forger goes past the API
        for (name,) in connection.exec_driver_sql(
            "select name from sqlite_master where type = 'trigger'"
        ).all():
            connection.exec_driver_sql(f"drop trigger {name}")
        connection.exec_driver_sql("update journal set actor = 'Mallory' where seq = 1")

    try:
        await store.transact(work)
    finally:
        await store.close()


@pytest.mark.thorough
def test_serve_reloads_on_sighup_and_stops_on_sigterm(tmp_path: Path) -> None:
    """SIGHUP says whether the new file is taken; SIGTERM ends the process within ten seconds."""
    path = tmp_path / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()))
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve"],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "RELEASE_MASTER_RELEASE_FILE": str(path),
            "RELEASE_MASTER_DATABASE_URL": f"sqlite:///{tmp_path}/bot.sqlite3",
            "RELEASE_MASTER_PORT": "0",
        },
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert "listening on http://127.0.0.1:" in process.stdout.readline()
        path.write_text("nonsense: true\n")
        process.send_signal(signal.SIGHUP)
        line = next(said for said in process.stderr if "reload" in said)
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)
    finally:
        process.kill()
        process.communicate()

    assert "REFUSED" in line
    assert code == 0


def test_secrets_in_the_environment_never_reach_the_output() -> None:
    """What the command line prints of a URL with a password has the password taken out."""
    assert "hunter2" not in redact("postgresql://bot:hunter2@db/releases")
