"""`errors`: what is counted, from which deployment, and on which hosts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.chat.texts import Words
from bot.core.config import DocumentFields, OpensearchLogStore, ReleaseFile
from bot.core.inbound import Outcome, Reply
from bot.core.question import QuestionKind
from bot.core.release import Phase, Release
from bot.core.value import text
from tests.engine.conftest import Make
from tests.support.engines import HOME, MIRROR, OTHER, Bot, Outside, release_file

pytestmark = pytest.mark.thorough

MINUTE = timedelta(minutes=1)
THREE: dict[str, Any] = {
    "components": {"auth": {}, "chat": {"canary": "canary"}, "push": {}},
}


def ended(release: Release) -> bool:
    """Whether nothing more happens."""
    return not release.live


def told(reply: Reply) -> list[str]:
    """Title, lines and footer of the answer in English."""
    assert reply.card is not None
    card, words = reply.card, Words()
    cells = (card.title, *card.lines, *([card.footer] if card.footer else []))
    return [cell if isinstance(cell, str) else words(cell) for cell in cells]


def rows(reply: Reply) -> dict[tuple[str, str], tuple[str, str, str]]:
    """(component, type) -> before, after, multiple."""
    assert reply.card is not None
    assert reply.card.table is not None
    cells = [[str(cell) for cell in row.cells] for row in reply.card.table.rows]
    return {(c[0], c[1]): (c[2], c[3], c[4]) for c in cells}


def write(bot: Bot, component: str, number: int, **at: float) -> None:
    """One host writes one WARN so long ago."""
    host, when = f"{component}-{number}", bot.outside.clock.now - timedelta(**at)
    bot.outside.logs.add(component, when, "WARN", "Slow", host=host, message=f"slow on {host}")


async def released(bot: Bot, line: str) -> Release:
    """A release that is approved wherever it asks, until its end."""
    release = await bot.start(line)
    while True:
        release = await bot.run(lambda r: ended(r) or bool(r.open_questions), release.id)
        if ended(release):
            assert release.phase is Phase.DONE
            return release
        await bot.answer(QuestionKind.GATE, "approve", OTHER)


@pytest.fixture
async def bot(make: Make) -> Bot:
    """Three components of which only chat has a canary."""
    bot = await make(Outside(release_file(**THREE)))
    bot.deployer.groups = {"auth": {}, "push": {}}
    return bot


async def test_each_component_is_counted_from_its_own_last_deployment(bot: Bot) -> None:
    """Auth was in #1, chat in #2, push in none: each says so, and chat comes first."""
    first = await released(bot, "start openchat only=auth")
    write(bot, "auth", 1, seconds=1)
    second = await released(bot, "start openchat only=chat")
    bot.outside.clock.now += 10 * MINUTE
    write(bot, "chat", 1, seconds=1)
    reply = await bot.say("errors since deploy")
    title, chat, auth, *others = told(reply)

    assert (first.id, second.id, reply.release) == (1, 2, 2)
    assert "of each component (#2, #1)" in title
    assert chat.startswith("chat (#2): before")
    assert auth.startswith("auth (#1): before")
    assert any(line.startswith("push: not deployed yet in any release") for line in others)
    assert [name for name, _ in rows(reply)] == ["chat", "auth"]
    assert "(#1)" in told(await bot.say("errors since deploy of auth"))[0]
    assert told(await bot.say("errors #2 since deploy of auth"))[1] == "auth: not deployed in #2"


async def test_a_deployment_that_was_taken_back_counts_from_its_moment(bot: Bot) -> None:
    """The deploy of an aborted release happened, that of one that was only planned did not."""
    await bot.start("start openchat only=auth,push")
    began = await bot.run(lambda r: r.step("auth/deploy").started_at)
    draft = await bot.say("abort because wrong version")
    assert draft.card is not None
    await bot.press(draft.card.actions[0])
    await bot.run(ended)
    await bot.say("start openchat only=chat")
    title, *lines = told(await bot.say("errors since deploy of auth"))
    start = began.step("auth/deploy").started_at

    assert start is not None
    assert f"{start:%Y-%m-%d %H:%M} (#1)" in title
    assert not any("not deployed" in line for line in lines)
    assert told(await bot.say("errors of chat"))[1] == "chat: not deployed in #2 yet"
    never = told(await bot.say("errors of push"))[1]
    assert never.startswith("push: not deployed yet in any release")


