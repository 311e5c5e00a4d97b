"""Decisions on Slack: one counts, everybody is answered, and only the right people decide."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.chat.slack.pace import EDITS, RESERVED
from bot.chat.slack.platform import SlackPlatform
from bot.service import Bot
from tests.support.second_slack import BOT, MAILS, USERS, SecondSlack, button, labels, title
from tests.support.slack_bots import SMALL, SlackTwins, by_mail, release_yml, slack_bot


async def _to_gate(slack: SecondSlack) -> dict[str, Any]:
    await slack.command("mika", "start openchat")
    await slack.press("mika", await slack.question("Start release"), "Start")
    return await slack.question("promote chat")


async def _codes(bot: Bot, release: int = 1) -> list[str]:
    rows = await bot.store.read(lambda tx: list(tx.journal(release)))
    return [row.code for row in rows]


async def _until_code(bot: Bot, code: str, release: int = 0) -> None:
    """Wait until the journal has a row with this code."""
    changed = asyncio.Event()
    forget = bot.store.on_work(changed.set)
    async with asyncio.timeout(10):
        while code not in await _codes(bot, release):
            changed.clear()
            try:
                async with asyncio.timeout(0.2):
                    await changed.wait()
            except TimeoutError:
                continue
    forget()


@pytest.mark.scenario(1, 2, 8)
async def test_two_approvers_and_every_envelope_twice(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """Of two people at once one decides, the other is told who; repeats change nothing."""
    slack = socket_slack
    slack.proxy.faults.twice = True
    twins = SlackTwins()
    async with slack_bot(tmp_path, slack, "socket", twins=twins, file=release_yml(**SMALL)) as bot:
        gate = await _to_gate(slack)
        await asyncio.gather(
            slack.press("ren", gate, "Approve"),
            slack.press("kai", gate, "Approve"),
            slack.press("ren", gate, "Approve"),
        )
        told = await slack.see(lambda m: bool(m.get("ephemeral_to")) and "Approved" in m["text"])
        await slack.see(lambda m: "ended" in m["text"])
        accepted = [code for code in await _codes(bot) if code == "order"]

        assert "Approved by " in told["text"]
        # One start, one approval.
        assert len(accepted) == 2
        assert twins.deployer is not None
        keys = [operation.key for operation in twins.deployer.started]
        assert len(keys) == len(set(keys)) == 3
        boards = [m for m in await slack.messages() if " · " in title(m)]
        assert len(boards) == 1


async def test_a_decided_card_waits_for_nothing(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Its buttons go without any wait of the bot's, while boards have used all that they may.

    Time stands still for the pace of edits: whatever it makes wait would wait for ever.
    """
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        gate = await _to_gate(slack)
        [platform] = bot.platforms
        assert isinstance(platform, SlackPlatform)
        pace = platform._workspace.pace
        pace._monotonic = lambda: 0.0
        pace._edits.clear()
        for _ in range(EDITS - RESERVED):
            pace.edited("other")
        before = len(slack.proxy.calls)
        await slack.press("ren", gate, "Approve")
        closed = await slack.see(lambda m: "promote chat" in title(m) and not labels(m))
        edited = [c.args["ts"] for c in slack.proxy.calls[before:] if c.method == "chat.update"]

        assert "Approved by Ren" in closed["text"]
        assert set(edited) <= {gate["ts"]}


@pytest.mark.scenario(3)
async def test_approve_against_abort(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Whichever comes first counts whole; after an abort nothing further is deployed."""
    slack, twins = socket_slack, SlackTwins()
    async with (
        slack_bot(tmp_path, slack, "socket", twins=twins, file=release_yml(**SMALL)) as bot,
        slack.screen() as screen,
    ):
        gate = await _to_gate(slack)
        await slack.press("kai", await slack.board(), "Abort")
        await screen.until("view", lambda v: "nothing is rolled back" in str(v))
        await asyncio.gather(
            screen.send("kai", {"reason": "wrong version"}), slack.press("ren", gate, "Approve")
        )
        ended = await slack.see(lambda m: "ended" in m["text"] and bool(m.get("thread_ts")))
        assert twins.deployer is not None
        started = [o.key for o in twins.deployer.started]
        orders = [row for row in await _codes(bot) if row in {"order", "refused"}]

        aborted = "aborted" in ended["text"]
        assert aborted or len(started) == 3
        assert not aborted or len(started) <= 3
        assert len(orders) == 3
        await slack.see(lambda m: " · " in title(m) and not labels(m))
        assert [m for m in await slack.messages() if labels(m)] == []


@pytest.mark.scenario(15, 18)
async def test_refusals_are_private_and_name_who_may(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """The starter may not approve; somebody who only has an approver's name may not either."""
    slack = socket_slack
    slack.proxy.profiles[USERS["guest"]] = {"name": "ren", "real_name": "Ren"}
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)):
        gate = await _to_gate(slack)
        await slack.press("mika", gate, "Approve")
        own = await slack.private("mika", "Ren")
        await slack.press("guest", gate, "Approve")
        alike = await slack.private("guest", "Ren")

        assert "Kai" in own["text"]
        assert "Kai" in alike["text"]
        assert button(await slack.question("promote chat"), "Approve")
        public = [m for m in await slack.messages() if not m.get("ephemeral_to")]
        assert [m for m in public if "may" in m["text"] and "Kai" in m["text"]] == []


