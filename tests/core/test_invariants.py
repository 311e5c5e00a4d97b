"""What must always hold, as far as the core keeps it; the tests are named after the promises."""

from __future__ import annotations

from bot.core import view
from bot.core.config import ConfirmMode
from bot.core.effect import EffectKind
from bot.core.machine import replay
from bot.core.release import Actor, QuestionKind, StepState
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.verdict import seed2020
from bot.core.verdict.verdict import Result
from tests.support.counted import counted
from tests.support.releases import (
    APPROVER,
    CANARIED,
    ONE,
    OPERATOR,
    OTHER,
    STARTER,
    VIEWER,
    release,
    started,
    target,
)


def test_one_decision_one_effect() -> None:
    """However often a Go is clicked, by whomever, one start leaves under one key."""
    world = started(release(target(ONE)), ConfirmMode.EACH_STEP)
    world.run()
    go = world.question(QuestionKind.GO)
    outcomes = [world.click(go, Verb.GO, who) for who in (OPERATOR, OPERATOR, OTHER)]
    keys = [e.key for o in outcomes for e in o.effects if e.kind is EffectKind.START]

    assert keys == ["start:auth/deploy:1"]
    assert [o.refused_as for o in outcomes] == ["", "decided", "decided"]


def test_a_journal_leads_to_where_the_release_was() -> None:
    """After any number of events the stored journal rebuilds the same release."""
    world = started(release(target(CANARIED)))
    world.results["chat/check-canary"] = Result.INCONCLUSIVE
    for _ in range(60):
        assert replay(tuple(world.happened)) == world.release
        if world.tick() is None:
            break

    assert world.asks(QuestionKind.INCONCLUSIVE)


def test_no_click_is_silent() -> None:
    """Accepted, already decided by X, not allowed because Y, or expired."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)

    not_allowed = world.click(gate, Verb.APPROVE, STARTER)
    accepted = world.click(gate, Verb.APPROVE, APPROVER)
    decided = world.click(gate, Verb.APPROVE, OTHER)
    world.order(Verb.ABORT, OPERATOR)
    world.run()
    expired = world.click(gate, Verb.APPROVE, OTHER)

    assert [o.refused_as for o in (not_allowed, accepted, decided, expired)] == [
        "refused",
        "",
        "decided",
        "expired",
    ]
    assert decided.refusal is not None
    assert decided.refusal.params["who"] == "Ren"


def test_authority_fails_closed() -> None:
    """Without a known person, or with a role that does not suffice, nothing moves."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    gate, before = world.question(QuestionKind.GATE), world.release
    nobody = Actor(person="", name="Kai", role=APPROVER.role)

    for who in (nobody, VIEWER):
        assert world.click(gate, Verb.APPROVE, who).refusal is not None
    assert world.release is before


def test_a_verdict_says_pass_only_on_complete_data() -> None:
    """The same clean counts pass when complete, and are inconclusive with any gap."""
    gap = text("gap.unfinished", file="app.log", error="timeout")

    assert seed2020.judge(counted({}, {})).result is Result.PASS
    assert seed2020.judge(counted({}, {}), reasons=(gap,)).result is Result.INCONCLUSIVE


def test_text_from_people_is_data() -> None:
    """A reason is a parameter: no template is made of it."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    world.click(world.question(QuestionKind.GATE), Verb.REJECT, APPROVER, reason="{who} <!channel>")

    context = world.question(QuestionKind.REJECTED).context
    assert context == text("question.rejected", who="Ren", reason="{who} <!channel>")


def test_the_rooms_stay_quiet() -> None:
    """One board is brought up to date in place; a question mentions people until it is decided."""
    world = started(release(target(CANARIED)))
    world.until("chat/gate", StepState.ASKED)
    gate = world.question(QuestionKind.GATE)
    first = view.question(world.release, gate, ("ren",))
    world.click(gate, Verb.APPROVE, APPROVER)
    world.run()
    after = view.question(world.release, world.release.questions[gate.id - 1], ("ren",))

    slots = {e.slot for e in world.performed if e.kind is EffectKind.SHOW}
    assert {s for s in slots if s.startswith("board")} == {"board"}
    assert first.mentions == ("ren",)
    assert after.mentions == ()
