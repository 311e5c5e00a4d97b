"""A whole release of the seed's shape, from the typed line to the last message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from bot.core.config import ReleaseFile
from bot.core.inbound import Outcome
from bot.core.machine import replay
from bot.core.operation import OperationKind
from bot.core.question import QuestionKind
from bot.core.release import Phase, Release, StepKind, StepState
from bot.core.tally import line, tally
from bot.core.verdict.verdict import Result, Rule
from bot.engine.services import Unwatched
from bot.engine.transition import happened
from tests.engine.conftest import Make
from tests.support.engines import (
    ADMIN,
    BROKEN,
    HOME,
    LINE,
    MIRROR,
    OTHER,
    SMALL,
    TEAM,
    Bot,
    Outside,
    asked,
    ended,
    release_file,
)

ANSWERS = {QuestionKind.GO: "go", QuestionKind.GATE: "approve"}


async def answer_all(bot: Bot) -> tuple[Release, Counter[QuestionKind]]:
    """Say yes to every Go and gate until the release has ended."""
    given: Counter[QuestionKind] = Counter()
    release = await bot.run(asked)
    while release.live:
        kind = release.open_questions[0].kind
        await bot.answer(kind, ANSWERS[kind], OTHER)
        given[kind] += 1
        release = await bot.run(asked)
    return release, given


async def test_the_seed_release_runs_to_its_end(make: Make) -> None:
    """Under `gates` 41 operations need three people's decisions; the rooms hear 16 and 3."""
    bot = await make()
    await bot.start()
    release, given = await answer_all(bot)

    assert release.phase is Phase.DONE
    assert given == {QuestionKind.GATE: 2}
    count = tally(release)
    assert (count.sharing, count.deployment, count.monitoring, count.people) == (16, 16, 9, 3)
    assert line(release).params["operations"] == 41
    assert bot.card("board").footer == line(release)
    assert len(bot.outside.rooms[TEAM].posts) == len(bot.outside.rooms[TEAM].shown) == 16
    assert len(bot.outside.rooms[LINE].posts) == len(bot.outside.rooms[LINE].shown) == 3
    assert [card.state for _, card in bot.outside.rooms[LINE].posts] == [
        "start",
        "canary",
        "finish",
    ]


async def test_every_operation_reaches_the_executor_once(make: Make) -> None:
    """Seven deployments, seven restarts of all and two of canary groups: sixteen calls, no more."""
    bot = await make()
    await bot.start()
    await answer_all(bot)

    started = bot.outside.world.started
    assert Counter((o.kind, o.group) for o in started) == {
        (OperationKind.DEPLOY, "all"): 7,
        (OperationKind.RESTART, "all"): 7,
        (OperationKind.RESTART, "canary"): 2,
    }
    assert len(bot.outside.calls) == len(set(bot.outside.calls)) == 16
    assert set(bot.outside.world.running.values()) == {"2.0"}


async def test_each_step_asks_before_every_deployment_operation(make: Make) -> None:
    """The default asks fourteen times for a Go and twice at a gate, and counts all of it."""
    bot = await make(confirm="each_step")
    await bot.start()
    release, given = await answer_all(bot)

    assert given == {QuestionKind.GO: 14, QuestionKind.GATE: 2}
    assert tally(release).people == 17
    assert release.phase is Phase.DONE


async def test_run_on_ends_the_asking_and_can_be_taken_back(make: Make) -> None:
    """*Run on to the next gate* is one press; *Ask before each step* on the board undoes it."""
    bot = await make(confirm="each_step")
    await bot.start()
    await bot.run(asked)
    await bot.answer(QuestionKind.GO, "confirm")
    release = await bot.run(asked)
    assert [q.kind for q in release.open_questions] == [QuestionKind.GATE]

    button = next(a for a in bot.card("board").actions if a.verb == "confirm")
    assert (await bot.press(button)).outcome is Outcome.ACCEPTED
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    release = await bot.run(asked)

    assert [q.kind for q in release.open_questions] == [QuestionKind.GO]


async def test_checks_come_at_their_times_and_stay_apart(make: Make) -> None:
    """Three rounds at F + 5, F + 10, F + 15 minutes, none of them late."""
    bot = await make(**SMALL)
    await bot.start()
    release, _ = await answer_all(bot)

    for step in release.steps:
        if step.kind is StepKind.CHECK:
            ended_at = release.step(step.needs[0]).finished_at
            assert ended_at is not None
            assert [r.ran_at - ended_at for r in step.rounds] == [
                timedelta(minutes=minutes) for minutes in (5, 10, 15)
            ]
            assert [(r.late, r.verdict.result) for r in step.rounds] == [(False, Result.PASS)] * 3


