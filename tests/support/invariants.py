"""What must hold after every transition of a release, checked one transition at a time."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core import access, flow
from bot.core.config import ConfirmMode
from bot.core.effect import Effect, EffectKind
from bot.core.event import Event, Linked, Order
from bot.core.machine import Outcome
from bot.core.question import STANDING
from bot.core.release import (
    IN_FLIGHT,
    OPERATIONS,
    Phase,
    QuestionKind,
    Release,
    Step,
    StepKind,
    StepState,
)
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from bot.core.view.check import check_word

_AT_REST = frozenset({Phase.PLANNED, Phase.PAUSED, Phase.ABORTING})


class Monitor:
    """Watches one release; raises AssertionError with a name at the first broken promise."""

    def __init__(self) -> None:
        self.started: set[str] = set()
        self.allowed: set[str] = set()
        """Operations that a person let begin, and that did not begin yet."""
        self.aborted = False
        self.decisions = 0

    def __call__(self, before: Release, event: Event, outcome: Outcome) -> None:
        """Check one transition."""
        after = outcome.release
        if isinstance(event, Order):
            told = outcome.refusal is not None or any(f.key == "fact.order" for f in outcome.facts)
            assert told, "no click is silent"
        if outcome.refusal is not None:
            assert after is before, "a refused order leaves the release unchanged"
            assert not outcome.effects, "a refused order has no effects"
            return
        if not before.live:
            self._absorbed(before, event, outcome)
            return
        if isinstance(event, Order):
            self._decided(before, event, after)
        for effect in outcome.effects:
            self._left(effect, after)
        self.aborted = self.aborted or after.phase is Phase.ABORTING
        state(after)
        assert after.decisions == self.decisions, "each accepted decision counts once"

    def _absorbed(self, before: Release, event: Event, outcome: Outcome) -> None:
        if isinstance(event, Linked):
            return
        assert outcome.release == before, "a terminal phase absorbs everything"
        assert not outcome.effects, "nothing leaves a release that has ended"

    def _decided(self, before: Release, event: Order, after: Release) -> None:
        self.decisions += event.verb is not Verb.NOTE
        answered = [q for q in before.open_questions if after.questions[q.id - 1] != q]
        if event.verb is Verb.APPROVE:
            self._approved(before, event, after)
        for question in answered:
            if question.step and event.verb in {Verb.GO, Verb.RETRY, Verb.CONFIRM}:
                self.allowed.add(question.step)

    def _approved(self, before: Release, event: Order, after: Release) -> None:
        target, person = before.config.target, event.actor.person
        voted = [q for q in before.open_questions if after.questions[q.id - 1].votes != q.votes]
        gates = [q for q in voted if q.kind is QuestionKind.GATE]
        assert gates == voted, "an approval is the answer to a gate"
        own = person == before.started_by.person and not target.self_approval
        assert not own, "the starter never approves"
        for gate in gates:
            rank = access.effective(event.actor, gate.component).rank
            assert rank >= access.NEEDED[Verb.APPROVE].rank, "only approvers approve"
            votes = after.questions[gate.id - 1].votes
            assert len({v.person for v in votes}) == len(votes), "one person has one vote"
            passed = after.step(gate.step).state is StepState.DONE
            assert passed == (len(votes) >= gate.needed), "a gate opens with enough votes only"
            behind = [s.id for s in after.steps if gate.step in s.needs]
            self.allowed.update(behind if passed else ())

    def _left(self, effect: Effect, after: Release) -> None:
        if effect.kind not in {EffectKind.START, EffectKind.VERIFY} or effect.name == "find":
            return
        assert not self.aborted, "nothing is started after an abort"
        assert effect.key not in self.started, "no step is started twice with one attempt"
        self.started.add(effect.key)
        assert after.phase not in _AT_REST, "nothing begins while the release stands still"
        step = after.step(effect.step)
        assert step.undo == (after.phase is Phase.ROLLING_BACK), "undo steps run in rollbacks only"
        if effect.kind is EffectKind.START and not step.undo:
            asked = after.confirm is ConfirmMode.GATES or step.id in self.allowed
            assert asked, "each_step: no operation without a Go"
        self.allowed.discard(step.id)


def state(release: Release) -> None:
    """Check what must hold in every state."""
    flying = [s.component for s in _flying(release) if s.kind in OPERATIONS]
    assert len(flying) == len(set(flying)), "one operation at a time for a component"
    assert len(flow.places(release)) <= release.config.target.parallel, "parallel is kept"
    questions = release.open_questions
    assert len({q.nonce for q in release.questions}) == len(release.questions), "nonces differ"
    subjects = [
        (q.kind, q.step, q.component) for q in questions if q.kind is not QuestionKind.ALERT
    ]
    assert len(subjects) == len(set(subjects)), "nothing is asked twice at once"
    if release.phase is Phase.RUNNING:
        assert not [q for q in questions if q.kind in STANDING], "an open matter pauses the release"
    if not release.live:
        assert not questions, "an ended release asks nothing"
        assert not [s for s in _flying(release) if s.kind in OPERATIONS], "nothing runs on unseen"
        assert release.ended_at is not None, "an ended release has its end"
    assert (release.pause is not None) == (release.phase is Phase.PAUSED), "a pause has a reason"
    for step in release.steps:
        _step(release, step)


def _step(release: Release, step: Step) -> None:
    if step.kind is StepKind.CHECK and check_word(step) == Result.PASS:
        rounds = release.config.policies[step.component].rounds
        latest = {r.number: r.verdict.result for r in step.rounds}
        passed = [number for number, result in latest.items() if result is Result.PASS]
        assert passed == list(range(1, rounds + 1)), "pass only when all rounds passed"
    if step.state is StepState.ASKED:
        asked = [q for q in release.open_questions if q.step == step.id]
        assert asked, "what is asked has an open question"
    begun = step.state not in {StepState.WAITING, StepState.CANCELLED}
    if begun and not step.undo:
        waiting = [n for n in step.needs if release.step(n).state is StepState.WAITING]
        assert not waiting, "no step begins before what it needs"


def _flying(release: Release) -> Iterator[Step]:
    return (s for s in release.steps if s.state in IN_FLIGHT)


def stuck(release: Release, pending: list[Effect]) -> str:
    """Why nothing but an abort can move this release any more; empty when something can."""
    if not release.live:
        return ""
    for step in _flying(release):
        if not any(_serves(effect, step) for effect in pending):
            return f"{step.id} is {step.state} and nothing looks at it"
    if any(True for _ in _flying(release)):
        return ""
    if release.phase is Phase.ABORTING:
        return "aborting, but nothing is in flight"
    if any(q.choices for q in release.open_questions) or release.phase is Phase.PAUSED:
        return ""
    return f"{release.phase}: nothing runs and nobody is asked"


_SERVES = {
    StepKind.CHECK: {EffectKind.CHECK},
    StepKind.VERIFY: {EffectKind.VERIFY},
    StepKind.DEPLOY: {EffectKind.START, EffectKind.LOOK},
    StepKind.RESTART: {EffectKind.START, EffectKind.LOOK},
}


def _serves(effect: Effect, step: Step) -> bool:
    if effect.step != step.id or effect.attempt != step.attempt:
        return False
    if effect.kind not in _SERVES.get(step.kind, ()):
        return False
    return step.kind is not StepKind.CHECK or effect.number == step.round
