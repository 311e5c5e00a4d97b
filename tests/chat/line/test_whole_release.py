"""A whole release from a LINE group: typed, pressed, approved, and told what is worth it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.chat.line.replies import Replies
from tests.support.bots import page_of
from tests.support.line_bots import (
    GROUP,
    KAI,
    MIKA,
    REN,
    SEED,
    SHARED,
    Chat,
    LineTwins,
    line_chat,
    line_yml,
)
from tests.support.line_stub import Fault, LineStub, Sent


async def promote(chat: Chat, component: str, user: str = REN) -> None:
    """Approve the canary of a component, through its dialog."""
    gate = await chat.until(f"promote {component}")
    card = chat.stub.data("Approve", gate)
    assert await chat.stub.post(chat.stub.tap(GROUP, user, card)) == 200
    title = f"Approve {component}/gate of #1?"
    dialog = await chat.stub.until(lambda sent: sent.messages[0].get("altText") == title)
    assert (
        await chat.stub.post(chat.stub.tap(GROUP, user, chat.stub.data("Approve", dialog))) == 200
    )


async def started(chat: Chat, line: str = "release start shop") -> Sent:
    """Start, by text and button."""
    asked = await chat.say(line)
    await chat.press("Start", said=asked)
    return asked


def openchat(**target: object) -> dict[str, object]:
    """The example: seven components, two with a canary, one room that only hears."""
    return line_yml(components=SEED, share=[{"room": "shared", **target}])


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token waits for what is said next, however slow the machine is that says it."""
    monkeypatch.setattr(Replies.__init__, "__kwdefaults__", {"patience": 30.0})


@pytest.mark.usefixtures("patient")
async def test_a_release_is_driven_from_a_line_group(tmp_path: Path) -> None:
    """Start by text, approve by button, and hear the end; nobody is pushed who just spoke."""
    async with line_chat(tmp_path) as chat:
        asked = await started(chat)
        await promote(chat, "pay")
        end = await chat.until("ended: done")

    footer = asked.messages[0]["contents"]["footer"]["contents"]
    assert [button["action"]["label"] for button in footer] == ["Start", "Cancel the release"]
    assert end.how == "reply"
    assert {sent.how for sent in chat.stub.transcript} == {"reply"}
    assert chat.stub.used == 0


@pytest.mark.scenario(5)
@pytest.mark.scenario(81)
async def test_the_whole_example(tmp_path: Path) -> None:
    """Seven components; the group decides, the other one hears three messages and no more."""
    async with line_chat(tmp_path, file=openchat()) as chat:
        await started(chat)
        refused = await chat.say("release start shop", REN)
        assert "#1" in refused.said
        assert "Mika" in refused.said
        await promote(chat, "chat")
        await promote(chat, "gateway")
        end = await chat.until("ended: done")
        await chat.until("release #1 is finished")
        transcript = chat.stub.transcript

    assert "41 operations" in end.said
    assert "3 by people" in end.said
    heard = [sent for sent in transcript if sent.to == SHARED]
    assert [sent.how for sent in heard] == ["push"] * 3
    assert chat.stub.used <= 5 * chat.stub.members


async def test_every_sharing_message_of_the_seed(tmp_path: Path) -> None:
    """With `share: each` it is 7 + 7 + 2."""
    async with line_chat(tmp_path, file=openchat(share="each")) as chat:
        await started(chat)
        await promote(chat, "chat")
        await promote(chat, "gateway")
        await chat.until("ended: done")
        for component in SEED:
            await chat.until(f"{component}: 2.0 is released")
        heard = [sent for sent in chat.stub.transcript if sent.to == SHARED]

    assert len(heard) == 16
    assert len({json.dumps(sent.messages) for sent in heard}) == 16


@pytest.mark.scenario(2)
@pytest.mark.usefixtures("patient")
async def test_two_approvers_at_once(tmp_path: Path) -> None:
    """One decides, the other is told who did."""
    async with line_chat(tmp_path) as chat:
        await started(chat)
        card = chat.stub.data("Approve", await chat.until("promote pay"))
        dialogs = [await chat.tap(card, user) for user in (REN, KAI)]
        yes = chat.stub.data("Approve", dialogs[0])
        taps = [chat.stub.tap(GROUP, user, yes) for user in (REN, KAI)]
        assert await chat.stub.post(*taps) == 200
        loser = await chat.until("lready")
        await chat.until("ended: done")

    assert "Approved by Ren" in loser.said or "Approved by Kai" in loser.said


@pytest.mark.scenario(16)
@pytest.mark.scenario(18)
async def test_who_lost_the_role_since_the_question_is_refused(tmp_path: Path) -> None:
    """Authority is looked up when the button is pressed, by the account and not by a name."""
    async with line_chat(tmp_path) as chat:
        await started(chat)
        await chat.until("promote pay")
        path = tmp_path / "release.yml"
        text = path.read_text().replace(REN, "U" + "8" * 32)
        path.write_text(text)
        done, said = chat.bot.reloader.reload()
        assert done, said
        told = await chat.press("Approve", REN)

    assert "belongs to nobody in release.yml" in told.said


@pytest.mark.scenario(37)
async def test_a_revoked_token_keeps_the_state(tmp_path: Path) -> None:
    """Nothing can be said on LINE, the web room goes on; when it is whole again, so is LINE."""
    async with line_chat(tmp_path) as chat, page_of(chat.bot, "ren") as page:
        await started(chat)
        await chat.until("promote pay")
        chat.stub.faults = [Fault(401, "invalid token")]
        card = await page.question("promote")
        assert (await page.press(card, "Approve"))["outcome"] == "accepted"
        end = await chat.until("ended: done")

    assert end.how in {"push", "reply"}


@pytest.mark.scenario(35)
@pytest.mark.scenario(33)
async def test_a_regression_pauses_and_is_rolled_back(tmp_path: Path) -> None:
    """The question has its evidence beside it, the sample is data, and its secret is gone."""
    async with line_chat(tmp_path, twins=LineTwins("pay")) as chat:
        await started(chat)
        failed = await chat.until("has a regression")
        dialog = await chat.press("Roll back pay", REN, said=failed)
        assert "goes from 2.0 back to 1.0" in dialog.said
        await chat.press("Roll back pay", REN, said=dialog)
        next_ = await chat.until("rolled back and confirmed")

    assert "secret123" not in json.dumps([sent.messages for sent in chat.stub.transcript])
    assert any("Boom" in sent.said for sent in chat.stub.transcript)
    assert "pay" in next_.said


@pytest.mark.scenario(78)
async def test_with_nothing_left_a_release_is_still_driven(tmp_path: Path) -> None:
    """By replies alone; the room that only hears gets nothing."""
    async with line_chat(tmp_path, LineStub(limit=10, used=10), file=openchat()) as chat:
        asked = await chat.say("release start shop")
        assert "left this month: 0 of 10" in asked.said
        await chat.press("Start", MIKA, said=asked)
        for component in ("chat", "gateway"):
            gate = await waiting(chat, component)
            dialog = await chat.tap(chat.stub.data("Approve", gate), REN)
            await chat.press("Approve", REN, said=dialog)
        end = await waiting(chat, "", "shop: done")

    assert end.how == "reply"
    assert {sent.how for sent in chat.stub.transcript} == {"reply"}


async def waiting(chat: Chat, component: str, word: str = "") -> Sent:
    """Ask for the status until it says this."""
    wanted = word or f"approval of {component}"
    while True:
        told = await chat.say("release status shop")
        if wanted in told.said:
            return told