@pytest.mark.scenario(19)
async def test_guests_and_foreigners_are_refused_and_noted(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """A guest's click is refused even if release.yml names them, and the journal has it."""
    slack = socket_slack
    slack.proxy.profiles[USERS["ren"]] = {"is_restricted": True}
    slack.proxy.profiles[USERS["kai"]] = {"team_id": "T99OTHER"}
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        gate = await _to_gate(slack)
        for who in ("ren", "kai"):
            await slack.press(who, gate, "Approve")
            assert "Guests" in (await slack.private(who, "Guests"))["text"]
        await _until_code(bot, "refused_stranger", release=1)

        assert (await _codes(bot)).count("refused_stranger") == 2
        assert labels(await slack.question("promote chat"))


@pytest.mark.scenario(16, 17)
async def test_roles_are_looked_up_when_the_button_is_pressed(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """Out of the user group between prompt and click: refused; Slack does not say: refused."""
    slack = socket_slack
    file = by_mail(release_yml(**SMALL))
    file["people"]["ren"]["slack_group"] = "S01APPROVERS"
    slack.proxy.groups["S01APPROVERS"] = [USERS["ren"]]
    for name, mail in MAILS.items():
        slack.proxy.profiles[USERS[name]] = {"profile": {"email": mail.upper()}}
    async with slack_bot(tmp_path, slack, "socket", file=file) as bot:
        gate = await _to_gate(slack)
        slack.proxy.groups["S01APPROVERS"] = []
        await slack.press("ren", gate, "Approve")
        await slack.private("ren", "approver")
        before = len(await _codes(bot))
        slack.proxy.groups["S01APPROVERS"] = [USERS["ren"]]
        slack.proxy.faults.errors["users.info"].append("fatal_error")
        await slack.press("ren", gate, "Approve")
        unsure = await slack.private("ren", "Slack did not say who you are")
        assert "try again" in unsure["text"]
        assert len(await _codes(bot)) == before
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: "Approved by Ren" in m["text"] and bool(m.get("thread_ts")))


@pytest.mark.scenario(25, 26)
async def test_edits_and_bots_never_execute(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """A message edited into a command, and a bot's own words, do nothing."""
    slack = socket_slack
    async with slack_bot(tmp_path, slack, "socket", file=release_yml(**SMALL)) as bot:
        gate = await _to_gate(slack)
        dm = (await slack.direct("ren"))["id"]
        said = await slack.say("ren", "whoami", channel=dm)
        await slack.see(lambda m: m["user"] == BOT and "Ren" in m["text"], dm)
        await slack.edit("ren", said, "approve #1", channel=dm)
        await slack.as_bot(f"<@{BOT}> approve #1")
        await slack.say("kai", f"<@{BOT}> note #1 last word", thread=gate["thread_ts"])
        await slack.see(lambda m: m.get("ephemeral_to") == USERS["kai"])

        assert labels(await slack.question("promote chat"))
        assert (await _codes(bot)).count("order") == 2


@pytest.mark.scenario(13)
async def test_copies_in_a_mirrored_room_are_closed_too(
    socket_slack: SecondSlack, tmp_path: Path
) -> None:
    """A copy of the card that was decided elsewhere loses its buttons; an old one is answered."""
    slack = socket_slack
    file = release_yml(**SMALL)
    target = file["targets"]["openchat"]
    target["rooms"], target["share"] = ["release", "team"], []
    async with slack_bot(tmp_path, slack, "socket", file=file):
        gate = await _to_gate(slack)
        copy = await slack.question("promote chat", channel="C02MIRROR")
        await slack.press("ren", gate, "Approve")
        closed = await slack.see(
            lambda m: "promote chat" in title(m) and not labels(m), "C02MIRROR"
        )
        await slack.press("kai", copy, "Approve")
        told = await slack.private("kai", "Approved by Ren", channel="C02MIRROR")

        assert "Approved by Ren" in closed["text"]
        assert told


@pytest.mark.scenario(12)
async def test_an_old_card_after_a_restart(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """A card of before a restart works; one of an ended release says that it is over."""
    slack, twins = socket_slack, SlackTwins()
    file = release_yml(**SMALL)
    async with slack_bot(tmp_path, slack, "socket", twins=twins, file=file):
        gate = await _to_gate(slack)
    async with slack_bot(tmp_path, slack, "socket", twins=twins, file=file):
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: "ended" in m["text"])
        await slack.press("kai", gate, "Approve")
        told = await slack.private("kai", "has ended")
        assert "Approved by Ren" in told["text"]
        boards = [m for m in await slack.messages() if " · " in title(m)]

        assert len(boards) == 1


@pytest.mark.scenario(82)
async def test_reminders_stop_at_the_decision(socket_slack: SecondSlack, tmp_path: Path) -> None:
    """Said again in the thread, then whom to call as well, once; after the decision no more."""
    slack = socket_slack
    times = {"reminders": ["300ms", "600ms"], "expires": "1m", "escalate_to": ["kai"]}
    file = release_yml(**SMALL, **times)
    async with slack_bot(tmp_path, slack, "socket", file=file) as bot:
        gate = await _to_gate(slack)
        await slack.see(lambda m: "Escalated: Approve chat/gate" in m["text"])
        await slack.press("ren", gate, "Approve")
        await slack.see(lambda m: "ended" in m["text"])
        assert "order" in await _codes(bot)
    said = [call.args for call in slack.proxy.made("chat.postMessage")]
    posts = [args for args in said if "chat/gate in #1" in args["text"]]
    words = [post["text"].split(":")[0] for post in posts]

    assert words == ["Still open", "Escalated"]
    assert [bool(post.get("reply_broadcast")) for post in posts] == [False, True]
    assert [USERS["kai"] in str(post["blocks"]) for post in posts] == [False, True]
