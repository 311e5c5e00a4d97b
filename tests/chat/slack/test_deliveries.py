"""What Slack delivers twice, late or to a sick bot; what the bot cannot deliver for a while."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.chat.slack.people import People
from bot.chat.slack.platform import SlackPlatform
from bot.core.question import QuestionKind
from bot.engine.transition import load
from bot.service import Bot
from bot.store.errors import StoreError
from tests.support import slack_proxy
from tests.support.second_slack import BOT, BOT_TOKEN, CHANNEL, MIRROR, SecondSlack, labels, title
from tests.support.slack_bots import SMALL, SlackTwins, environment, release_yml, slack_bot
from tests.support.slack_limits import limit

PATIENT = 60.0
"""Seconds that nothing takes here, even on a machine that is very busy."""


async def _to_gate(slack: SecondSlack) -> dict[str, Any]:
    await slack.command("mika", "start openchat")
    await slack.press("mika", await slack.question("Start release"), "Start")
    return await slack.question("promote chat")


def _boards(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [m for m in messages if " · " in title(m)]


@pytest.mark.scenario(6, 7, 29)
async def test_repeated_events_count_once_and_lost_ones_come_again(
    http_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry of what was recorded changes nothing; of what was not, it is the first.

    Nothing is late here, however busy the machine is: lateness makes retries of its own.
    """
    slack = http_slack
    monkeypatch.setattr("bot.chat.slack.desk.WITHIN", PATIENT)
    monkeypatch.setattr(
        slack_proxy, "limit", lambda name: PATIENT if name == "ack_seconds" else limit(name)
    )
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)) as bot:
        await _to_gate(slack)
        slack.proxy.faults.forget_first = slack.proxy.faults.twice = True
        await slack.say("ren", f"<@{BOT}> note #1 heard once")
        slack.proxy.faults.forget_first = slack.proxy.faults.twice = False
        sick, record = iter([True]), bot.intake.record

        async def unstable(*args: Any, **named: Any) -> Any:
            if next(sick, False):
                raise StoreError("store.locked")
            return await record(*args, **named)

        monkeypatch.setattr(bot.intake, "record", unstable)
        await slack.say("ren", f"<@{BOT}> note #1 heard again")
        await slack.proxy.until(lambda: len(slack.proxy.made("chat.postEphemeral")) == 2)
        notes = await _notes(bot)

        assert notes == ["heard once", "heard again"]
        # A mention is two events here, each of which got lost once; then one was not recorded.
        assert [again["X-Slack-Retry-Num"] for again in slack.proxy.retries] == ["1", "1", "1"]


async def _notes(bot: Bot) -> list[str]:
    rows = await bot.store.read(lambda tx: list(tx.journal(1)))
    return [
        word
        for row in rows
        for word in ("heard once", "heard again")
        if row.code == "order" and f'"{word}"' in row.body
    ]


@pytest.mark.scenario(73)
async def test_a_slow_store_claims_nothing(
    socket_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command is acknowledged as not recorded yet, then answered; what failed is said."""
    slack = socket_slack
    monkeypatch.setattr("bot.chat.slack.desk.WITHIN", 0.05)
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        free, record = asyncio.Event(), bot.intake.record

        async def slow(*args: Any, **named: Any) -> Any:
            await free.wait()
            return await record(*args, **named)

        monkeypatch.setattr(bot.intake, "record", slow)
        await slack.command("mika", "whoami")
        await slack.private("mika", "Not recorded yet")
        free.set()
        await slack.private("mika", "openchat")

        async def broken(*args: Any, **named: Any) -> Any:
            raise StoreError("store.full")

        monkeypatch.setattr(bot.intake, "record", broken)
        await slack.command("ren", "whoami")
        await slack.private("ren", "please repeat")
        assert slack.proxy.late == []


async def test_acknowledging_waits_for_nobody(
    http_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Slack does not say who it was, it is acknowledged, said to be at work, then done."""
    slack = http_slack
    monkeypatch.setattr("bot.chat.slack.desk.SILENT", 0.05)
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)) as bot:
        told, person = asyncio.Event(), People.person

        async def slow(*args: Any, **named: Any) -> str:
            await told.wait()
            return await person(*args, **named)

        monkeypatch.setattr(People, "person", slow)
        await asyncio.wait_for(slack.command("mika", "start openchat"), 10)
        await slack.private("mika", "at work")
        before = await bot.store.read(lambda tx: tx.live_heads())
        told.set()
        await slack.question("Start release")

        assert before == []
        assert slack.proxy.late == []


