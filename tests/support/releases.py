"""Releases to test with: the seed's shape, driven by a small pretend world without any clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core import plan
from bot.core.config import (
    Component,
    ConfirmMode,
    MemoryExecutor,
    MemoryLogStore,
    Policy,
    Role,
    Target,
)
from bot.core.effect import Effect, EffectKind
from bot.core.event import (
    Checked,
    Event,
    Happened,
    Order,
    Planned,
    StepProgressed,
    StepStarted,
    StopAnswered,
    TimerRang,
    VersionRead,
)
from bot.core.machine import Outcome, advance, plan_release
from bot.core.operation import HostResult, HostState, Progress, ProgressState, Running
from bot.core.release import Actor, Frozen, Phase, Question, QuestionKind, Release, Step
from bot.core.verb import Verb
from bot.core.verdict.verdict import Finding, Result, Rule, Verdict

T0 = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
HOSTS = ("h1", "h2", "h3", "h4", "h5")
STARTER = Actor(person="mika", name="Mika", role=Role.APPROVER)
APPROVER = Actor(person="ren", name="Ren", role=Role.APPROVER)
OTHER = Actor(person="sora", name="Sora", role=Role.APPROVER)
OPERATOR = Actor(person="yui", name="Yui", role=Role.OPERATOR)
ADMIN = Actor(person="kai", name="Kai", role=Role.ADMIN)
VIEWER = Actor(person="aoi", name="Aoi", role=Role.VIEWER)
SEED = {
    "auth": Component(),
    "profile": Component(depends_on=("auth",)),
    "chat": Component(canary="canary"),
    "media": Component(),
    "push": Component(),
    "search": Component(),
    "gateway": Component(canary="canary"),
}
"""Seven components, two with a canary group, one dependency."""


def target(components: dict[str, Component] | None = None, **fields: object) -> Target:
    """A target of the seed's shape; fields as in release.yml."""
    return Target.model_validate(
        {"rooms": ("room",), "components": components or SEED, "executor": "pmc", **fields}
    )


def release(
    whole: Target | None = None, policy: Policy | None = None, *, may_roll_back: bool = False
) -> Release:
    """A planned release of every component, from 1.0 to 2.0, before its first transition."""
    whole = whole or target()
    running = Running(
        versions=dict.fromkeys(HOSTS, "1.0"), groups={"h1": "canary", "h2": "canary"}
    )
    changes = tuple(plan.change(name, running, "2.0") for name in plan.order(whole))
    steps = plan.steps(whole, changes)
    names = list(whole.components)
    config = Frozen(
        target=whole,
        policies=dict.fromkeys(names, policy or Policy()),
        executors=dict.fromkeys(names, "pmc"),
        executor_configs={"pmc": MemoryExecutor(kind="memory")},
        logs=dict.fromkeys(names, "app"),
        log_configs={"app": MemoryLogStore(kind="memory")},
        time_scale=1.0,
        may_roll_back=may_roll_back,
        digest="d1",
    )
    return Release(
        id=42,
        target="openchat",
        phase=Phase.PLANNED,
        config=config,
        changes=changes,
        steps=steps,
        plan_hash=plan.digest(changes, steps, "d1"),
        seed="seed",
        confirm=whole.confirm,
        home="room",
        started_by=STARTER,
        planned_at=T0,
    )


def verdict(result: Result = Result.PASS, *, at: datetime = T0) -> Verdict:
    """A verdict with the evidence its result needs."""
    found = Finding(rule=Rule.NEW, error_type="Boom", before=0, after=3)
    from bot.core.value import text

    return Verdict(
        result=result,
        findings=(found,) if result is Result.FAIL else (),
        reasons=(text("honesty.no_documents"),) if result is Result.INCONCLUSIVE else (),
        baseline_start=at - timedelta(days=10),
        baseline_end=at,
        observed_start=at,
        observed_end=at + timedelta(minutes=5),
        needed_multiple=2880.0,
    )


