"""Whole releases under policy `calibrated`: caught on the canary, passed on complete data only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from bot.core.question import QuestionKind
from bot.core.release import Phase, Release, Step, StepState
from bot.core.value import Text
from bot.core.verdict.verdict import Result, Rule
from bot.engine.calibrated import healthy
from tests.engine.conftest import Make
from tests.support.engines import BROKEN, OTHER, SINGLE, SMALL, T0, Bot, Logs, asked, ended
from tests.support.steady_logs import SteadyLogs

pytestmark = pytest.mark.thorough

POLICY: dict[str, Any] = {"comparison": "calibrated", "baseline": "5d"}
CANARY, ALL = "chat/check-canary", "chat/check"
SIX_TIMES = {("WARN", "Slow"): 10.0}
NEW = {("ERROR", "Boom"): 2.0}


async def made(
    make: Make, *, policy: dict[str, Any] | None = None, broken: object = None, **target: Any
) -> tuple[Bot, SteadyLogs]:
    """A bot whose baseline is warm; chat's broken candidate writes more of this."""
    bot = await make(policy={**POLICY, **(policy or {})}, **{**SMALL, **target})
    world = bot.outside.world

    def runs(component: str, host: str) -> str:
        return world.running.get((component, host), "1.9")

    logs = SteadyLogs(T0, runs)
    logs.broken[BROKEN] = cast("dict[tuple[str, str], float]", broken or {})
    bot.outside.logs = cast("Logs", logs)
    await bot.calibration.baselines.keep_warm()
    return bot, logs


def step(release: Release, name: str) -> Step:
    """A step of the release."""
    return release.step(name)


def results(release: Release, name: str) -> list[tuple[int, int, Result, bool]]:
    """Number, repetition, result of each round, and whether the window was still open."""
    rounds = release.step(name).rounds
    return [(r.number, r.repeat, r.verdict.result, bool(r.verdict.open_until)) for r in rounds]


async def test_a_healthy_release_passes_when_the_window_is_over(make: Make) -> None:
    """Rounds 1 and 2 say that nothing was found so far; the last one waits for the window."""
    bot, _ = await made(make)
    await bot.start()
    release = await bot.run(asked)
    assert [q.kind for q in release.open_questions] == [QuestionKind.GATE]
    for_now = (Result.INCONCLUSIVE, True)

    assert results(release, CANARY) == [
        (1, 0, *for_now),
        (2, 0, *for_now),
        (3, 0, *for_now),
        (3, 1, Result.PASS, False),
    ]
    last = step(release, CANARY).rounds[-1].verdict
    slow = next(line for line in last.types if line.error_type == "Slow")
    assert slow.control is not None
    assert slow.low is not None
    assert slow.high is not None
    assert slow.low < 1 < slow.high
    assert slow.limit is not None
    assert 1 < slow.limit < 6
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    release = await bot.run(ended)
    assert release.phase is Phase.DONE
    assert step(release, ALL).result is Result.PASS
    whole = step(release, ALL).rounds[-1].verdict
    assert whole.quiet is not None
    assert all(line.control is None for line in whole.types)


async def test_six_times_a_known_error_is_caught_on_the_canary_before_round_one(make: Make) -> None:
    """A silent look fails the round early; the evidence names canary and control."""
    bot, _ = await made(make, broken=SIX_TIMES)
    await bot.start(f"start openchat chat={BROKEN}")
    release = await bot.run(asked)
    [only] = step(release, CANARY).rounds
    [line] = only.verdict.alarms
    [found] = only.verdict.findings

    assert only.ran_at < only.due
    assert step(release, CANARY).state is StepState.FAILED
    assert [q.kind for q in release.open_questions] == [QuestionKind.VERDICT_FAIL]
    assert (line.key, line.params["type"]) == ("calibrated.canary", "Slow")
    assert (found.rule, found.error_type) == (Rule.RISE, "Slow")
    assert "secret123" not in found.sample
    card = bot.card(f"check:{CANARY}")
    assert line in card.lines
    assert card.table is not None
    assert card.table.rows[0].state == "fail"


async def test_a_new_error_type_is_caught(make: Make) -> None:
    """Never seen in the baseline, and on the canary only."""
    bot, _ = await made(make, broken=NEW)
    await bot.start(f"start openchat chat={BROKEN}")
    release = await bot.run(asked)
    verdict = step(release, CANARY).rounds[-1].verdict

    assert verdict.result is Result.FAIL
    assert [(f.rule, f.error_type, f.hosts) for f in verdict.findings] == [
        (Rule.NEW, "Boom", ("chat-1",))
    ]


async def test_without_a_canary_the_baseline_decides(make: Make) -> None:
    """All hosts at once: six times as many as the baseline expects."""
    bot, _ = await made(make, broken=SIX_TIMES, **SINGLE)
    await bot.start(f"start openchat chat={BROKEN}")
    release = await bot.run(asked)
    [only] = step(release, ALL).rounds

    assert only.ran_at < only.due
    assert [line.key for line in only.verdict.alarms] == ["calibrated.up"]
    assert only.verdict.types[0].control is None
    assert only.verdict.types[0].expected is not None