async def test_whoever_looks_in_a_crowd_is_told_that_it_takes_longer(
    http_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The acknowledgement of a view says so while many wait; that of a decision never does."""
    slack = http_slack
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)) as bot:
        monkeypatch.setattr(bot.intake, "delay", lambda _: 3.0)
        bodies, post = [], slack.proxy._post

        async def kept(raw: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
            status, body = await post(raw, headers)
            bodies.append(body.decode())
            return status, body

        monkeypatch.setattr(slack.proxy, "_post", kept)
        await slack.command("mika", "whoami")
        await slack.private("mika", "approver")
        await slack.command("ren", "start openchat")
        await slack.question("Start release")
        looked, decided = bodies

        assert json.loads(looked)["response_type"] == "ephemeral"
        assert "the answer follows" in json.loads(looked)["text"]
        assert decided == ""


@pytest.mark.long
async def test_more_views_than_wait_here_wait_in_the_inbox(
    http_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is over the limit of one process is recorded and acknowledged, and answered later."""
    slack = http_slack
    async with slack_bot(tmp_path, slack, "events", file=release_yml(**SMALL)) as bot:
        monkeypatch.setattr("bot.engine.intake.MOST_WAITING", 0)
        await slack.command("mika", "whoami")
        await slack.command("ren", "note #1 decisions are done at once")
        await slack.private("ren", "#1")
        left = await bot.store.read(lambda tx: tx.unsettled(bot.services.now(), 9))
        monkeypatch.undo()
        await slack.private("mika", "approver")

        assert 1 in left


@pytest.mark.scenario(71)
async def test_rate_limits_delay_and_lose_nothing(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """429 with Retry-After: nothing is tried before, the newest state and the decision come."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        slack.proxy.faults.limited["chat.update"].extend([1, 1])
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: "Approved by Ren" in m["text"])
        await slack.see(lambda m: bool(_boards([m])) and "Finished" in m["text"])
        edits = [c for c in slack.proxy.calls if c.method == "chat.update"]
        limited = [c for c in edits if c.error == "ratelimited"]

        assert len(limited) == 2
        for call in limited:
            following = [c.at for c in edits if c.at > call.at]
            assert min(following) - call.at >= 0.95


@pytest.mark.scenario(72)
async def test_a_deleted_board_is_made_anew(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Where the message is gone there is a new one, once, and what follows hangs on that."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        board = await slack.board()
        await slack.remove(board)
        await slack.press("kai", board, "Ask before each step")
        anew = await slack.see(lambda m: bool(_boards([m])) and m["ts"] != board["ts"])
        await slack.press("ren", gate, "Approve")
        result = await slack.see(lambda m: "ended" in m["text"])

        assert [m["ts"] for m in _boards(await slack.messages())] == [anew["ts"]]
        assert result["thread_ts"] == anew["ts"]


@pytest.mark.scenario(37)
async def test_a_revoked_token_keeps_the_release(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """invalid_auth stops messages, not the release; trouble tells it; a new token goes on."""
    slack, twins = socket_slack, SlackTwins()
    file = release_yml(**SMALL)
    async with slack_bot(tmp_path, slack, "socket", twins=twins, file=file) as bot:
        gate = await _to_gate(slack)
        slack.proxy.faults.revoked = True
        await slack.press("ren", gate, "Approve")
        await slack.proxy.until(lambda: any(c.error == "invalid_auth" for c in slack.proxy.calls))
        parts = await bot.ready()
        rows = await bot.store.read(lambda tx: tx.live_heads())

        assert "invalid_auth" in parts["slack"]
        assert [row.id for row in rows] == [1]
    slack.proxy.faults.revoked = False
    async with slack_bot(tmp_path, slack, "socket", twins=twins, file=file) as bot:
        # Who could not be asked about was refused; the card is still open.
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: bool(_boards([m])) and "Finished" in m["text"])

        assert (await bot.ready())["slack"] == ""
        assert len(_boards(await slack.messages())) == 1


@pytest.mark.scenario(37)
async def test_a_revoked_token_is_told_elsewhere_and_replaced_by_a_reload(
    socket_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web room hears of it, once, and of its end; the release goes on without a restart."""
    monkeypatch.setattr("bot.chat.outage.SILENT", 0.5)
    monkeypatch.setattr("bot.chat.slack.platform.PROBE", 0.3)
    slack, file = socket_slack, release_yml(**SMALL)
    file["rooms"]["browser"] = {"kind": "web"}
    file["targets"]["openchat"]["share"] = [{"room": "browser"}]
    environ = environment(tmp_path, slack, "socket")
    async with slack_bot(tmp_path, slack, "socket", file=file, environ=environ) as bot:
        gate = await _to_gate(slack)
        slack.proxy.faults.worthless, slack.proxy.faults.instead = BOT_TOKEN, BOT_TOKEN
        await slack.press("ren", gate, "Approve")
        now = await _heard(bot, "outage.now")
        environ["RELEASE_MASTER_SLACK_BOT_TOKEN"] = "xoxb-another-token-0123456789"

        assert "token_revoked" in now
        assert bot.reloader.reload()[0]
        await _heard(bot, "outage.over")
        assert (await bot.ready())["slack"] == ""
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: "ended" in m["text"])
        cards = bot.adapters.room_log
        assert cards is not None
        kept = [str(entry) for entry in await cards.since("browser", 0, 500)]
        assert len([entry for entry in kept if "outage.now" in entry]) == 1


async def _heard(bot: Bot, key: str) -> str:
    """What the web room holds of this message, as soon as it does."""
    log = bot.adapters.room_log
    assert log is not None
    async with asyncio.timeout(20):
        while True:
            for entry in await log.since("browser", 0, 500):
                if key in str(entry):
                    return str(entry)
            await asyncio.sleep(0.1)


@pytest.mark.scenario(72)
@pytest.mark.parametrize(
    "error", ["is_archived", "not_in_channel", "channel_not_found", "cant_update_message"]
)
async def test_a_room_that_is_gone_holds_up_no_other(
    socket_slack: SecondSlack, tmp_path: Path, error: str
) -> None:
    """What Slack refuses there is given up after some tries; the other room gets everything."""
    slack, file = socket_slack, release_yml(**SMALL)
    target = file["targets"]["openchat"]
    target["rooms"], target["share"] = ["release", "team"], []
    refuses = "chat.update" if error == "cant_update_message" else "chat.postMessage"
    async with slack_bot(tmp_path, slack, "socket", file=file) as bot:
        await slack.command("mika", "start openchat")
        start = await slack.question("Start release")
        await slack.question("Start release", channel=MIRROR)
        slack.proxy.faults.rooms[MIRROR] = (refuses, error)
        await slack.press("mika", start, "Start")
        await slack.press("ren", await slack.question("promote chat"), "Approve")
        await slack.see(lambda m: "ended" in m["text"])
        await slack.see(lambda m: bool(_boards([m])) and "Finished" in m["text"])
        tried = [c for c in slack.proxy.calls if c.error == error]
        release = await bot.store.read(lambda tx: load(tx, 1))

        assert tried
        assert {c.args["channel"] for c in tried} == {MIRROR}
        assert release is not None
        assert not release.live
        assert len(_boards(await slack.messages())) == 1
        if error == "cant_update_message":
            await slack.see(lambda m: bool(_boards([m])) and "Finished" in m["text"], MIRROR)


@pytest.mark.scenario(80, 81)
async def test_an_outage_during_the_canary(
    socket_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timers go on, nothing promotes itself, and one message each catches up afterwards."""
    monkeypatch.setattr("bot.chat.slack.platform.PING", 0.2)
    slack, twins = socket_slack, SlackTwins()
    async with slack_bot(tmp_path, slack, "socket", twins=twins, file=release_yml(**SMALL)) as bot:
        await slack.command("mika", "start openchat")
        start = await slack.question("Start release")
        await slack.press("mika", start, "Start")
        await slack.see(lambda m: "Started by Mika" in m["text"])
        slack.proxy.faults.down = True
        await slack.proxy.drop_sockets()
        asked = asyncio.Event()
        forget = bot.store.on_work(asked.set)
        async with asyncio.timeout(15):
            while not await _gate_is_open(bot):
                asked.clear()
                await asked.wait()
        forget()
        assert twins.deployer is not None
        begun = [o.key for o in twins.deployer.started]
        slack.proxy.faults.down = False
        gate = await slack.question("promote chat")
        questions = [m for m in await slack.messages() if "promote chat" in title(m)]

        # Deployed, the canary restarted, and nothing more without an approval.
        assert len(begun) == 2
        assert labels(gate)
        assert len(questions) == 1
        assert len(_boards(await slack.messages())) == 1
        await slack.proxy.until(lambda: slack.proxy.sockets > 0)
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: "ended" in m["text"])


async def _gate_is_open(bot: Bot) -> bool:
    release = await bot.store.read(lambda tx: load(tx, 1))
    assert release is not None
    return any(question.kind is QuestionKind.GATE for question in release.open_questions)


@pytest.mark.scenario(75)
async def test_a_response_url_that_is_used_up(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """The bot's own token answers instead, visibly for the same person only."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        slack.proxy.faults.errors["response_url"].append("used_url")
        await slack.command("mika", "whoami")
        told = await slack.private("mika", "openchat")

        assert told["channel"] == CHANNEL
        assert len(slack.proxy.made("chat.postEphemeral")) == 1


async def test_a_socket_that_stays_deaf_is_made_anew(
    socket_slack: SecondSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the library does not mend its connection, a new one is opened from scratch."""
    monkeypatch.setattr("bot.chat.slack.platform.PING", 0.1)
    monkeypatch.setattr("bot.chat.slack.platform.DEAF", 0.2)
    deaf = iter([False] * 2)

    async def answers(_: object) -> bool:
        return next(deaf, True)

    monkeypatch.setattr(SlackPlatform, "_answers", answers)
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        opened = "apps.connections.open"
        await slack.proxy.until(lambda: len(slack.proxy.made(opened)) == 2)
        await slack.proxy.until(lambda: slack.proxy.sockets == 1)
        await slack.command("mika", "whoami")

        assert "openchat" in (await slack.private("mika", "openchat"))["text"]
