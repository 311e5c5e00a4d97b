"""The board: what happens next and when, who is asked and since when, what can be pressed."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from bot.core import button, view
from bot.core.card import Action, Card
from bot.core.config import Component, ConfirmMode, OnFail, Policy
from bot.core.event import Alerted
from bot.core.machine import plan_release
from bot.core.operation import Progress, ProgressState
from bot.core.release import LIVE, Phase, QuestionKind, Rollback, StepState
from bot.core.undo import undo_steps
from bot.core.value import Text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from tests.support.chaos import Chaos, any_release
from tests.support.releases import (
    ADMIN,
    APPROVER,
    CANARIED,
    ONE,
    OPERATOR,
    T0,
    TWO,
    World,
    release,
    started,
    target,
)


def board(world: World, asked: dict[int, tuple[str, ...]] | None = None) -> Card:
    """The board as it is now."""
    return view.board(world.release, world.now, asked)


def keys(card: Card) -> list[str]:
    """The message keys of the card's lines."""
    return [line.key for line in card.lines if isinstance(line, Text)]


def line(card: Card, key: str) -> dict[str, object]:
    """The parameters of the line with this key."""
    return dict(next(x.params for x in card.lines if isinstance(x, Text) and x.key == key))


def verbs(card: Card) -> list[str]:
    """What can be pressed."""
    return [action.verb for action in card.actions]


def cells(card: Card, row: int = 0) -> tuple[Text | str, ...]:
    """The cells of a row of the table."""
    assert card.table is not None
    return card.table.rows[row].cells


def word(cell: Text | str) -> str:
    """The key of a cell, or its text."""
    return cell if isinstance(cell, str) else cell.key


def test_it_says_the_next_round_and_its_time() -> None:
    """Round 2 of 3 at 14:35."""
    world = started(release(target(ONE)))
    while len(world.step("auth/check").rounds) < 1:
        world.tick()

    step = world.step("auth/check")
    assert step.next_at is not None
    assert line(board(world), "next.round") == {
        "round": 2,
        "rounds": 3,
        "at": step.next_at.isoformat(),
        "step": "auth/check",
    }
    assert board(world).state == "baking"