class World:
    """Plays hosts and logs for one release: performs effects in due order and jumps the clock."""

    def __init__(self, start: Release) -> None:
        self.now = T0
        self.effects: dict[str, Effect] = {}
        self.performed: list[Effect] = []
        self.happened = [Happened(at=T0, event=Planned(release=start))]
        self.results: dict[str, Result] = {}
        """check step -> the result of its rounds."""
        self.progress: dict[str, Progress] = {}
        """step -> what a look at it answers."""
        self.versions: dict[str, str] | None = None
        self.facts: list[str] = []
        first = plan_release(start, T0)
        self.release = first.release
        self._keep(first)

    def _keep(self, outcome: Outcome) -> None:
        self.release = outcome.release
        self.facts += [f.key for f in outcome.facts]
        for effect in outcome.effects:
            self.effects[effect.key] = effect

    def feed(self, event: Event) -> Outcome:
        """Give an event to the release."""
        outcome = advance(self.release, event, self.now)
        if outcome.refusal is None:
            self.happened.append(Happened(at=self.now, event=event))
            self._keep(outcome)
        return outcome

    def order(self, verb: Verb, actor: Actor = APPROVER, **fields: object) -> Outcome:
        """A person types a verb."""
        return self.feed(Order.model_validate({"verb": verb, "actor": actor, **fields}))

    def click(
        self, question: Question, verb: Verb, actor: Actor = APPROVER, **fields: object
    ) -> Outcome:
        """A person presses a button of a question's card."""
        return self.order(
            verb, actor, nonce=question.nonce, version=question.version, step=question.step, **fields
        )

    def question(self, kind: QuestionKind) -> Question:
        """The open question of a kind."""
        return next(q for q in self.release.open_questions if q.kind is kind)

    def asks(self, kind: QuestionKind) -> bool:
        """Whether such a question is open."""
        return any(q.kind is kind for q in self.release.open_questions)

    def tick(self) -> Effect | None:
        """Perform the next due effect of the world (no timers); None when there is none."""
        kinds = set(EffectKind) - {EffectKind.TIMER}
        due = [e for e in self.effects.values() if e.kind in kinds]
        if not due:
            return None
        effect = min(due, key=lambda e: (e.due, e.key))
        del self.effects[effect.key]
        self.now = max(self.now, effect.due)
        self.performed.append(effect)
        self._perform(effect)
        return effect

    def run(self, limit: int = 2000) -> None:
        """Let the world act until only people can move the release."""
        for _ in range(limit):
            if self.tick() is None:
                return
        msg = "the world does not come to rest"
        raise AssertionError(msg)

    def ring(self, name: str) -> None:
        """Let the first timer of a name ring, at its time."""
        timers = [e for e in self.effects.values() if e.name == name and e.kind is EffectKind.TIMER]
        effect = min(timers, key=lambda e: (e.due, e.key))
        del self.effects[effect.key]
        self.now = max(self.now, effect.due)
        self.feed(
            TimerRang.model_validate(
                {
                    "name": name,
                    "question": effect.question,
                    "step": effect.step,
                    "attempt": effect.attempt,
                    "number": effect.number,
                }
            )
        )

    def _perform(self, effect: Effect) -> None:
        if effect.kind in {EffectKind.SHOW, EffectKind.SHARE}:
            return
        step = self.release.step(effect.step)
        match effect.kind:
            case EffectKind.START:
                self.feed(StepStarted(step=step.id, attempt=effect.attempt, handle="t1"))
            case EffectKind.LOOK:
                answer = self.progress.get(step.id) or self._success(step)
                self.feed(StepProgressed(step=step.id, attempt=effect.attempt, progress=answer))
            case EffectKind.STOP:
                self.feed(
                    StopAnswered(step=step.id, attempt=effect.attempt, accepted=True, detail="")
                )
                self.progress[step.id] = Progress(state=ProgressState.STOPPED)
            case EffectKind.CHECK:
                self._check(step)
            case EffectKind.VERIFY:
                found = self.versions or dict.fromkeys(HOSTS, step.version)
                self.feed(VersionRead(step=step.id, attempt=effect.attempt, versions=found))

    def _check(self, step: Step) -> None:
        result = self.results.get(step.id, Result.PASS)
        self.feed(
            Checked(
                step=step.id,
                round=step.round,
                repeat=step.repeat,
                late=False,
                verdict=verdict(result, at=self.now),
            )
        )

    def _success(self, step: Step) -> Progress:
        change = self.release.change(step.component)
        names = step.only_hosts or change.groups.get(step.group, HOSTS)
        hosts = tuple(HostResult(host=h, state=HostState.SUCCEEDED) for h in names)
        return Progress(state=ProgressState.SUCCEEDED, hosts=hosts)


def started(start: Release | None = None, mode: ConfirmMode = ConfirmMode.GATES) -> World:
    """A world whose release was started, under `gates` unless said otherwise."""
    begun = (start or release()).model_copy(update={"confirm": mode})
    world = World(begun)
    world.click(world.question(QuestionKind.START), Verb.START, STARTER)
    return world