async def test_a_group_is_counted_on_its_hosts_only(bot: Bot) -> None:
    """Nothing was ever released, so the executor tells the hosts; auth has no canary."""
    for number in (1, 2, 3):
        write(bot, "chat", number, minutes=1)
        write(bot, "auth", number, minutes=1)
    reply = await bot.say("errors since 30m in canary")
    canary = (("chat", "Slow"), "1")

    assert [(key, row[1]) for key, row in rows(reply).items()] == [canary]
    assert "Only the hosts of canary" in told(reply)
    assert "auth, push: no hosts in canary, left out" in told(reply)
    everywhere = rows(await bot.say("errors since 30m of chat in all"))
    assert everywhere["chat", "Slow"][1] == "3"


async def test_a_group_that_documents_name_needs_no_hosts(make: Make) -> None:
    """The executor knows neither the group nor the hosts of chat; of auth it is asked as ever."""
    file = release_file(**THREE)
    store = OpensearchLogStore(
        kind="opensearch",
        addresses=("https://os.example",),
        index="{component}",
        fields=DocumentFields(group="labels.track"),
    )
    components = file.targets["openchat"].components
    chat = components["chat"].model_copy(update={"logs": "pods"})
    target = file.targets["openchat"].model_copy(
        update={"components": {**components, "chat": chat}}
    )
    changed = {
        "log_stores": {**file.log_stores, "pods": store},
        "targets": {**file.targets, "openchat": target},
    }
    bot = await make(Outside(file.model_copy(update=changed)))
    bot.deployer.groups = {"auth": {}, "push": {}, "chat": {}}
    when = bot.outside.clock.now - timedelta(minutes=1)
    for pod, group in (("x7f", "canary"), ("b2c", "stable"), ("q9d", "stable")):
        bot.outside.logs.add("chat", when, "WARN", "Slow", host=pod, group=group)
    write(bot, "auth", 1, minutes=1)
    found = {
        group: rows(await bot.say(f"errors since 30m in {group}")) for group in ("canary", "stable")
    }
    assert {group: [row[1] for row in table.values()] for group, table in found.items()} == {
        "canary": ["1"],
        "stable": ["2"],
    }
    reply = await bot.say("errors since 30m in canaries")
    assert rows_or_none(reply) == {}


def rows_or_none(reply: Reply) -> dict[tuple[str, str], tuple[str, str, str]]:
    """The rows, none where there is no table."""
    return rows(reply) if reply.card and reply.card.table else {}


async def test_a_group_is_found_though_the_newest_release_lacks_the_component(bot: Bot) -> None:
    """Chat was released in #1, #2 has auth only: the hosts are those that #1 was planned with."""
    await released(bot, "start openchat only=chat")
    await released(bot, "start openchat only=auth")
    for number in (1, 2):
        write(bot, "chat", number, seconds=5)
    bot.deployer.groups["chat"] = {}
    reply = await bot.say("errors since 1m in canary")
    assert rows(reply)["chat", "Slow"][1] == "1"

    bot.deployer.unreachable = True
    reply = await bot.say("errors since 1m in canary")
    assert rows(reply)["chat", "Slow"][1] == "1"
    unreachable = "auth, push: the hosts of canary could not be read: "
    assert any(line.startswith(unreachable) for line in told(reply))


@pytest.mark.parametrize("of", ["", " of chat"])
async def test_an_unknown_group_is_refused_with_the_nearest(bot: Bot, of: str) -> None:
    """`canry` never means every host; what it may have meant can be typed at once."""
    write(bot, "chat", 1, minutes=1)
    reply = await bot.say(f"errors since 30m{of} in canry")

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert reply.card.table is None
    assert "There is no host group canry here. The nearest: canary, all." in told(reply)
    assert any(line.endswith(f"errors since 30m{of} in canary") for line in told(reply))


async def test_a_component_without_the_group_is_not_counted(bot: Bot) -> None:
    """Auth has no canary though chat has one: no number at all rather than those of every host."""
    write(bot, "auth", 1, minutes=1)
    reply = await bot.say("errors since 30m of auth in canary")

    assert reply.card is not None
    assert reply.card.table is None
    assert told(reply)[-1] == "auth: no hosts in canary, left out"