async def test_under_observe_all_rounds_run_and_report_once(make: Make) -> None:
    """No look ends a round early, and what was reported is not reported again."""
    bot, _ = await made(make, policy={"on_fail": "observe"}, broken=SIX_TIMES, **SINGLE)
    await bot.start(f"start openchat chat={BROKEN}")
    release = await bot.run(ended)
    rounds = step(release, ALL).rounds

    assert [(r.number, r.verdict.result) for r in rounds] == [(n, Result.FAIL) for n in (1, 2, 3)]
    assert [r.ran_at == r.due for r in rounds] == [True, True, True]
    assert [len(r.verdict.findings) for r in rounds] == [1, 0, 0]


async def test_a_cold_baseline_is_inconclusive_with_its_progress(make: Make) -> None:
    """It is repeated, and people are asked; once it was read the check can be made again."""
    bot = await make(policy=POLICY, bot={"patience": 0.0}, **SINGLE)
    logs = SteadyLogs(T0, lambda _component, _host: "2.0")
    bot.outside.logs = cast("Logs", logs)
    await bot.start()
    release = await bot.run(asked)
    reasons = step(release, ALL).rounds[-1].verdict.reasons

    assert [reason.key for reason in reasons] == ["baseline.reading"]
    assert results(release, ALL) == [(1, n, Result.INCONCLUSIVE, False) for n in range(4)]
    await bot.calibration.baselines.keep_warm()
    cast("Any", bot.services.comparisons["calibrated"])._patience = 30.0
    await bot.answer(QuestionKind.INCONCLUSIVE, "check")
    release = await bot.run(ended)
    assert release.phase is Phase.DONE


async def test_a_silent_host_is_no_pass(make: Make) -> None:
    """What every comparison demands holds here as well."""
    bot, logs = await made(make, **SINGLE)
    await bot.start()
    await bot.run(lambda r: r.step(ALL).next_at)
    logs.silent.add("chat-2")
    release = await bot.run(asked)
    reasons = [reason.key for reason in step(release, ALL).rounds[-1].verdict.reasons]

    assert "honesty.silent_hosts" in reasons
    assert step(release, ALL).state is StepState.UNSURE


async def test_a_look_that_cannot_count_says_nothing(make: Make) -> None:
    """The log store fails between two rounds: the round measures, nobody hears of it."""
    bot, logs = await made(make, **SINGLE)
    await bot.start()
    await bot.run(lambda r: r.step(ALL).next_at)
    logs.failures = ["busy", "busy", "busy"]
    release = await bot.run(ended)

    assert logs.failures == []
    assert release.phase is Phase.DONE
    assert not any(
        isinstance(line, Text) and line.key == "honesty.log_store"
        for line in bot.card(f"check:{ALL}").lines
    )


def looks(bot: Bot) -> int:
    """How often logs were compared since the restart."""
    return sum(len(one.windows) == 2 for one in bot.outside.logs.requests)


async def killed(make: Make, bot: Bot, down: timedelta) -> Bot:
    """The process dies, and another one starts after a while."""
    await bot.kill()
    bot.outside.clock.now += down
    second = await make(bot.outside)
    await second.begin()
    return second


async def test_looks_survive_a_kill_and_late_ones_are_left_out(make: Make) -> None:
    """They are rows with due times: after three minutes down the round finds what was missed."""
    bot, _ = await made(make, broken=SIX_TIMES)
    await bot.start(f"start openchat chat={BROKEN}")
    await bot.run(lambda r: r.step(CANARY).next_at)
    before = looks(bot)
    second = await killed(make, bot, timedelta(minutes=4, seconds=30))
    release = await second.run(asked)
    [only] = step(release, CANARY).rounds

    assert before == 0
    assert only.verdict.result is Result.FAIL
    # Of the looks at minutes 1 to 4 only the last one was worth it, or the round itself.
    assert looks(second) <= 2


async def test_two_processes_look_once(make: Make) -> None:
    """Each look and each round is one process's."""
    bot, _ = await made(make, **SINGLE)
    second = await make(bot.outside)
    await second.begin()
    await bot.start()
    while True:
        await asyncio.gather(bot.drain(), second.drain())
        release = await bot.release()
        if not release.live:
            break
        await bot.jump()

    assert results(release, ALL)[-1] == (3, 1, Result.PASS, False)
    minutes = [one.windows[0].end for one in bot.outside.logs.requests if len(one.windows) == 2]
    assert len(minutes) == len(set(minutes)) == 4 + 4 + 4 + 4


async def test_healthy_releases_tell_the_rituals(make: Make) -> None:
    """The largest score of each type in this check of each release that was done."""
    bot, _ = await made(make, policy={"on_fail": "observe"}, broken=SIX_TIMES, **SINGLE)
    await bot.start(f"start openchat chat={BROKEN}")
    await bot.run(ended)
    found = await bot.store.read(partial(healthy, target="openchat", step=ALL))
    other = await bot.store.read(partial(healthy, target="openchat", step="auth/check"))

    assert found["WARN Slow"][0] > 3
    assert other == {}
