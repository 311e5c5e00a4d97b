"""`recount` in the rooms: what arrived or expired since the verdicts of a release."""

from __future__ import annotations

from datetime import timedelta

from bot.chat.texts import Words
from bot.core.card import Card, Cell
from bot.core.inbound import Outcome, Reply
from bot.core.value import Text, text
from bot.store import VerdictCountsRow
from tests.engine.conftest import Make
from tests.support.engines import SINGLE, T0, Bot, ended

CHECK = "chat/check"


async def released(make: Make) -> Bot:
    """A bot after a release that passed its check."""
    bot = await make(**SINGLE)
    bot.outside.logs.add("chat", T0 - timedelta(hours=1), "WARN", "Slow", host="chat-1")
    await bot.start()
    await bot.run(ended)
    return bot


def keys(card: Card | None) -> list[str]:
    """The keys of a card's lines."""
    assert card is not None
    return [line.key for line in card.lines if isinstance(line, Text)]


def why(reply: Reply) -> Cell:
    """What a refusal says."""
    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    return reply.card.text


async def test_a_late_document_is_told_to_anybody(make: Make) -> None:
    """A viewer asks; the release and its verdict stay as they were."""
    bot = await released(make)
    same = await bot.say("recount #1")
    before = await bot.real.read(lambda tx: tx.recent("openchat", 1))
    for _ in range(3):
        bot.outside.logs.add("chat", T0 + timedelta(minutes=1), "ERROR", "Late", host="chat-1")

    late = await bot.submit(text="recount #1 chat/check", person="nobody")

    assert keys(same.card) == ["recount.same"]
    assert (late.outcome, late.release) == (Outcome.ANSWERED, 1)
    assert keys(late.card) == ["recount.changed"]
    assert late.card is not None
    assert late.card.table is not None
    [row] = late.card.table.rows
    assert (row.cells[0], *row.cells[2:]) == (CHECK, "ERROR Late", "0", "3", "+3")
    assert await bot.real.read(lambda tx: tx.recent("openchat", 1)) == before


async def test_what_cannot_be_counted_says_why(make: Make) -> None:
    """A store in trouble, counts of another version, and a check that there is not."""
    bot = await released(make)
    bot.outside.logs.fail("503 token=hunter2hunter2")
    broken = await bot.say("recount #1")
    row = VerdictCountsRow(release_id=1, step=CHECK, round=9, repeat=0, body=b"?")
    await bot.real.transact(lambda tx: tx.put_verdict_counts(row))
    old = await bot.say("recount #1")
    elsewhere = await bot.say("recount #1 chat/deploy")
    unknown = await bot.say("recount #9")

    assert keys(broken.card) == ["recount.trouble"]
    assert "hunter2" not in str(broken.card)
    assert keys(old.card) == ["recount.old"]
    assert why(elsewhere) == text("recount.no_check", step="chat/deploy", release=1, checks=CHECK)
    assert why(unknown) == text("refused.unknown_release", release=9)


async def test_a_release_that_has_counted_nothing_says_so(make: Make) -> None:
    """Before its first round."""
    bot = await make(**SINGLE)
    await bot.start()

    reply = await bot.say("recount")

    assert why(reply) == text("recount.nothing", release=1)


def told(reply: Reply) -> list[str]:
    """The lines of an answer in English."""
    assert reply.card is not None
    return [line if isinstance(line, str) else Words()(line) for line in reply.card.lines]


NUMBER = "1 alone is a step; a release is written #1."


async def test_a_number_without_a_release_says_how_one_is_written(make: Make) -> None:
    """What it offers can be typed as it is; where no number was read as a step nothing is said."""
    bot = await released(make)
    alone = await bot.say("recount 1")
    right = await bot.say(told(alone)[-1])
    others = [await bot.say(f"recount{more}") for more in ("", " chat/check")]
    skipped = await bot.say("skip 1 because done by hand")
    named = await bot.say("recount #1 1")

    assert alone.outcome is Outcome.REFUSED
    assert told(alone) == ["No release is active in this room.", NUMBER, "recount #1"]
    assert right.outcome is Outcome.ANSWERED
    for other in (*others, skipped):
        assert told(other) == ["No release is active in this room."]
    assert told(named) == ["1 is no check of #1 that has counted; those are chat/check"]


async def test_a_number_that_is_no_check_says_how_a_release_is_written(make: Make) -> None:
    """The active release has such a step perhaps, but it has counted nothing."""
    bot = await make(**SINGLE)
    await bot.start()
    row = VerdictCountsRow(release_id=1, step=CHECK, round=1, repeat=0, body=b"?")
    await bot.real.transact(lambda tx: tx.put_verdict_counts(row))

    reply = await bot.say("recount 1")

    no_check = "1 is no check of #1 that has counted; those are chat/check"
    assert told(reply) == [no_check, NUMBER, "recount #1"]
