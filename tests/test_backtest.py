"""The command `backtest`: made, kept, shown again, written to files, or refused."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from bot.__main__ import main

COMPONENTS: dict[str, dict[str, str]] = {"chat": {}}


def _service(folder: Path, hours: float = 3.0) -> None:
    """A component that has logged steadily: at 60 times the speed, two hours are five days."""
    dice, now = random.Random(7), datetime.now(UTC)
    lines, at = [], now - timedelta(hours=hours)
    while at < now:
        error = {"level": "ERROR", "type": "Steady"} if dice.random() < 0.3 else {"level": "INFO"}
        lines.append(json.dumps({"time": at.isoformat(), "host": "chat-1", **error}))
        at += timedelta(seconds=0.8)
    (folder / "chat.log").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _configured(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    body = {
        "time_scale": 60,
        "people": {"mika": {"name": "Mika", "role": "admin"}},
        "rooms": {"room": {"kind": "web"}},
        "executors": {"pmc": {"kind": "memory"}},
        "log_stores": {
            "app": {"kind": "files", "paths": ["{component}.log"]},
        },
        "policies": {"default": {"baseline": "2d"}, "short": {"baseline": "1d"}},
        "targets": {
            "shop": {"rooms": ["room"], "executor": "pmc", "logs": "app", "components": COMPONENTS}
        },
    }
    path = folder / "release.yml"
    path.write_text(yaml.safe_dump(body))
    monkeypatch.setenv("RELEASE_MASTER_RELEASE_FILE", str(path))
    monkeypatch.setenv("RELEASE_MASTER_DATABASE_URL", f"sqlite:///{folder}/bot.sqlite3")
    monkeypatch.chdir(folder)


@pytest.mark.thorough
def test_it_is_made_kept_and_shown_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table for people, the files that were asked for, and the same table from what is kept."""
    _configured(monkeypatch, tmp_path)
    _service(tmp_path)
    sheet, page = tmp_path / "cases.csv", tmp_path / "report.html"

    code = main(["backtest", "shop", "--pseudo", "30", "--csv", str(sheet), "--html", str(page)])
    made = capsys.readouterr()
    again = main(["backtest", "shop", "--kept"])
    kept = capsys.readouterr()

    assert (code, again) == (0, 0)
    assert "0 releases (0 bad) and 30 pseudo-releases" in made.out
    assert "Reading the logs of chat: day 1 of" in made.err
    assert made.out == kept.out
    assert kept.err == ""
    rows = list(csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8"))))
    assert len({row["case"] for row in rows}) == 30
    assert "seed-2020" in page.read_text(encoding="utf-8")


def test_named_policies_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two policies of release.yml side by side."""
    _configured(monkeypatch, tmp_path)
    _service(tmp_path)

    code = main(["backtest", "shop", "--pseudo", "5", "--policy", "default", "--policy", "short"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines if line.split()[1:2] == ["all"]] == [
        "default",
        "short",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shep"], "there is no target 'shep'; release.yml has shop"),
        (["shop", "--policy", "none"], "there is no policy 'none'; release.yml has default, short"),
        (["shop", "--kept"], "no backtest of shop is kept"),
        (["shop", "--labels", "labels.csv"], "line 2: label 'worse' of a release"),
        (["shop"], "The logs of chat do not reach back far enough"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With what would be right, and the exit code of a refusal."""
    _configured(monkeypatch, tmp_path)
    _service(tmp_path, hours=0.2)
    (tmp_path / "labels.csv").write_text("release,from,to,label\n1,,,worse\n")

    code = main(["backtest", *arguments])

    assert code == 2
    assert said in capsys.readouterr().err


def test_a_count_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """No case, or a word: the usage says what would be right."""
    with pytest.raises(SystemExit):
        main(["backtest", "shop", "--pseudo", "0"])

    assert "'0' is no count; write 1 to 100000" in capsys.readouterr().err
