"""Executors that fail in every way: told, never hidden, never repeated blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.deploy.http import HttpDeployer
from bot.core.config import HttpExecutor
from bot.core.inbound import Outcome
from bot.core.operation import OperationKind
from bot.core.question import QuestionKind
from bot.core.release import Phase, Release, StepState
from bot.core.verb import Verb
from tests.engine.conftest import Make
from tests.support.deployment_api import DeploymentApi
from tests.support.engines import (
    ADMIN,
    BROKEN,
    HOME,
    OTHER,
    SINGLE,
    SMALL,
    TEAM,
    Bot,
    Outside,
    asked,
    ended,
    release_file,
)


def kinds(release: Release) -> list[QuestionKind]:
    """What people are asked now."""
    return [q.kind for q in release.open_questions]


async def over_http(make: Make, api: DeploymentApi, **target: object) -> tuple[Bot, HttpDeployer]:
    """A bot whose executor is the real one for deployment APIs."""
    config = HttpExecutor(
        kind="http", base_url=api.url, timeout=timedelta(milliseconds=300), retries=0
    )
    outside = Outside(release_file(**{**SINGLE, "monitoring": False, **target}))
    deployer = HttpDeployer(config, credential="", redact=lambda text: text)
    outside.executor = deployer
    return await make(outside), deployer


async def begun(bot: Bot) -> None:
    """Start a release that is not monitored."""
    await bot.say("start openchat 1.2")
    await bot.answer(QuestionKind.START, "start", reason="I know")


@pytest.mark.scenario(49)
async def test_a_start_that_timed_out_but_succeeded_is_adopted(make: Make) -> None:
    """No answer is no failure: the task is found by its key and the API was told once."""
    async with DeploymentApi() as api:
        bot, deployer = await over_http(make, api)
        api.faults.hang_after_accept = True
        await begun(bot)
        release = await bot.run(lambda r: r.step("chat/deploy").handle)
        api.faults.hang_after_accept = False
        release = await bot.run(ended)
        await deployer.close()

    assert release.phase is Phase.DONE
    assert [task.kind for task in api.accepted] == ["deploy", "restart"]


@pytest.mark.scenario(49)
async def test_without_proof_nothing_is_sent_again(make: Make) -> None:
    """A start without an answer that no look finds may still come: people are asked."""
    async with DeploymentApi() as api:
        bot, deployer = await over_http(make, api)
        api.faults.drop_after_accept = api.faults.forget_tasks = True
        await begun(bot)
        release = await bot.run(asked)
        await deployer.close()

    assert kinds(release) == [QuestionKind.STEP_UNSURE]
    assert len(api.accepted) == 1


@pytest.mark.scenario(50)
async def test_an_operation_past_its_deadline_is_told(make: Make) -> None:
    """People may wait, abort or roll back; by itself the operation just goes on."""
    bot = await make(**SINGLE, step_deadline="10m")
    bot.deployer.hold("chat")
    await bot.start()
    release = await bot.run(asked)

    assert kinds(release) == [QuestionKind.OVERDUE]
    assert set(release.open_questions[0].choices) == {Verb.CHECK, Verb.ABORT, Verb.ROLLBACK}
    assert release.step("chat/deploy").state is StepState.RUNNING
    assert release.phase is Phase.RUNNING
    bot.deployer.release("chat")
    release = await bot.run(ended)
    assert release.phase is Phase.DONE
    assert len(bot.outside.calls) == 2


@pytest.mark.scenario(51)
async def test_a_task_that_vanished_is_no_success(make: Make) -> None:
    """The API answers 404 in the middle: the release stands still and asks."""
    async with DeploymentApi() as api:
        bot, deployer = await over_http(make, api)
        api.faults.hold = True
        await begun(bot)
        await bot.run(lambda r: r.step("chat/deploy").hosts)
        api.faults.forget_tasks = True
        release = await bot.run(asked)
        await deployer.close()

    assert kinds(release) == [QuestionKind.STEP_UNSURE]
    assert release.step("chat/deploy").state is StepState.UNSURE
    assert release.step("chat/restart").state is StepState.WAITING


@pytest.mark.scenario(52)
@pytest.mark.parametrize("fault", ["html", "error_body", "status_word"])
async def test_an_answer_that_says_nothing_is_no_success(make: Make, fault: str) -> None:
    """A page, an error with status 200 and an unknown word are unknown; people are asked."""
    async with DeploymentApi() as api:
        bot, deployer = await over_http(make, api)
        api.faults.hold = True
        await begun(bot)
        await bot.run(lambda r: r.step("chat/deploy").hosts)
        setattr(api.faults, fault, "perhaps" if fault == "status_word" else True)
        release = await bot.run(asked)
        await deployer.close()

    assert kinds(release) == [QuestionKind.STEP_UNSURE]
    assert release.phase is Phase.PAUSED
    assert "hunter2" not in release.model_dump_json()


async def test_a_start_answered_with_a_page_is_not_repeated(make: Make) -> None:
    """Bad input from the API: an HTML page to a start may hide anything, so people are asked."""
    async with DeploymentApi() as api:
        bot, deployer = await over_http(make, api)
        await bot.say("start openchat 1.2")
        api.faults.html = True
        await bot.answer(QuestionKind.START, "start", reason="I know")
        release = await bot.run(asked)
        card = bot.card(f"question:{release.open_questions[0].id}")
        await deployer.close()

    assert kinds(release) == [QuestionKind.STEP_UNSURE]
    assert api.accepted == []
    assert card.lines[0] == release.step("chat/deploy").detail


async def test_an_executor_that_is_down_refuses_the_plan(make: Make) -> None:
    """Without knowing what runs there is no plan; the person hears which component and why."""
    bot = await make(**SINGLE)
    bot.deployer.unreachable = True
    reply = await bot.say("start openchat")

    assert reply.outcome is Outcome.REFUSED
    assert reply.card is not None
    assert reply.card.text.key == "plan.unreachable"
    assert reply.card.text.params["component"] == "chat"


@pytest.mark.scenario(53)
async def test_a_partial_success_is_told_by_host_and_taken_back_exactly(make: Make) -> None:
    """Two of three hosts: the promotion is blocked, and the rollback covers those hosts."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    bot.deployer.fail_next("chat", OperationKind.RESTART, ["chat-3"])
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    release = await bot.run(asked)
    step = release.step("chat/restart")
    assert step.detail is not None
    assert (step.detail.params["failed"], step.detail.params["names"]) == (1, "chat-3")
    assert [str(h.state) for h in step.hosts] == ["succeeded", "succeeded", "failed"]
    before = len(bot.outside.world.started)

    await bot.answer(QuestionKind.STEP_FAILED, "rollback", OTHER)
    release = await bot.run(asked)

    assert set(bot.outside.world.running.values()) == {"1.0"}
    assert release.rolled_back == ("chat",)
    assert {o.version for o in bot.outside.world.started[before:]} == {"1.0"}