async def test_the_journal_alone_makes_the_release_again(make: Make) -> None:
    """Replaying the events of the journal gives the stored release, refusals left out."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    assert (await bot.press(await bot.button(QuestionKind.GATE, "approve"))).outcome is (
        Outcome.REFUSED
    )
    release, _ = await answer_all(bot)

    events = await bot.real.read(lambda tx: happened(tx, 1))
    assert replay(events) == release


async def test_every_decision_is_seen_in_the_mirror(make: Make) -> None:
    """Both rooms show the same cards, and no button is left when the release has ended."""
    bot = await make(**SMALL)
    await bot.start()
    await answer_all(bot)

    home, mirror = (bot.outside.rooms[name].cards for name in (HOME, MIRROR))
    assert {k: c for k, c in home.items() if k.startswith("release:")} == mirror
    assert [action for card in mirror.values() for action in card.actions] == []
    assert all(card.state == "closed" for card in mirror.values() if card.kind == "question")


async def broken(make: Make, file: ReleaseFile) -> tuple[Bot, Release]:
    """A release whose canary runs a version that writes errors of a new type."""
    bot = await make(Outside(file))
    for minutes in range(60, 6000, 60):
        at = bot.outside.clock.now - timedelta(minutes=minutes)
        bot.outside.logs.add("chat", at, "WARN", "Slow", host="chat-1", message="slow")
    await bot.start(f"start openchat chat={BROKEN}")
    return bot, await bot.run(asked)


async def test_a_broken_canary_is_caught_and_rolled_back_by_a_button(make: Make) -> None:
    """Real counts find the new error type; *Roll back chat* touches exactly what changed."""
    bot, release = await broken(make, release_file())
    question = release.open_questions[0]
    assert (question.kind, question.component) == (QuestionKind.VERDICT_FAIL, "chat")
    finding = release.step("chat/check-canary").rounds[-1].verdict.findings[0]
    assert (finding.rule, finding.error_type, finding.before) == (Rule.NEW, "Boom", 0)
    assert finding.hosts == ("chat-1",)
    before = len(bot.outside.world.started)

    await bot.answer(QuestionKind.VERDICT_FAIL, "rollback", OTHER)
    release = await bot.run(asked)

    undone = bot.outside.world.started[before:]
    assert [(o.kind, o.component, o.hosts) for o in undone] == [
        (OperationKind.DEPLOY, "chat", ("chat-1", "chat-2", "chat-3")),
        (OperationKind.RESTART, "chat", ("chat-1",)),
    ]
    assert release.rolled_back == ("chat",)
    assert release.open_questions[0].kind is QuestionKind.ROLLED_BACK
    assert bot.outside.world.running["chat", "chat-1"] == "1.0"


async def test_after_a_rollback_the_others_can_go_on(make: Make) -> None:
    """*Go on with the others* finishes what does not depend on the component taken back."""
    bot, _ = await broken(make, release_file())
    await bot.answer(QuestionKind.VERDICT_FAIL, "rollback", OTHER)
    await bot.run(asked)
    await bot.answer(QuestionKind.ROLLED_BACK, "resume")
    release, _ = await answer_all(bot)

    versions = {c: v for (c, _), v in bot.outside.world.running.items()}
    assert release.phase is Phase.DONE
    assert (versions.pop("chat"), set(versions.values())) == ("1.0", {"2.0"})
    kinds = [card.kind for _, card in bot.outside.rooms[LINE].posts]
    assert kinds == ["share", "share", "notice", "notice", "share"]


@pytest.mark.parametrize("allowed", [True, False], ids=["overridden", "unproven"])
async def test_roll_back_without_a_backtest_acts_only_when_overridden(
    make: Make, allowed: bool
) -> None:
    """With the override the countdown rolls back and the journal says so; without it people ask."""
    policy = {"on_fail": "roll_back", "auto_rollback_without_backtest": allowed}
    bot, release = await broken(make, release_file(policy, **SMALL))

    assert ("fact.without_backtest" in await bot.facts()) is allowed
    if not allowed:
        assert [q.kind for q in release.open_questions] == [QuestionKind.VERDICT_FAIL]
        return
    assert [q.kind for q in release.open_questions] == [QuestionKind.COUNTDOWN]
    asked_at = bot.outside.clock.now
    release = await bot.run(ended)
    assert release.phase is Phase.ROLLED_BACK
    assert bot.outside.clock.now - asked_at < timedelta(minutes=1)
    assert bot.outside.rooms[TEAM].posts[-1][1].kind == "result"


async def test_anybody_who_may_abort_stops_the_countdown(make: Make) -> None:
    """*Stop the rollback* leaves the decision to people; nothing goes back by itself."""
    policy = {"on_fail": "roll_back", "auto_rollback_without_backtest": True}
    bot, _ = await broken(make, release_file(policy, **SMALL))
    await bot.answer(QuestionKind.COUNTDOWN, "pause", ADMIN)
    release = await bot.run(asked)

    assert [q.kind for q in release.open_questions] == [QuestionKind.VERDICT_FAIL]
    assert not any(step.undo for step in release.steps)
    assert release.step("chat/check-canary").state is StepState.FAILED


class Counting(Unwatched):
    """Keeps what came to rest."""

    def __init__(self) -> None:
        self.steps: Counter[tuple[str, str]] = Counter()

    def step_ended(self, kind: str, state: str) -> None:
        """One more."""
        self.steps[kind, state] += 1


@pytest.fixture
def loud() -> Iterator[None]:
    """The log of a test says everything."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("loud")
async def test_each_step_that_comes_to_rest_is_counted_and_logged(make: Make) -> None:
    """Every kind of step once; each move is a line of the log that names the release."""
    bot = await make(**SMALL)
    counting = Counting()
    bot.engine.services = replace(bot.services, watch=counting)
    with structlog.testing.capture_logs() as lines:
        await bot.start()
        await bot.run(asked)
        await bot.answer(QuestionKind.GATE, "approve", OTHER)
        await bot.run(ended)

    assert counting.steps == {
        ("announce", "done"): 3,
        ("deploy", "done"): 1,
        ("restart", "done"): 2,
        ("check", "done"): 2,
        ("gate", "done"): 1,
    }
    moves = [line for line in lines if line["event"] == "release_moved"]
    assert {line["release"] for line in moves} == {1}
    assert [line["phase"] for line in moves if "done" in line["facts"]] == ["done"]
    assert any("approved" in line["facts"] for line in moves)
