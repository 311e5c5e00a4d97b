"""Slack is told what a killed process owed: through the response_url, or by the bot."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.second_slack import BOT, SecondSlack
from tests.support.slack_bots import SMALL, SlackTwins, release_yml, slack_bot


async def _cut_off(
    slack: SecondSlack, folder: Path, monkeypatch: pytest.MonkeyPatch, line: str, *, said: bool
) -> None:
    """A bot that records and acknowledges what it hears, and ends before it does anything."""
    twins, file = SlackTwins(), release_yml(**SMALL)
    async with slack_bot(folder, slack, "events", twins=twins, file=file) as bot:
        reached = asyncio.Event()

        async def killed(*_: Any, **__: Any) -> None:
            reached.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(bot.intake, "process", killed)
        if said:
            await slack.say("mika", f"<@{BOT}> {line}")
        else:
            await slack.command("mika", line)
        await asyncio.wait_for(reached.wait(), 10)
    with closing(sqlite3.connect(folder / "bot.sqlite3")) as database, database:
        # Its lease is over.
        database.execute("UPDATE inbox SET at = at - 60000000")


@pytest.mark.parametrize("said", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_nothing_recorded_is_silent(
    http_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, said: bool
) -> None:
    """After a kill between acknowledging and doing, the next process answers, privately, once."""
    slack = http_slack
    await _cut_off(slack, tmp_path, monkeypatch, "whoami", said=said)
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)):
        told = await slack.private("mika", "Mika")
    again = [m for m in await slack.messages() if m.get("ephemeral_to") and "Mika" in m["text"]]
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as database:
        owed = database.execute("SELECT count(*) FROM inbox WHERE settled_at IS NULL").fetchone()

    assert "approver" in str(told)
    assert (len(again), owed) == (1, (0,))


async def test_a_decision_of_a_killed_process_is_carried_out_as_its_person(
    http_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who it was is asked of Slack by the process that does it."""
    slack = http_slack
    await _cut_off(slack, tmp_path, monkeypatch, "start openchat", said=False)
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)) as bot:
        await slack.question("Start release")
        rows = await bot.store.read(lambda tx: list(tx.journal(1)))

        assert rows[0].actor == "Mika"