@pytest.mark.scenario(54)
async def test_a_failed_rollback_is_loud_and_does_not_loop(make: Make) -> None:
    """It is asked about with the manual steps, the locks stay, and nothing is tried again."""
    bot = await make(**SMALL, escalate_to=[ADMIN])
    await bot.start(f"start openchat {BROKEN}")
    await bot.run(asked)
    bot.deployer.fail_next("chat", OperationKind.DEPLOY)
    await bot.answer(QuestionKind.VERDICT_FAIL, "rollback", OTHER)
    release = await bot.run(asked)
    calls = len(bot.outside.calls)
    card = bot.card(f"question:{release.open_questions[0].id}")

    assert kinds(release) == [QuestionKind.ROLLBACK_FAILED]
    assert "1.0" in str(card.lines[0])
    assert len(await bot.real.read(lambda tx: tx.locks())) == 2
    bot.outside.clock.now += timedelta(hours=2)
    await bot.drain()
    assert len(bot.outside.calls) == calls
    escalations = [c for k, c in bot.outside.rooms[HOME].posts if ":reminder:" in k and c.mentions]
    assert [c.mentions for c in escalations] == [(ADMIN,)]


@pytest.mark.scenario(55)
async def test_a_deployment_past_the_bot_suspends_the_verdict(make: Make) -> None:
    """A host runs what nobody released here: no verdict is given, and the room is asked."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(lambda r: r.step("chat/check-canary").state is StepState.RUNNING)
    bot.deployer.set_running("chat", "chat-1", "9.9")
    release = await bot.run(asked)

    assert kinds(release) == [QuestionKind.DRIFT]
    assert release.step("chat/check-canary").rounds == ()
    context = release.open_questions[0].context
    assert context is not None
    assert context.params["found"] == "chat-1: 9.9"


@pytest.mark.scenario(56)
async def test_an_abort_that_cannot_stop_says_so(make: Make) -> None:
    """It is aborting and not aborted while the operation runs; the board says since when."""
    bot = await make(**SINGLE)
    bot.deployer.hold("chat")
    bot.deployer.cannot_stop = True
    await bot.start()
    await bot.run(lambda r: r.step("chat/deploy").handle)
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "abort"), OTHER)
    release = await bot.run(lambda r: r.step("chat/deploy").detail)

    assert release.phase is Phase.ABORTING
    assert "fact.cannot_stop" in await bot.facts()
    line = bot.card("board").lines[0]
    assert not isinstance(line, str)
    begun_at = release.step("chat/deploy").started_at
    assert begun_at is not None
    assert (line.key, line.params["at"]) == ("next.aborting", begun_at.isoformat())
    bot.deployer.release("chat")
    release = await bot.run(ended)
    assert release.phase is Phase.ABORTED


@pytest.mark.scenario(57)
async def test_a_rollback_to_nothing_is_refused(make: Make) -> None:
    """Where the version before is the same one, or nothing changed, the reason is given."""
    bot = await make(**SINGLE)
    await bot.start("start openchat 1.0 only=chat")
    await bot.run(ended)
    bot.outside.file = release_file(**SINGLE, confirm="each_step")
    same = await bot.say("rollback #1 because I say so", OTHER)
    await bot.start("start openchat")
    nothing = await bot.say("rollback #2 because I say so", OTHER)

    assert same.card is not None
    assert nothing.card is not None
    assert same.card.text.key == "refused.same_version"
    assert nothing.card.text.key == "refused.nothing_changed"
    assert same.card.actions == nothing.card.actions == ()
    assert [r.id for r in await bot.live()] == [2]


async def test_an_ended_release_is_taken_back_by_a_linked_one(make: Make) -> None:
    """It has its own number, board and locks, touches the same hosts, and is linked both ways."""
    bot = await make(**SMALL)
    await bot.start()
    await bot.run(asked)
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    await bot.run(ended)
    shown = await bot.say("rollback #1 too slow", OTHER)
    assert shown.card is not None
    reply = await bot.press(shown.card.actions[0], OTHER)
    release = await bot.run(ended, release=2)

    assert (reply.outcome, reply.release) == (Outcome.ACCEPTED, 2)
    assert (release.phase, release.rollback_of) == (Phase.ROLLED_BACK, 1)
    assert (await bot.release()).rolled_back_by == 2
    assert set(bot.outside.world.running.values()) == {"1.0"}
    assert bot.card("board", release=2).state == "rolled_back"
    assert await bot.real.read(lambda tx: tx.locks()) == []
    assert bot.outside.rooms[TEAM].posts[-1][1].release == 2
    history = await bot.say("history")
    assert history.card is not None
    assert history.card.table is not None
    assert [row.cells[2] for row in history.card.table.rows] == ["chat 1.0", "chat 2.0"]


async def test_a_rollback_is_refused_when_something_newer_runs(make: Make) -> None:
    """What is taken back must be what runs; otherwise a newer version would be lost silently."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(ended)
    for number in (1, 2, 3):
        bot.deployer.set_running("chat", f"chat-{number}", "3.0")
    shown = await bot.say("rollback #1 too slow", OTHER)
    assert shown.card is not None
    reply = await bot.press(shown.card.actions[0], OTHER)

    assert reply.card is not None
    assert reply.card.text.key == "refused.not_running"
    assert reply.card.text.params["found"] == "3.0"
    assert await bot.live() == []


