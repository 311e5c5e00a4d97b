"""What people get wrong when they type: each message says what would be right."""

from __future__ import annotations

import pytest

from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.value import Text
from bot.engine.cards import FORM, SAY
from tests.engine.conftest import Make
from tests.support.engines import OPERATOR, SINGLE, VIEWER


def words(text: Text) -> str:
    """Everything that a text carries."""
    return " ".join([text.key, *map(str, text.params.values())])


async def test_an_unknown_component_gets_the_nearest_three(make: Make) -> None:
    """`only=` with a misspelt component is not guessed; three names that exist are offered."""
    bot = await make()
    reply = await bot.say("start openchat only=gatway")

    assert reply.outcome is Outcome.NOT_UNDERSTOOD
    assert reply.card is not None
    assert reply.card.text.key == "intent.unknown_component"
    near = str(reply.card.text.params["nearest"]).split(", ")
    assert (len(near), near[0]) == (3, "gateway")
    assert await bot.live() == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("start openchat cofirm=gates", "intent.unknown_option"),
        ("start openchat confirm=maybe", "intent.bad_confirm"),
        ("start openchat dry=perhaps", "intent.bad_dry"),
        ("start openchat only=auth, chat", "intent.list_with_spaces"),
        ("start openchat --confirm gates", "intent.dashes"),
    ],
)
async def test_malformed_options_are_named(make: Make, line: str, key: str) -> None:
    """Nothing is planned; the answer names the option and whole lines that would be right."""
    bot = await make()
    reply = await bot.say(line)

    assert reply.outcome is Outcome.NOT_UNDERSTOOD
    assert reply.card is not None
    assert reply.card.text.key == key
    assert all(a.verb == SAY for a in reply.card.actions)
    tries = [a.value for a in reply.card.actions]
    assert tries
    assert len(tries) == len(set(tries))
    assert await bot.live() == []


async def test_an_unknown_verb_gets_the_nearest_three_as_buttons(make: Make) -> None:
    """Each button is a whole line; an example is not offered a second time."""
    bot = await make()
    reply = await bot.say("strat openchat")
    puzzled = await bot.say("status now")

    assert reply.card is not None
    assert [(a.verb, a.value) for a in reply.card.actions] == [
        (SAY, "start openchat"),
        (SAY, "status openchat"),
        (SAY, "plan openchat"),
    ]
    assert puzzled.card is not None
    assert puzzled.card.lines[-1] == Text(key="hint.example", params={"line": "status"})
    assert "status" not in [a.value for a in puzzled.card.actions]


async def test_a_start_without_a_target_offers_the_form(make: Make) -> None:
    """It comes first, so that a surface may open it at once."""
    bot = await make()
    reply = await bot.say("start")

    assert reply.card is not None
    assert (reply.card.actions[0].verb, reply.card.actions[0].value) == (FORM, "start")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("reject", "reject"),
        ("reject because", "reject"),
        ("skip #1 7", "skip #1 7"),
        ("override", "override"),
        ("unlock openchat", "unlock openchat"),
    ],
)
async def test_a_missing_reason_is_asked_for(make: Make, line: str, value: str) -> None:
    """The first button carries the line and a dialog that asks for a reason; nothing is done."""
    bot = await make()
    reply = await bot.say(line)

    assert reply.outcome is Outcome.NOT_UNDERSTOOD
    assert reply.card is not None
    first = reply.card.actions[0]
    assert (first.verb, first.value) == (SAY, value)
    assert first.confirm is not None
    assert first.confirm.reason


async def test_a_target_without_monitoring_shows_its_dialog(make: Make) -> None:
    """Typed without a reason, the start is refused with the question's own button."""
    bot = await make(**SINGLE, monitoring=False)
    await bot.say("start openchat")
    button = await bot.button(QuestionKind.START, "start")
    reply = await bot.say("start #1")

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert reply.card.actions == (button,)
    assert (await bot.press(button, reason="a closed test")).outcome is Outcome.ACCEPTED


async def test_an_unknown_version_gets_the_nearest(make: Make) -> None:
    """A version that no executor lists is refused with those that are near."""
    bot = await make(**SINGLE)
    reply = await bot.say("start openchat chat=2.00")

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert words(reply.card.text).startswith("plan.unknown_version chat 2.00 2.0")


async def test_an_env_is_not_silently_ignored(make: Make) -> None:
    """`env=staging` must not plan production: environments are targets of their own."""
    bot = await make(**SINGLE)
    reply = await bot.say("start openchat env=staging")

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert reply.card.text.key == "plan.no_env"
    assert await bot.live() == []


async def test_a_dry_start_shows_the_plan_and_does_nothing(make: Make) -> None:
    """`dry=yes` answers with the steps; there is no release and no lock."""
    bot = await make(**SINGLE)
    reply = await bot.say("start openchat dry=yes")

    assert reply.outcome is Outcome.ANSWERED
    assert reply.card is not None
    assert reply.card.kind == "plan"
    assert await bot.live() == []
    assert await bot.real.read(lambda tx: tx.locks()) == []


async def test_nothing_to_release_is_said(make: Make) -> None:
    """When every component runs its candidate, the answer names them."""
    bot = await make(**SINGLE)
    reply = await bot.say("start openchat 1.0")

    assert reply.card is not None
    assert words(reply.card.text) == "plan.nothing chat"


async def test_a_viewer_is_told_who_may(make: Make) -> None:
    """Proposing needs an operator; the refusal names everybody who is one."""
    bot = await make(**SINGLE)
    reply = await bot.say("start openchat", VIEWER)

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert reply.card.lines[-1] == Text(
        key="refused.who_may", params={"who": "Mina, Taro, Hana, Ken"}
    )


async def test_an_operator_proposes_and_an_approver_starts(make: Make) -> None:
    """A production target is planned by an operator; the button wants an approver."""
    bot = await make(**SINGLE)
    await bot.say("start openchat", OPERATOR)
    button = await bot.button(QuestionKind.START, "start")

    assert (await bot.press(button, OPERATOR)).outcome is Outcome.REFUSED
    assert (await bot.press(button)).outcome is Outcome.ACCEPTED


async def test_a_rollback_to_another_version_is_refused(make: Make) -> None:
    """A rollback goes back to what ran before; another version is a release of its own."""
    bot = await make(**SINGLE)
    await bot.start()
    reply = await bot.say("rollback #1 to 0.9 because")

    assert reply.card is not None
    assert reply.card.text.key == "refused.rollback_to"


@pytest.mark.parametrize(("verb", "number"), [("recount", True), ("pause", False)])
async def test_help_says_what_a_number_alone_is(make: Make, verb: str, number: bool) -> None:
    """Where it is a step, people would say it and mean a release."""
    bot = await make(**SINGLE)
    reply = await bot.say(f"help {verb}")

    assert reply.card is not None
    keys = [line.key for line in reply.card.lines if isinstance(line, Text)]
    assert ("hint.number" in keys) is number


@pytest.mark.parametrize(
    "line", ["status", "status #1", "status all", "history", "whoami", "permissions", "help"]
)
async def test_questions_change_nothing(make: Make, line: str) -> None:
    """They are answered privately, to anybody, and the release stays as it was."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.drain()
    before = await bot.release()
    reply = await bot.say(line, VIEWER)

    assert reply.outcome is Outcome.ANSWERED
    assert reply.card is not None
    assert reply.card.actions == ()
    assert await bot.release() == before
