"""Checks that come late, cannot count, or are cut off: never a silent pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.config import LogStoreConfig
from bot.core.config.problem import UnusableError
from bot.core.inbound import Outcome
from bot.core.question import QuestionKind
from bot.core.release import Phase, Release, StepState
from bot.core.value import text
from bot.core.verdict.verdict import Result
from bot.ports import LogStore
from tests.engine.conftest import Make
from tests.support.engines import (
    ADMIN,
    OTHER,
    SINGLE,
    Bot,
    asked,
    ended,
)

pytestmark = pytest.mark.thorough

CHECK = "chat/check"


async def watching(make: Make, rounds: int = 0) -> Bot:
    """A release whose only check has had so many rounds."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(lambda r: len(r.step(CHECK).rounds) == rounds and r.step(CHECK).next_at)
    return bot


async def next_life(make: Make, bot: Bot, down: timedelta) -> Bot:
    """The process dies, and another one starts after a while."""
    await bot.kill()
    bot.outside.clock.now += down
    second = await make(bot.outside)
    await second.begin()
    return second


def ran(release: Release) -> list[tuple[int, int, bool, Result]]:
    """The rounds so far: number, repetition, late, result."""
    return [(r.number, r.repeat, r.late, r.verdict.result) for r in release.step(CHECK).rounds]


@pytest.mark.scenario(42)
async def test_killed_between_two_rounds(make: Make) -> None:
    """Round 2 comes at its own time, as if nothing had been."""
    bot = await watching(make, 1)
    due = (await bot.release()).step(CHECK).next_at
    second = await next_life(make, bot, timedelta(minutes=2))
    release = await second.run(ended)

    assert [r.due for r in release.step(CHECK).rounds][1] == due
    assert release.step(CHECK).rounds[1].ran_at == due
    assert ran(release) == [(n, 0, False, Result.PASS) for n in (1, 2, 3)]


@pytest.mark.scenario(42)
async def test_a_round_missed_by_little_runs_once_and_late(make: Make) -> None:
    """It is marked late, and the next one does not follow in a burst."""
    bot = await watching(make, 1)
    second = await next_life(make, bot, timedelta(minutes=9, seconds=30))
    release = await second.run(ended)
    rounds = release.step(CHECK).rounds

    assert ran(release) == [
        (1, 0, False, Result.PASS),
        (2, 0, True, Result.PASS),
        (3, 0, False, Result.PASS),
    ]
    assert rounds[2].ran_at - rounds[1].ran_at >= timedelta(minutes=1)


async def test_a_round_missed_by_much_is_inconclusive_and_repeated(make: Make) -> None:
    """Too late is no measurement; the repetition has its own time and may pass."""
    bot = await watching(make, 2)
    second = await next_life(make, bot, timedelta(minutes=30))
    release = await second.run(ended)

    assert ran(release)[2:] == [
        (3, 0, True, Result.INCONCLUSIVE),
        (3, 1, False, Result.PASS),
    ]
    assert release.step(CHECK).rounds[2].verdict.reasons[0].key == "honesty.missed"


@pytest.mark.scenario(43)
async def test_down_for_longer_than_all_rounds(make: Make) -> None:
    """The verdict is inconclusive (missed); people may look at the whole time since, at once."""
    bot = await watching(make)
    second = await next_life(make, bot, timedelta(hours=2))
    release = await second.run(asked)

    assert ran(release) == [(1, 0, True, Result.INCONCLUSIVE)]
    assert release.step(CHECK).rounds[0].verdict.reasons[0].key == "honesty.missed_all"
    assert [q.kind for q in release.open_questions] == [QuestionKind.INCONCLUSIVE]
    await second.answer(QuestionKind.INCONCLUSIVE, "check")
    release = await second.run(ended)
    look = release.step(CHECK).rounds[1].verdict
    assert look.observed_end - look.observed_start > timedelta(hours=2)
    assert release.phase is Phase.DONE


@pytest.mark.scenario(43)
async def test_what_rounds_that_were_missed_would_have_found_is_a_fail(make: Make) -> None:
    """The logs are there: trouble in them is proof, however late; only a pass is not to be had."""
    bot = await watching(make)
    bot.outside.logs.add("chat", bot.outside.clock.now, "ERROR", "Missed", host="chat-1")
    second = await next_life(make, bot, timedelta(hours=2))
    release = await second.run(asked)

    [found] = release.step(CHECK).rounds
    assert (found.late, found.verdict.result) == (True, Result.FAIL)
    assert [finding.error_type for finding in found.verdict.findings] == ["Missed"]
    assert found.verdict.reasons[0].key == "honesty.missed_all"
    assert [q.kind for q in release.open_questions] == [QuestionKind.VERDICT_FAIL]


@pytest.mark.scenario(43)
async def test_rounds_that_were_missed_show_what_was_counted(make: Make) -> None:
    """Whoever decides sees the counts, which can be counted again."""
    bot = await watching(make)
    second = await next_life(make, bot, timedelta(hours=2))
    release = await second.run(asked)

    assert release.step(CHECK).rounds[0].verdict.documents > 0
    assert await second.real.read(lambda tx: tx.verdict_counts(1, CHECK))


