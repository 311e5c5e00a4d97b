"""Questions in a LINE group: void when the plan changes, said again, and never answered by time."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.settings import SettingsError, load
from tests.support.line_bots import GROUP, KAI, MIKA, REN, Chat, LineTwins, line_chat, line_yml


async def gate(chat: Chat) -> str:
    """A release that waits for the approval of its canary: what the button carries."""
    await chat.say("release start shop")
    await chat.press("Start")
    return chat.stub.data("Approve", await chat.until("promote pay"))


@pytest.mark.scenario(82)
async def test_reminders_cost_nothing_and_stop_at_the_decision(tmp_path: Path) -> None:
    """Only the escalation is told, with whom to call, once; after the decision no more."""
    times = {"reminders": ["300ms", "600ms"], "expires": "1m", "escalate_to": ["kai"]}
    async with line_chat(tmp_path, file=line_yml(**times)) as chat:
        data = await gate(chat)
        # On a busy machine the question before it may have been escalated as well.
        told = await chat.until("Escalated: Approve")
        await chat.press("Approve", REN, said=await chat.tap(data, REN))
        await chat.until("ended: done")
        said = [sent for sent in chat.stub.transcript if "Still open" in sent.said]
        calls = [sent for sent in chat.stub.transcript if "Escalated: Approve" in sent.said]

    assert said == []
    assert len(calls) == 1
    assert told.how == "push"
    assert KAI in told.said


@pytest.mark.scenario(22)
async def test_a_changed_plan_is_asked_for_again(tmp_path: Path) -> None:
    """The old button is stale; the new question says what is different."""
    file = line_yml(start_approvals=2)
    file["executors"]["pmc"]["versions"] = ["2.0", "1.9"]
    async with line_chat(tmp_path, file=file) as chat:
        old = chat.stub.data("Start", await chat.say("release start shop"))
        await chat.tap(old, MIKA)
        asked = await chat.say("release plan #1 pay=1.9")
        stale = await chat.tap(old, REN)
        live = await chat.bot.store.read(lambda tx: tx.live_heads())

    assert "The plan has changed: " in asked.said
    assert "1.0 → 1.9" in asked.said
    assert "not needed any more" in stale.said
    assert "0 of 2" in stale.said  # the yes to the old plan is void
    assert [head.phase for head in live] == ["planned"]


@pytest.mark.scenario(23)
async def test_silence_pauses_and_never_approves(tmp_path: Path) -> None:
    """The group hears it, with whoever started it; the button is dead."""
    async with line_chat(tmp_path, file=line_yml(expires="700ms", reminders=[])) as chat:
        data = await gate(chat)
        told = await chat.until("nobody answered in time")
        late = await chat.tap(data, REN)

    assert told.how == "push"
    assert MIKA in told.said
    assert "Release #1 of shop: paused" in late.said


@pytest.mark.scenario(24)
async def test_going_on_in_spite_of_a_fail_is_for_admins_with_a_reason(tmp_path: Path) -> None:
    """The reason is asked for; everybody in the group hears it and it stays on the board."""
    async with line_chat(tmp_path, twins=LineTwins("pay")) as chat:
        await chat.press("Start", said=await chat.say("release start shop"))
        data = chat.stub.data("Go on anyway", await chat.until("has a regression"))
        refused = await chat.tap(data, REN)
        asked = await chat.tap(data, KAI)
        await chat.press("Known, does no harm", KAI, said=asked)
        told = await chat.until("Kai went on in spite of pay/check-canary")
        board = await chat.say("release status #1")

    assert "needs the role admin" in refused.said
    assert "Why?" in asked.said
    assert "Known, does no harm" in told.said
    assert "Known, does no harm" in board.said


@pytest.mark.scenario(30)
@pytest.mark.parametrize(
    "given", ["", "RELEASE_MASTER_LINE_CHANNEL_TOKEN", "RELEASE_MASTER_LINE_CHANNEL_SECRET"]
)
def test_missing_secrets_are_named(tmp_path: Path, given: str) -> None:
    """A release.yml with a LINE chat is refused without both."""
    path = tmp_path / "release.yml"
    path.write_text(yaml.safe_dump(line_yml()), encoding="utf-8")

    with pytest.raises(SettingsError, match="RELEASE_MASTER_LINE_CHANNEL"):
        load(path, {given: "x" * 20} if given else {})


@pytest.mark.scenario("26a")
async def test_a_command_in_a_chat_of_another_target_names_the_right_room(tmp_path: Path) -> None:
    """Refused there, whoever says it; nothing is started."""
    file = line_yml()
    file["targets"]["shop"]["rooms"] = ["release"]
    async with line_chat(tmp_path, file=file) as chat:
        told = await chat.say("release start shop", MIKA, GROUP)
        live = await chat.bot.store.read(lambda tx: tx.live_heads())

    assert "Release room" in told.said
    assert live == []