def test_it_says_who_is_asked_since_when_and_until_when() -> None:
    """By name where the names are known, else by role; a long list is cut visibly."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)
    assert gate.expires_at is not None

    named = line(board(world, {gate.id: ("Ren", "Sora")}), "board.asked_until")
    many = line(board(world, {gate.id: ("A", "B", "C", "D", "E", "F")}), "board.asked_until")

    assert named["who"] == "Ren, Sora"
    assert named["at"] == gate.asked_at.isoformat()
    assert named["until"] == gate.expires_at.isoformat()
    assert many["who"] == "A, B, C, D +2"
    assert line(board(world), "board.asked_until")["who"] == "approver"
    assert board(world).state == "waiting_approval"


def test_it_says_what_runs_since_when_and_when_people_are_asked() -> None:
    """An operation has a beginning and a deadline."""
    world = started(release(target(ONE)))
    world.until("auth/deploy")
    began = world.step("auth/deploy").started_at
    assert began is not None

    assert line(board(world), "next.operation") == {
        "step": "auth/deploy",
        "at": began.isoformat(),
        "until": (began + timedelta(minutes=30)).isoformat(),
    }


def test_rounds_are_said_beside_whatever_else_comes_next() -> None:
    """A question about one component does not hide the check of another."""
    world = started(release(target(TWO)), ConfirmMode.EACH_STEP)
    for _ in range(2):
        world.run()
        world.order(Verb.GO, OPERATOR)
    world.until("media/deploy", StepState.ASKED)

    assert keys(board(world))[:2] == ["next.answer", "next.round"]


def test_a_pause_says_who_since_when_and_what_goes_on() -> None:
    """A person by name, a rule by its reason; the next step is to resume."""
    world = started(release(target(ONE)))
    world.until("auth/deploy")
    world.order(Verb.PAUSE, OPERATOR, reason="lunch")

    card = board(world)
    assert keys(card)[0] == "next.resume"
    assert line(card, "board.paused_by")["who"] == "Yui"
    assert line(card, "pause.person")["reason"] == "lunch"
    assert verbs(card) == ["resume", "confirm", "abort"]


def test_what_must_be_answered_comes_before_resuming() -> None:
    """No Resume is offered that would be refused."""
    world = started(release(target(ONE)))
    world.refused["auth/deploy"] = "no"
    world.run()

    card = board(world)
    assert line(card, "next.answer") == {"step": "auth/deploy"}
    assert "resume" not in verbs(card)


def test_a_countdown_says_when_the_rollback_comes() -> None:
    """The bot acts by itself at a moment that everybody can read."""
    policy = Policy(on_fail=OnFail.ROLL_BACK)
    world = started(release(target(ONE), policy, may_roll_back=True))
    world.results["auth/check"] = Result.FAIL
    world.run()
    question = world.question(QuestionKind.COUNTDOWN)
    assert question.act_at is not None

    assert line(board(world), "next.countdown") == {
        "component": "auth",
        "at": question.act_at.isoformat(),
    }


def test_what_cannot_be_stopped_is_said() -> None:
    """Aborting names the operation it waits for, since when, and why it goes on."""
    world = started(release(target(ONE)))
    world.progress["auth/deploy"] = Progress(state=ProgressState.RUNNING)
    world.stops["auth/deploy"] = "no stop here"
    while not world.step("auth/deploy").handle:
        world.tick()
    world.order(Verb.ABORT, OPERATOR)
    while "fact.cannot_stop" not in world.facts:
        world.tick()

    card = board(world)
    assert line(card, "next.aborting")["step"] == "auth/deploy"
    assert line(card, "step.cannot_stop")["detail"] == "no stop here"
    assert verbs(card) == []


def test_a_rollback_says_what_it_waits_for_and_what_comes_next() -> None:
    """First the operation that is stopped, then each undo step; it can be aborted."""
    world = started(release(target(ONE)))
    world.until("auth/restart")
    world.order(Verb.ROLLBACK, APPROVER)
    assert keys(board(world))[0] == "next.rollback_waits"

    world.until("auth/undo-deploy")
    assert line(board(world), "next.rolling_back")["step"] == "auth/undo-deploy"
    assert verbs(board(world)) == ["abort"]


def test_a_failed_rollback_step_waits_for_an_answer() -> None:
    """The question comes first."""
    world = started(release(target(ONE)))
    world.until("auth/check")
    world.order(Verb.ROLLBACK, APPROVER)
    world.refused["auth/undo-deploy"] = "no"
    world.run()

    assert line(board(world), "next.answer")["step"] == "auth/undo-deploy"


@pytest.mark.scenario(69)
def test_clean_rounds_alone_are_no_verdict() -> None:
    """A check under way says its round, a terminated one that it was cancelled; neither a pass."""
    world = started(release(target(ONE)))
    while len(world.step("auth/check").rounds) < 2:
        world.tick()
    running = word(cells(board(world))[3])
    world.order(Verb.ABORT, OPERATOR)

    assert running == "verdict.word.running"
    assert word(cells(board(world))[3]) == "verdict.word.cancelled"


@pytest.mark.parametrize(
    ("result", "on_fail", "said"),
    [
        (Result.PASS, OnFail.ASK, "pass"),
        (Result.FAIL, OnFail.ASK, "fail"),
        (Result.FAIL, OnFail.OBSERVE, "fail"),
        (Result.INCONCLUSIVE, OnFail.ASK, "inconclusive"),
    ],
)
def test_the_verdict_of_a_component_is_the_worst_one(
    result: Result, on_fail: OnFail, said: str
) -> None:
    """Pass only when all checks passed."""
    world = started(release(target(ONE), Policy(on_fail=on_fail)))
    world.results["auth/check"] = result
    world.run()

    assert word(cells(board(world))[3]) == f"verdict.word.{said}"


def test_an_override_stays_on_the_board_for_ever() -> None:
    """Who, what and why, also after the end."""
    world = started(release(target(ONE)))
    world.results["auth/check"] = Result.INCONCLUSIVE
    world.run()
    world.order(Verb.OVERRIDE, ADMIN, reason="logs are down")
    world.run()

    assert world.phase() is Phase.DONE
    assert line(board(world), "board.overridden") == {
        "step": "auth/check",
        "who": "Kai",
        "reason": "logs are down",
        "state": "overridden",
    }
    assert word(cells(board(world))[3]) == "verdict.word.overridden"


def test_rows_say_how_far_each_component_is() -> None:
    """Waiting, a step with its hosts, done, rolled back, left out."""
    world = started(release(target(TWO)))
    assert [word(cells(board(world), n)[2]) for n in (0, 1)] == ["row.step", "row.waiting"]
    world.run()
    assert [word(cells(board(world), n)[2]) for n in (0, 1)] == ["row.done", "row.done"]
    assert cells(board(world))[:2] == ("auth", "1.0 → 2.0")

    back = started(release(target({**ONE, "web": Component(depends_on=("auth",))})))
    back.until("auth/check")
    back.order(Verb.ROLLBACK, APPROVER, component="auth")
    back.run()
    assert [word(cells(board(back), n)[2]) for n in (0, 1)] == ["row.rolled_back", "row.cancelled"]


def test_a_firing_alert_stands_on_the_board() -> None:
    """A resolved one does not."""
    world = started(release(target(ONE)))
    fired = Alerted(component="auth", name="5xx", firing=True, summary="many", fingerprint="f")
    world.feed(fired)
    assert line(board(world), "board.alert")["name"] == "5xx"
    world.feed(fired.model_copy(update={"firing": False}))
    assert "board.alert" not in keys(board(world))


def test_the_board_of_a_rollback_of_an_ended_release() -> None:
    """It has undo steps only, and can be drawn from its first moment."""
    ended = started(release(target(TWO)))
    ended.run()
    old = ended.release
    rollback = Rollback(
        components=("auth", "media"), whole=True, name="Ren", reason="", at=T0, planned=True
    )
    back = old.model_copy(
        update={
            "phase": Phase.ROLLING_BACK,
            "steps": undo_steps(old, ("auth", "media")),
            "rollback": rollback,
            "rollback_of": 41,
            "questions": (),
        }
    )
    now = plan_release(back, T0).release

    card = view.board(now, T0)

    assert [word(row.cells[2]) for row in (card.table.rows if card.table else ())] == [
        "row.waiting",
        "row.step",
    ]
    assert any(name.key == "field.rollback_of" for name, _ in card.fields)


def test_every_button_reads_back_and_is_accepted_by_somebody() -> None:
    """What cards offer is understood, fits a button, and is never stale or senseless."""
    odd = {"refused.voted"}
    seen: set[str] = set()
    for seed in range(40):
        dice = Random(seed)
        world = Chaos(any_release(dice))
        for _ in range(15):
            for _ in range(4):
                world.act(dice, honest=True)
            cards = [
                board(world),
                *(view.question(world.release, q) for q in world.release.open_questions),
            ]
            for action in (a for card in cards for a in card.actions):
                _press(world, action, odd, seen)

    assert len(seen) > 20


def _press(world: World, action: Action, odd: set[str], seen: set[str]) -> None:
    value = button.read(action.value)
    assert value is not None
    if f"{action.verb} {action.label.key} {world.phase()}" in seen:
        return
    seen.add(f"{action.verb} {action.label.key} {world.phase()}")
    whole = action.verb == Verb.ROLLBACK and value.step == "*"
    before, effects, happened = world.release, dict(world.effects), len(world.happened)
    outcome = world.order(
        Verb(action.verb),
        ADMIN,
        step="" if value.step == "*" else value.step,
        component="all" if whole else "",
        nonce=value.nonce,
        version=value.version,
        reason="because" if action.confirm and action.confirm.reason else "",
    )
    world.release, world.effects = before, effects
    del world.happened[happened:]
    waits = outcome.refusal is not None and outcome.refusal.key.startswith("refused.paused")
    assert outcome.refusal is None or waits or outcome.refusal.key in odd


def test_the_buttons_of_an_ended_release_are_gone() -> None:
    """On the board and on every question."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    world.order(Verb.ABORT, OPERATOR)

    assert world.release.phase not in LIVE
    assert board(world).actions == ()
    assert all(not view.question(world.release, q).actions for q in world.release.questions)