@pytest.mark.scenario(35)
async def test_secrets_in_an_executors_words_are_kept_nowhere(make: Make) -> None:
    """Neither the release, nor the journal, nor any room holds the password or the bearer."""
    bot = await make(**SMALL)
    bot.deployer.refuse_next("401 for https://bot:hunter2@pmc/api, bearer abc123def456")
    await bot.start()
    release = await bot.run(asked)
    stored = release.model_dump_json() + "".join(row.body for row in await bot.journal())
    seen = "".join(card.model_dump_json() for _, card in bot.outside.rooms[HOME].shown)

    assert kinds(release) == [QuestionKind.STEP_FAILED]
    assert "401 for" in stored
    for secret in ("hunter2", "abc123def456"):
        assert secret not in stored
        assert secret not in seen


@pytest.mark.scenario(35)
async def test_secrets_in_log_messages_are_not_shown(make: Make) -> None:
    """The sample of a new error type is redacted before it is stored."""
    bot = await make(**SMALL)
    await bot.start(f"start openchat {BROKEN}")
    release = await bot.run(asked)
    errors = await bot.say("errors since deploy")

    assert "it broke" in release.model_dump_json()
    assert "secret123" not in release.model_dump_json()
    assert errors.card is not None
    assert "it broke" in errors.card.model_dump_json()
    assert "secret123" not in errors.card.model_dump_json()


@pytest.mark.scenario(70)
async def test_a_target_without_monitoring_needs_an_acknowledgement(make: Make) -> None:
    """The start says that nothing is watched and is not given without a reason."""
    bot = await make(**SINGLE, monitoring=False)
    await bot.say("start openchat")
    button = await bot.button(QuestionKind.START, "start")
    assert button.confirm is not None
    assert button.confirm.reason

    refused = await bot.press(button)
    assert refused.card is not None
    assert refused.card.text.key == "refused.acknowledge"
    assert (await bot.press(button, reason="a rehearsal")).outcome is Outcome.ACCEPTED
    release = await bot.run(ended)
    assert release.phase is Phase.DONE
    assert not any("check" in step.id for step in release.steps)
