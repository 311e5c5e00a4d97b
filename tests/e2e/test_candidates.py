"""Every candidate of the try-out, driven through the real bot and compared for real."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.process import started
from tests.e2e.room import Card, Room, entered, is_open

pytestmark = [pytest.mark.provisioned, pytest.mark.timeout(120)]

NEW_TYPE, JUMP, SIX_TIMES = "2026.47.0-rc5", "2026.47.0-rc4", "2026.47.0-rc3"
NO_START, QUIET = "2026.47.0-rc2", "2026.47.0-rc1"
BEFORE = "2026.46.2"


async def start(room: Room, version: str) -> int:
    """Release a version of chat only, asked at its gate only."""
    return await room.start(f"start openchat only=chat chat={version} confirm=gates")


async def verdict(room: Room, state: str) -> Card:
    """Wait for the card of the canary's check in a state."""
    return await room.until(
        lambda card: (
            card["kind"] == "verdict"
            and card["state"] == state
            and "chat/check-canary" in card["title"]
        )
    )


def row(card: Card, first: str) -> list[str]:
    """The row of a card's table that begins with a cell."""
    [cells] = [row["cells"] for row in card["table"]["rows"] if row["cells"][0] == first]
    found: list[str] = cells
    return found


async def rolled_back(room: Room, release: int) -> None:
    """Take chat back as an approver, and find that what ran before runs again."""
    failed = await room.until(lambda card: is_open(card) and "Roll back chat" in labels(card))
    await room.press(failed, "Roll back chat", "taro")
    await ended(room, release)


async def ended(room: Room, release: int) -> None:
    """The only component went back, which ends the release; its hosts say what they run."""
    result = await room.until(lambda card: card["kind"] == "result")
    await room.until(lambda card: "rolled back and confirmed" in card["title"])
    assert (result["release"], result["state"]) == (release, "rolled_back")
    said = await room.say("plan openchat only=chat")
    assert f"chat: {BEFORE} → 2026.47.0" in said["card"]["lines"]


def labels(card: Card) -> set[str]:
    """What can be pressed on a card."""
    return {action["label"] for action in card["actions"]}


@pytest.mark.long  # test_browser.py does the same with a browser
async def test_a_new_error_type_is_caught_on_the_canary(room: Room) -> None:
    """Never seen before: the canary's check fails; only the canary ran it, and it goes back."""
    release = await start(room, NEW_TYPE)
    found = await verdict(room, "fail")

    assert any(line.startswith("NEW MessageOutOfOrder") for line in found["lines"])
    assert row(found, "MessageOutOfOrder")[1] == "0.0"
    assert found["chart"]["categories"][0] == "MessageOutOfOrder"
    assert not any(
        card["kind"] == "verdict" and "chat/check:" in card["title"] for card in room.cards.values()
    )
    await rolled_back(room, release)


@pytest.mark.long  # tests/test_tryout.py has the verdict of each candidate
async def test_the_talks_own_example_is_caught_on_the_canary(room: Room) -> None:
    """A burst on one of three hosts, of a type that the others hardly write."""
    release = await start(room, JUMP)
    found = await verdict(room, "fail")

    assert any(line.startswith("UP ") and "StorageTimeout" in line for line in found["lines"])
    assert int(row(found, "StorageTimeout")[2]) > 20
    await rolled_back(room, release)


@pytest.mark.long  # tests/test_tryout.py has its verdict
async def test_six_times_as_often_is_caught_on_the_canary(room: Room) -> None:
    """Its share of a known warning has risen: a look fails the check, with the evidence."""
    release = await start(room, SIX_TIMES)
    found = await verdict(room, "fail")
    kind, expected, seen, _, _, control = row(found, "UpstreamSlow")

    assert any(line.startswith("UP ") and "UpstreamSlow" in line for line in found["lines"])
    assert kind == "UpstreamSlow"
    assert int(seen) > 3 * float(expected)
    assert int(control) > 0
    await rolled_back(room, release)


@pytest.mark.long  # tests/test_tryout.py has the verdict of each candidate
async def test_by_the_rule_of_2020_six_times_as_often_passes_and_the_card_says_why() -> None:
    """It compares totals: it passes, its card names the multiple, errors show it."""
    async with started("--policy", "seed-2020") as bot, entered(bot.base) as room:
        await blind(room)


async def blind(room: Room) -> None:
    """Release the candidate that the rule of 2020 does not see."""
    release = await start(room, SIX_TIMES)
    gate = await room.question(release, "promote chat")
    found = await verdict(room, "pass")
    needed = int(found["footer"].rpartition("its rate is ")[2].split()[0])
    answer = await room.say("errors since deploy of chat in canary")
    # A busy machine may still be counting; then the room shows the answer when it is there.
    shown = answer["card"] or await room.until(lambda card: card["kind"] == "errors")
    cells = next(
        row["cells"] for row in shown["table"]["rows"] if row["cells"][1] == "UpstreamSlow"
    )

    assert needed > 100
    assert 4.0 <= float(cells[4].removeprefix("×")) <= 8.0
    await room.press(gate, "Reject", "taro", reason="six times as many warnings")
    await rolled_back(room, release)


async def test_a_candidate_that_does_not_start_is_asked_about_and_taken_back(room: Room) -> None:
    """The first host stays down, the others are left alone, and rolling back brings it up again."""
    release = await start(room, NO_START)
    failed = await room.question(release, "chat/restart-canary failed")

    assert "chat-1" in " ".join(failed["lines"])
    assert "delivery.shards" in " ".join(failed["lines"])
    await rolled_back(room, release)


@pytest.mark.long  # tests/test_tryout.py has the verdict of each candidate
async def test_silence_is_inconclusive_and_names_the_silent_host(room: Room) -> None:
    """No log line is unknown and never zero; after the repeats people are asked."""
    release = await start(room, QUIET)
    asked = await room.question(release, "could not measure")
    found = await verdict(room, "inconclusive")

    assert any("chat-1" in line for line in found["lines"])
    assert not any("chat-2" in line for line in found["lines"])
    assert labels(asked) >= {"Check again", "Go on anyway", "Roll back chat", "Abort"}
    await rolled_back(room, release)


@pytest.mark.long  # tests/engine has the countdown and its rollback
async def test_a_policy_may_roll_back_by_itself() -> None:
    """With `--on-fail roll_back` nobody presses anything: countdown, rollback, confirmed."""
    async with started("--on-fail", "roll_back") as bot, entered(bot.base) as room:
        release = await start(room, NEW_TYPE)
        counting = await room.question(release, "about to be rolled back")
        assert labels(counting) >= {"Stop the rollback", "Roll back chat now"}

        await ended(room, release)
        told = await room.until(lambda card: "The countdown ended" in " ".join(card["lines"]))
        assert told["release"] == release


async def test_two_clicks_at_once_decide_once(room: Room) -> None:
    """Two people press Start in the same moment: one starts it, the other is told who did."""
    said = await room.say("start openchat only=auth confirm=gates")
    card = await room.question(said["release"], "Start release")
    answers = await asyncio.gather(*(room.press(card, "Start", who) for who in ("mina", "taro")))
    first, second = sorted(answers, key=lambda answer: str(answer["outcome"]))
    await room.board(said["release"], "running")

    assert (first["outcome"], second["outcome"]) == ("accepted", "decided")
    assert any("Started by" in line for line in second["card"]["lines"])