async def test_the_rate_divides_by_the_time_that_has_logs(bot: Bot) -> None:
    """One line a minute for three hours: twice the hours that were asked for are no rise."""
    for minutes in range(1, 180):
        write(bot, "chat", 1, minutes=minutes)
    reply = await bot.say("errors since 2h of chat")

    assert rows(reply)["chat", "Slow"] == ("59", "120", "×1.0")
    assert "The logs before reach back less than 10d: chat 59m; the rate divides by that" in (
        told(reply)
    )


async def test_a_baseline_full_of_logs_is_taken_as_a_whole(bot: Bot) -> None:
    """Ten days of logs, one line an hour: nothing is lacking and nothing is said."""
    for hours in range(1, 24 * 11):
        write(bot, "chat", 1, hours=hours, minutes=-30)
    reply = await bot.say("errors since 10h of chat")

    assert rows(reply)["chat", "Slow"] == ("240", "10", "×1.0")
    assert not any("reach back" in line for line in told(reply))


async def test_a_sample_is_of_the_group(bot: Bot) -> None:
    """The first message was of a host outside: what is shown is the first one of the canary."""
    write(bot, "chat", 2, minutes=2)
    write(bot, "chat", 1, minutes=1)
    at = bot.outside.clock.now - MINUTE
    reply = await bot.say("errors since 30m of chat in canary")

    assert reply.card is not None
    assert reply.card.table is not None
    [row] = reply.card.table.rows
    assert row.cells[-2:] == (text("time", at=at.isoformat()), "slow on chat-1")


async def test_a_type_of_the_group_s_past_has_no_sample(bot: Bot) -> None:
    """Since then only others wrote it: nothing of theirs is shown for the canary."""
    write(bot, "chat", 1, hours=1)
    write(bot, "chat", 2, minutes=1)
    reply = await bot.say("errors since 30m of chat in canary")

    assert rows(reply)["chat", "Slow"][:2] == ("1", "0")
    assert "slow on" not in str(reply.card)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("errors between 11:30 and 11:10", "That span ends before it begins"),
        ("errors since tomorrow 10:00", "That span begins in the future (2026-08-07 10:00)."),
    ],
)
async def test_a_span_without_a_window_is_refused_once(bot: Bot, line: str, said: str) -> None:
    """It is wrong for all components alike, so the answer is one refusal."""
    bot.outside.clock.now = bot.outside.clock.now.replace(hour=12)
    reply = await bot.say(line)

    assert reply.outcome is Outcome.REFUSED
    assert any(text.startswith(said) for text in told(reply))


async def test_silence_is_said_of_its_component(bot: Bot) -> None:
    """A window without any line, before and after, names who was silent."""
    bot.outside.logs.silent |= {f"push-{number}" for number in (1, 2, 3)}
    lines = told(await bot.say("errors since 5m"))

    assert any(line.startswith("push: no log line of any level after that") for line in lines)
    assert "auth, chat, push: no log line at all before that, so nothing is called new" in lines


async def test_whose_logs_could_not_be_counted_is_said_without_secrets(bot: Bot) -> None:
    """One log store fails for one component: that one is named, the others are counted."""
    bot.outside.logs.fail("no answer token=secret123")
    write(bot, "chat", 1, minutes=1)
    reply = await bot.say("errors since 5m")
    [failed] = [line for line in told(reply) if "could not count" in line]

    assert failed.startswith("auth: the log store could not count: no answer")
    assert "secret123" not in failed
    assert ("chat", "Slow") in rows(reply)


async def test_a_typed_time_is_one_of_the_room_s_zone(make: Make) -> None:
    """Half past two is another moment in Tokyo than where the file's zone holds."""
    body = release_file().model_dump(mode="json")
    body["rooms"][HOME]["zone"] = "Asia/Tokyo"
    bot = await make(Outside(ReleaseFile.model_validate(body)))

    tokyo = await bot.say("errors since 10:30", room=HOME)
    elsewhere = await bot.say("errors since 10:30", room=MIRROR)

    assert tokyo.card is not None
    assert elsewhere.card is not None
    assert str(tokyo.card.title.params["since"]).startswith("2026-08-06T01:30")
    assert str(elsewhere.card.title.params["since"]).startswith("2026-08-06T10:30")
