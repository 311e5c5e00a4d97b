"""Releases to test with: the seed's shape, driven by a small pretend world without any clock."""

from __future__ import annotations

from collections.abc import Callable
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
from bot.core.effect import WORLD, Effect, EffectKind
from bot.core.event import (
    Checked,
    Event,
    Happened,
    Order,
    Planned,
    StepNotStarted,
    StepProgressed,
    StepStarted,
    StopAnswered,
    TimerRang,
    VersionRead,
)
from bot.core.machine import Outcome, advance, plan_release
from bot.core.operation import HostResult, HostState, Progress, ProgressState, Running
from bot.core.release import (
    IN_FLIGHT,
    Actor,
    Frozen,
    Phase,
    Question,
    QuestionKind,
    Release,
    Step,
    StepState,
)
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Finding, Result, Rule, Verdict

T0 = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
HOSTS = ("h1", "h2", "h3", "h4", "h5")
CANARY = ("h1", "h2")
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
ONE = {"auth": Component()}
TWO = {"auth": Component(), "media": Component()}
CANARIED = {"chat": Component(canary="canary")}

Watcher = Callable[[Release, Event, Outcome], None]
"""Sees the release before, the event, and what it led to."""


def target(components: dict[str, Component] | None = None, **fields: object) -> Target:
    """A target of the seed's shape; fields as in release.yml."""
    return Target.model_validate(
        {"rooms": ("room",), "components": components or SEED, "executor": "pmc", **fields}
    )


def running(version: str = "1.0", **other: str) -> Running:
    """Five hosts with a version, two of them in the group `canary`; `other`: host -> version."""
    versions = {**dict.fromkeys(HOSTS, version), **other}
    return Running(versions=versions, groups=dict.fromkeys(CANARY, "canary"))


def release(
    whole: Target | None = None, policy: Policy | None = None, *, may_roll_back: bool = False
) -> Release:
    """A planned release of every component, from 1.0 to 2.0, before its first transition."""
    whole = whole or target()
    changes = tuple(plan.change(name, running(), "2.0") for name in plan.order(whole))
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


def hosts(state: HostState = HostState.SUCCEEDED, *names: str) -> tuple[HostResult, ...]:
    """Results of some hosts (all five unless named)."""
    return tuple(HostResult(host=name, state=state) for name in names or HOSTS)


