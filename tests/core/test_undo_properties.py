"""Rollbacks against hosts that remember what was done to them."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.config import ConfirmMode
from bot.core.effect import Effect, EffectKind
from bot.core.event import Event, StepProgressed, StepUnsure, VersionRead
from bot.core.operation import HostResult, HostState, Progress, ProgressState
from bot.core.release import OPERATIONS, Phase, QuestionKind, Release, Step, StepKind
from bot.core.verb import Verb
from tests.support.releases import ADMIN, HOSTS, OTHER, SEED, World, release, target

_ANSWERS = {
    QuestionKind.START: (Verb.START,),
    QuestionKind.GO: (Verb.GO, Verb.CONFIRM),
    QuestionKind.GATE: (Verb.APPROVE,),
    QuestionKind.STEP_FAILED: (Verb.RETRY, Verb.RETRY, Verb.SKIP),
    QuestionKind.STEP_UNSURE: (Verb.CHECK, Verb.OVERRIDE),
    QuestionKind.ROLLBACK_FAILED: (Verb.RETRY, Verb.CHECK),
}


class Hosts(World):
    """Hosts that keep what is installed and what runs, and executors that tell the truth."""

    def __init__(self, start: Release, dice: Random) -> None:
        self.dice = dice
        self.installed: dict[tuple[str, str], str] = {}
        self.runs: dict[tuple[str, str], str] = {}
        self.applied: dict[tuple[str, int], set[str]] = {}
        self.touched: dict[StepKind, set[tuple[str, str]]] = {kind: set() for kind in OPERATIONS}
        self.maybe: set[str] = set()
        """Components of which nobody could tell what happened to them."""
        self.kind = False
        """From now on everything works."""
        super().__init__(start)

    def _answer(self, effect: Effect, step: Step) -> Event:
        about = {"step": step.id, "attempt": effect.attempt}
        if effect.kind is EffectKind.VERIFY:
            found = {host: self.runs.get((step.component, host), "1.0") for host in HOSTS}
            return VersionRead.model_validate({**about, "versions": found})
        if effect.kind is EffectKind.START and not self.kind and self.dice.random() < 0.1:
            self.maybe.add(step.component)
            return StepUnsure.model_validate({**about, "detail": "timeout"})
        if effect.kind is not EffectKind.LOOK:
            return super()._answer(effect, step)
        return StepProgressed.model_validate({**about, "progress": self._do(step)})

    def _do(self, step: Step) -> Progress:
        change = self.release.change(step.component)
        names = step.only_hosts or change.groups[step.group]
        luck = 0.0 if self.kind else self.dice.random()
        done = self.applied.setdefault((step.id, step.attempt), set())
        done.update(names if luck < 0.7 else names[: self.dice.randint(0, len(names))])
        for host in done:
            self._apply(step, host)
        if luck > 0.9:
            self.maybe.add(step.component)
            return Progress(state=ProgressState.LOST)
        results = tuple(
            HostResult(host=h, state=HostState.SUCCEEDED if h in done else HostState.UNCHANGED)
            for h in names
        )
        ended = ProgressState.SUCCEEDED if done == set(names) else ProgressState.FAILED
        return Progress(state=ended, hosts=results)

    def _apply(self, step: Step, host: str) -> None:
        place = (step.component, host)
        if not step.undo:
            self.touched[step.kind].add(place)
        if step.kind is StepKind.DEPLOY:
            self.installed[place] = step.version
        else:
            self.runs[place] = self.installed.get(place, "1.0")

    def answer(self) -> None:
        """Somebody answers the oldest open question, if there is one that is answered here."""
        for question in self.release.open_questions:
            verbs = [v for v in _ANSWERS.get(question.kind, ()) if v in question.choices]
            if verbs:
                actor = OTHER if question.kind is QuestionKind.GATE else ADMIN
                self.click(question, self.dice.choice(verbs), actor, reason="because")
                return


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(5, 160))
def test_rollback_restores_exactly_what_changed_in_reverse_order(seed: int, moves: int) -> None:
    """After a confirmed rollback of everything each touched host runs the old version again."""
    dice = Random(seed)
    names = dice.sample(list(SEED), dice.randint(1, 4))
    whole = target({n: SEED[n].model_copy(update={"depends_on": ()}) for n in names}, parallel=2)
    world = Hosts(release(whole).model_copy(update={"confirm": ConfirmMode.GATES}), dice)
    for _ in range(moves):
        if dice.random() < 0.8 and world.pending(*EffectKind):
            world.tick()
        else:
            world.answer()
    if world.order(Verb.ROLLBACK, ADMIN).refusal is not None:
        return
    world.kind = True
    for _ in range(1000):
        if not world.release.live:
            break
        if world.tick() is None:
            world.answer()

    assert world.phase() is Phase.ROLLED_BACK
    assert set(world.runs.values()) <= {"1.0"}
    undone = [s.component for s in world.release.steps if s.kind is StepKind.VERIFY]
    assert undone == [c for c in reversed(whole.components) if c in undone]
    for step in world.release.steps:
        if step.undo and step.kind in OPERATIONS:
            _exact(world, step)


def _exact(world: Hosts, step: Step) -> None:
    """An undo step is for the touched hosts, and for no other where it is known which these are."""
    truly = {host for name, host in world.touched[step.kind] if name == step.component}
    assert truly <= set(step.only_hosts)
    if step.component not in world.maybe:
        assert truly == set(step.only_hosts)
