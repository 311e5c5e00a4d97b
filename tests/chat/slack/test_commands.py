"""Commands typed twice, in two rooms, in the wrong room, or with what no command takes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.engine.transition import load
from bot.service import Bot
from tests.support.second_slack import CHANNEL, MIRROR, SecondSlack, labels
from tests.support.slack_bots import SMALL, release_yml, slack_bot


async def _live(bot: Bot) -> list[int]:
    return [head.id for head in await bot.store.read(lambda tx: tx.live_heads())]


@pytest.mark.scenario(4)
async def test_a_double_tap_on_start_begins_once(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """One release, begun once; whoever presses or types again is told by whom, and which."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        await slack.command("mika", "start openchat")
        start = await slack.question("Start release")
        await asyncio.gather(
            slack.press("mika", start, "Start"), slack.press("ren", start, "Start")
        )
        await slack.question("promote chat")
        told = await slack.see(lambda m: bool(m.get("ephemeral_to")) and "already" in m["text"])
        await slack.command("ren", "start openchat")
        locked = await slack.private("ren", "#1")
        release = await bot.store.read(lambda tx: load(tx, 1))

        assert "Started by " in told["text"]
        assert "Mika" in locked["text"]
        assert await _live(bot) == [1]
        assert release is not None
        assert release.decisions == 1


@pytest.mark.scenario(5)
async def test_two_rooms_at_once_start_one_release(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """One gets the locks, the other is told privately whose they are."""
    slack, file = socket_slack, release_yml(**SMALL)
    file["targets"]["openchat"]["rooms"] = ["release", "team"]
    file["targets"]["openchat"]["share"] = []
    async with slack_bot(tmp_path, slack, "socket", file=file) as bot:
        await asyncio.gather(
            slack.command("mika", "start openchat", CHANNEL),
            slack.command("ren", "start openchat", MIRROR),
        )
        told: list[str] = []
        async with asyncio.timeout(20):
            while not told:
                everywhere = [*await slack.messages(CHANNEL), *await slack.messages(MIRROR)]
                told = [m["text"] for m in everywhere if "taken by release #" in m["text"]]
                await asyncio.sleep(0.05)

        assert len(await _live(bot)) == 1
        assert len(told) == 1
        assert "Mika" in told[0] or "Ren" in told[0]


@pytest.mark.scenario("26a")
async def test_the_wrong_channel_names_the_right_one(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """Typed where the target is only told, it is refused to that person alone."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        await slack.command("mika", "start openchat", MIRROR)
        told = await slack.private("mika", "another room", MIRROR)

        assert "release" in told["text"]
        assert await _live(bot) == []
        assert [m for m in await slack.messages(MIRROR) if not m.get("ephemeral_to")] == []


@pytest.mark.scenario(34)
@pytest.mark.parametrize(
    "line", ["start openchat --force", "start openchat;rm -rf /", "start openchat chat=$(reboot)"]
)
async def test_flags_and_shell_words_are_refused(
    socket_slack: SecondSlack, tmp_path: Path, line: str
) -> None:
    """What is no target, component or version that exists begins nothing."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        await slack.command("mika", line)
        await slack.see(lambda m: bool(m.get("ephemeral_to")))

        assert await _live(bot) == []


@pytest.mark.scenario(14)
async def test_one_person_counts_once_of_two(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """The second press of the same person is told so; another person completes it."""
    slack = socket_slack
    file = release_yml(**SMALL, approvals=2)
    async with slack_bot(tmp_path, slack, "socket", file=file):
        await slack.command("mika", "start openchat")
        await slack.press("mika", await slack.question("Start release"), "Start")
        gate = await slack.question("promote chat")
        await slack.press("ren", gate, "Approve")
        counted = await slack.see(lambda m: m["ts"] == gate["ts"] and "1 of 2" in m["text"])
        await slack.press("ren", counted, "Approve")
        await slack.private("ren", "another person is needed")
        await slack.press("kai", gate, "Approve")
        closed = await slack.see(lambda m: m["ts"] == gate["ts"] and not labels(m))

        assert labels(counted)
        assert "Approved by Kai" in closed["text"]