class World:
    """Plays hosts and logs for one release: performs effects in due order and jumps the clock."""

    def __init__(self, start: Release, *watchers: Watcher) -> None:
        self.now = T0
        self.watchers = watchers
        self.effects: dict[str, Effect] = {}
        self.performed: list[Effect] = []
        self.happened = [Happened(at=T0, event=Planned(release=start))]
        self.results: dict[str, Result] = {}
        """check step -> the result of its rounds."""
        self.progress: dict[str, Progress] = {}
        """step -> what a look at it answers."""
        self.refused: dict[str, str] = {}
        """step -> why the executor refuses to start it."""
        self.stops: dict[str, str] = {}
        """step -> why the executor cannot stop it."""
        self.versions: dict[str, str] | None = None
        """What is read back after a rollback; None: what should be."""
        self.facts: list[str] = []
        first = plan_release(start, T0)
        self.release = first.release
        self._keep(first)

    def _keep(self, outcome: Outcome) -> None:
        self.release = outcome.release
        self.facts += [f.key for f in outcome.facts]
        for effect in outcome.effects:
            self.effects[effect.key] = effect
        if not self.release.live:
            asleep = WORLD | {EffectKind.TIMER}
            self.effects = {k: e for k, e in self.effects.items() if e.kind not in asleep}

    def feed(self, event: Event) -> Outcome:
        """Give an event to the release."""
        before = self.release
        outcome = advance(before, event, self.now)
        if outcome.refusal is None:
            self.happened.append(Happened(at=self.now, event=event))
            self._keep(outcome)
        for watcher in self.watchers:
            watcher(before, event, outcome)
        return outcome

    def order(self, verb: Verb, actor: Actor = APPROVER, **fields: object) -> Outcome:
        """A person types a verb."""
        return self.feed(Order.model_validate({"verb": verb, "actor": actor, **fields}))

    def click(
        self, question: Question, verb: Verb, actor: Actor = APPROVER, **fields: object
    ) -> Outcome:
        """A person presses a button of a question's card."""
        wanted = {"step": question.step, "nonce": question.nonce, "version": question.version}
        return self.order(verb, actor, **{**wanted, **fields})

    def question(self, kind: QuestionKind) -> Question:
        """The open question of a kind."""
        return next(q for q in self.release.open_questions if q.kind is kind)

    def asks(self, kind: QuestionKind) -> bool:
        """Whether such a question is open."""
        return any(q.kind is kind for q in self.release.open_questions)

    def phase(self) -> Phase:
        """The phase of the release as it is now."""
        return self.release.phase

    def step(self, step_id: str) -> Step:
        """A step of the release as it is now."""
        return self.release.step(step_id)

    def pending(self, *kinds: EffectKind) -> list[Effect]:
        """The effects of some kinds that are not performed yet, in due order."""
        found = [e for e in self.effects.values() if e.kind in kinds]
        return sorted(found, key=lambda e: (e.due, e.key))

    def done(self, kind: EffectKind) -> list[str]:
        """The steps of the performed effects of a kind, in order."""
        return [e.step for e in self.performed if e.kind is kind]

    def tick(self) -> Effect | None:
        """Perform the next due effect of the world (no timers); None when there is none."""
        due = self.pending(*(set(EffectKind) - {EffectKind.TIMER}))
        if not due:
            return None
        self.perform(due[0])
        return due[0]

    def perform(self, effect: Effect) -> None:
        """Perform one effect, at its time or now."""
        del self.effects[effect.key]
        self.now = max(self.now, effect.due)
        self.performed.append(effect)
        self._perform(effect)

    def run(self, limit: int = 2000) -> None:
        """Let the world act until only people can move the release."""
        for _ in range(limit):
            if self.tick() is None:
                return
        msg = "the world does not come to rest"
        raise AssertionError(msg)

    def until(self, step_id: str, *states: StepState, limit: int = 2000) -> Step:
        """Let the world act until a step is in one of some states (running unless said)."""
        for _ in range(limit):
            step = self.release.find_step(step_id)
            if step is not None and step.state in (states or (StepState.RUNNING,)):
                return step
            if self.tick() is None:
                break
        msg = f"{step_id} does not come so far: {self.release.find_step(step_id)}"
        raise AssertionError(msg)

    def ring(self, name: str) -> None:
        """Let the first timer of a name ring, at its time."""
        effect = next(e for e in self.pending(EffectKind.TIMER) if e.name == name)
        del self.effects[effect.key]
        self.now = max(self.now, effect.due)
        self.feed(timer(effect))

    def _perform(self, effect: Effect) -> None:
        if effect.kind in {EffectKind.SHOW, EffectKind.SHARE}:
            return
        step = self.release.step(effect.step)
        if effect.kind is EffectKind.CHECK:
            if step.state is StepState.RUNNING and step.round == effect.number:
                self.feed(self._checked(step))
        elif step.state in IN_FLIGHT and step.attempt == effect.attempt:
            self.feed(self._answer(effect, step))

    def _answer(self, effect: Effect, step: Step) -> Event:
        about = {"step": step.id, "attempt": effect.attempt}
        match effect.kind:
            case EffectKind.START if step.state is StepState.STOPPING:
                return StepNotStarted.model_validate({**about, "detail": "stopped before"})
            case EffectKind.START if step.id in self.refused:
                return StepNotStarted.model_validate({**about, "detail": self.refused[step.id]})
            case EffectKind.START:
                handle = f"task-{step.id}-{step.attempt}"
                return StepStarted.model_validate({**about, "handle": handle})
            case EffectKind.STOP:
                return self._stop(step)
            case EffectKind.VERIFY:
                found = self.versions or dict.fromkeys(HOSTS, step.version)
                return VersionRead.model_validate({**about, "versions": found})
        answer = self.progress.get(step.id) or self._success(step)
        return StepProgressed.model_validate({**about, "progress": answer})

    def _stop(self, step: Step) -> Event:
        cannot = self.stops.get(step.id, "")
        if not cannot:
            self.progress[step.id] = Progress(state=ProgressState.STOPPED)
        return StopAnswered(step=step.id, attempt=step.attempt, accepted=not cannot, detail=cannot)

    def _checked(self, step: Step) -> Event:
        result = self.results.get(step.id, Result.PASS)
        return Checked(
            step=step.id,
            round=step.round,
            repeat=step.repeat,
            late=False,
            verdict=verdict(result, at=self.now),
        )

    def _success(self, step: Step) -> Progress:
        change = self.release.change(step.component)
        names = step.only_hosts or change.groups.get(step.group, HOSTS)
        return Progress(state=ProgressState.SUCCEEDED, hosts=hosts(HostState.SUCCEEDED, *names))


def timer(effect: Effect) -> TimerRang:
    """The event of a timer that rings."""
    fields = {"name", "question", "step", "attempt", "number"}
    return TimerRang.model_validate(effect.model_dump(include=fields))


def started(start: Release | None = None, mode: ConfirmMode = ConfirmMode.GATES) -> World:
    """A world whose release was started, under `gates` unless said otherwise."""
    begun = (start or release()).model_copy(update={"confirm": mode})
    world = World(begun)
    world.click(world.question(QuestionKind.START), Verb.START, STARTER)
    return world