@pytest.mark.scenario(43)
async def test_rounds_that_were_missed_and_cannot_be_counted_say_both(make: Make) -> None:
    """A log store that fails too is said beside it."""
    bot = await watching(make)
    bot.outside.logs.fail("503")
    second = await next_life(make, bot, timedelta(hours=2))
    release = await second.run(asked)

    reasons = [reason.key for reason in release.step(CHECK).rounds[0].verdict.reasons]
    assert reasons == ["honesty.missed_all", "honesty.log_store"]


async def test_a_check_that_cannot_count_is_repeated_and_then_asked_about(make: Make) -> None:
    """Three repetitions, then people: an admin may go on for a reason, which stays visible."""
    bot = await make(**SINGLE)
    bot.outside.logs.gap(text("gap.missing_file", pattern="*.log"))
    await bot.start()
    release = await bot.run(asked)

    assert ran(release) == [(1, n, False, Result.INCONCLUSIVE) for n in range(4)]
    assert [q.kind for q in release.open_questions] == [QuestionKind.INCONCLUSIVE]
    button = await bot.button(QuestionKind.INCONCLUSIVE, "override")
    assert (await bot.press(button, OTHER, "it is fine")).outcome is Outcome.REFUSED
    await bot.answer(QuestionKind.INCONCLUSIVE, "override", ADMIN, "logs moved")
    release = await bot.run(ended)
    assert release.phase is Phase.DONE
    assert release.step(CHECK).state is StepState.OVERRIDDEN


async def test_a_silent_host_is_no_pass(make: Make) -> None:
    """A restarted host that writes nothing is named, and nothing proceeds."""
    bot = await make(**SINGLE)
    bot.outside.logs.silent.add("chat-2")
    await bot.start()
    release = await bot.run(asked)
    reason = release.step(CHECK).rounds[-1].verdict.reasons[0]

    assert (reason.key, reason.params["hosts"]) == ("honesty.silent_hosts", "chat-2")
    assert release.phase is Phase.PAUSED


async def test_a_log_store_that_fails_once_is_asked_again(make: Make) -> None:
    """One failure is inconclusive with its reason; the repetition measures."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(lambda r: r.step(CHECK).next_at)
    bot.outside.logs.fail("503 from the cluster, password=hunter2")
    release = await bot.run(ended)

    assert ran(release)[:2] == [(1, 0, False, Result.INCONCLUSIVE), (1, 1, False, Result.PASS)]
    assert "hunter2" not in release.model_dump_json()


async def test_a_log_store_that_cannot_be_made_is_told(make: Make) -> None:
    """Settings that cannot work are a reason to ask people, not to try for ever in silence."""
    bot = await make(**SINGLE)

    def unusable(_: LogStoreConfig) -> LogStore:
        raise UnusableError("pattern", "[", "is no RE2 expression")

    bot.adapters.log_store = unusable  # type: ignore[method-assign]  # its settings are wrong
    await bot.start()
    release = await bot.run(asked)
    reason = release.step(CHECK).rounds[-1].verdict.reasons[0]

    assert ran(release) == [(1, n, False, Result.INCONCLUSIVE) for n in range(4)]
    assert reason.key == "honesty.log_store"
    assert reason.params["detail"] == "pattern: '[' is no RE2 expression"


async def test_samples_hold_no_known_secret(make: Make) -> None:
    """What a component logs by mistake is taken out of the finding that people read."""
    bot = await make(**SINGLE)
    bot.services = replace(bot.services, clean=lambda said: said.replace("it broke", "***"))
    bot.engine.services = bot.services
    await bot.start("start openchat chat=2.0-broken")
    release = await bot.run(asked)
    [finding] = release.step(CHECK).rounds[-1].verdict.findings

    assert finding.sample.startswith("*** token=")


@pytest.mark.scenario(68, 69)
async def test_an_abort_cancels_the_remaining_rounds(make: Make) -> None:
    """The card says so, the check never shows as a success, and no further round runs."""
    bot = await watching(make, 1)
    counted = len(bot.outside.logs.requests)
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "abort"), OTHER)
    release = await bot.run(ended)
    bot.outside.clock.now += timedelta(hours=1)
    await bot.drain()
    card = bot.card(f"check:{CHECK}")

    assert release.phase is Phase.ABORTED
    assert release.step(CHECK).state is StepState.CANCELLED
    assert len(bot.outside.logs.requests) == counted
    assert "check.cancelled" in [x.key for x in card.lines if not isinstance(x, str)]
    assert card.state not in {"pass", "done"}


async def test_a_foreign_version_during_a_rollback_of_others_is_not_lost(make: Make) -> None:
    """While another component goes back nothing can be asked: the round is inconclusive then."""
    bot = await make(components={"auth": {}, "chat": {}}, reminders=[], step_deadline="1d")
    await bot.start()
    await bot.run(lambda r: r.step("auth/check").next_at and r.step("chat/restart").handle)
    bot.deployer.hold("chat")
    bot.deployer.cannot_stop = True
    bot.deployer.set_running("auth", "auth-1", "9.9")
    shown = await bot.say("rollback #1 chat too slow", OTHER)
    assert shown.card is not None
    await bot.press(shown.card.actions[0], OTHER)
    release = await bot.run(lambda r: r.step("auth/check").rounds)

    assert release.phase is Phase.ROLLING_BACK
    [only] = release.step("auth/check").rounds
    assert only.verdict.result is Result.INCONCLUSIVE
    assert only.verdict.reasons[0].key == "question.drift"
    assert release.step("auth/check").next_at is not None
