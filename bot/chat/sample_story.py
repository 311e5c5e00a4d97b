"""One believable release of the example target, told in its main cards, for eyes and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from bot.core import plan, view
from bot.core.card import Card
from bot.core.config import Component, ConfirmMode, MemoryExecutor, MemoryLogStore, Policy, Target
from bot.core.counts import Window
from bot.core.operation import Running
from bot.core.question import Closed, Question, QuestionKind
from bot.core.release import Actor, Frozen, Phase, Release, Round, Step, StepKind, StepState
from bot.core.verb import Verb
from bot.core.verdict.verdict import Finding, Result, Rule, TypeLine, Verdict
from bot.engine import errors_card
from bot.engine.errors_card import Answer, Line, Shown

AT = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
BEFORE, AFTER = "2026.40.3", "2026.41.0"
COMPONENTS = ("auth", "profile", "media", "search", "push", "chat", "gateway")
CANARIED = frozenset({"chat", "gateway"})
_MINUTE = timedelta(minutes=1)
_TYPES = (
    TypeLine(error_type="SerializationException", before=0, after=37, multiple=None),
    TypeLine(error_type="MessageStoreTimeout", before=50, after=250, multiple=7200.0),
    TypeLine(error_type="PushTokenExpired", before=412, after=3, multiple=10.5),
    TypeLine(error_type="RateLimited", before=96, after=1, multiple=15.0),
    TypeLine(error_type="ConnectionReset", before=133, after=1, multiple=10.8),
)
_SAMPLES = (
    "cannot read field 'threadId' of ChatMessageV2",
    "no answer from store-3 within 800 ms",
    "token of device was refused",
    "429 for room 8812",
    "peer closed the connection",
)


def every() -> Iterator[tuple[str, Card]]:
    """The plan that is agreed to, the board, a promotion, a regression, and the errors."""
    planned = _release(Phase.PLANNED, {})
    start = _question(planned, QuestionKind.START, "", Verb.START, Verb.ABORT)
    yield "main-start", view.question(planned, start, ("taro",))
    running = _running()
    gate = running.open_questions[0]
    yield "main-board", view.board(running, AT, {gate.id: ("Taro", "Hana")})
    yield "main-approval", view.question(running, gate, ("taro",))
    by = Closed(verb="approve", person="taro", name="Taro", surface="line", at=AT + 19 * _MINUTE)
    yield "main-approved", view.question(running, gate.model_copy(update={"closed": by}))
    failed = running.step("chat/check-canary")
    seen = failed.model_copy(update={"state": StepState.FAILED, "rounds": (_round(_regression()),)})
    yield "main-verdict", view.check(running, seen)
    yield "main-errors", errors()


def errors(rows: int = len(_TYPES), samples: tuple[str, ...] = _SAMPLES) -> Card:
    """The answer to `errors since deploy` with so many error types."""
    kinds = [_TYPES[n % len(_TYPES)] for n in range(rows)]
    again = [n // len(_TYPES) for n in range(rows)]
    lines = (
        Line(
            component="chat",
            error_type=kind.error_type + (f"{number + 1}" if number else ""),
            before=kind.before,
            after=kind.after,
            multiple=kind.multiple,
            first_seen=AT + 12 * _MINUTE,
            sample=samples[place % len(samples)],
        )
        for place, (kind, number) in enumerate(zip(kinds, again, strict=True))
    )
    deployed = AT + 10 * _MINUTE
    base = Window(start=deployed - timedelta(days=10), end=deployed)
    window = Window(start=deployed, end=AT + 20 * _MINUTE)
    answer = Answer(component="chat", release=42, lines=tuple(lines), window=window, baseline=base)
    shown = Shown(subject="openchat", zone="Asia/Tokyo")
    return errors_card.card(shown, [answer], top=errors_card.MOST)


def _running() -> Release:
    """Two components are out, the canary of the third waits for its promotion."""
    states = dict.fromkeys(("auth", "profile"), StepState.DONE)
    made = _release(Phase.RUNNING, states)
    done = ("start", "deploy", "restart-canary", "canary", "check-canary")
    steps = [_chat(step, done) if step.component == "chat" else step for step in made.steps]
    made = made.model_copy(update={"steps": tuple(steps), "decisions": 1})
    gate = _question(made, QuestionKind.GATE, "chat/gate", Verb.APPROVE, Verb.REJECT)
    return made.model_copy(update={"questions": (gate,)})


def _chat(step: Step, done: tuple[str, ...]) -> Step:
    name = step.id.partition("/")[2]
    if step.kind is StepKind.GATE:
        return step.model_copy(update={"state": StepState.ASKED})
    return _done(step) if name in done else step


def _done(step: Step) -> Step:
    looks = (_round(_clean()),) if step.kind is StepKind.CHECK else ()
    return step.model_copy(update={"state": StepState.DONE, "rounds": looks, "started_at": AT})


def _release(phase: Phase, states: Mapping[str, StepState]) -> Release:
    """A release in which these components are done and all others wait."""
    names = {n: Component(canary="canary" if n in CANARIED else "") for n in COMPONENTS}
    target = Target(rooms=("release",), components=names, executor="pmc")
    changes = tuple(plan.change(n, _hosts(n), AFTER) for n in plan.order(target))
    planned = plan.steps(target, changes)
    done = {step.id for step in planned if step.component in states}
    return Release(
        id=42,
        target="openchat",
        phase=phase,
        config=Frozen(
            target=target,
            policies=dict.fromkeys(names, Policy()),
            executors=dict.fromkeys(names, "pmc"),
            executor_configs={"pmc": MemoryExecutor(kind="memory")},
            logs=dict.fromkeys(names, "app"),
            log_configs={"app": MemoryLogStore(kind="memory")},
            time_scale=1.0,
            digest="d1",
        ),
        changes=changes,
        steps=tuple(_done(step) if step.id in done else step for step in planned),
        plan_hash=plan.digest(changes, planned, "d1"),
        seed="seed",
        confirm=ConfirmMode.GATES,
        home="release",
        started_by=Actor(person="mina", name="Mina"),
        planned_at=AT,
        begun_at=None if phase is Phase.PLANNED else AT,
    )


def _hosts(name: str) -> Running:
    hosts = tuple(f"{name}-{n}" for n in (1, 2, 3))
    groups = {hosts[0]: "canary"} if name in CANARIED else {}
    return Running(versions=dict.fromkeys(hosts, BEFORE), groups=groups)


def _question(made: Release, kind: QuestionKind, step: str, *choices: Verb) -> Question:
    return Question(
        id=1,
        kind=kind,
        step=step,
        component=step.partition("/")[0],
        version="a1b2c3",
        nonce="00000042",
        asked_at=made.planned_at + 18 * _MINUTE,
        expires_at=made.planned_at + timedelta(hours=4, minutes=18),
        choices=choices,
    )


def _clean() -> Verdict:
    return _verdict(Result.PASS, _TYPES[2:])


def _regression() -> Verdict:
    """The talk's own example among the findings: 50 in ten days, 250 since the deployment."""
    new, rise = _TYPES[:2]
    findings = (
        Finding(
            rule=Rule.NEW, error_type=new.error_type, before=0, after=new.after, sample=_SAMPLES[0]
        ),
        Finding(rule=Rule.RISE, error_type=rise.error_type, before=rise.before, after=rise.after),
    )
    return _verdict(Result.FAIL, _TYPES).model_copy(update={"findings": findings})


def _verdict(result: Result, types: tuple[TypeLine, ...]) -> Verdict:
    return Verdict(
        result=result,
        baseline_start=AT - timedelta(days=10),
        baseline_end=AT,
        observed_start=AT,
        observed_end=AT + 17 * _MINUTE,
        needed_multiple=847.0,
        types=types,
        documents=18_204,
    )


def _round(verdict: Verdict) -> Round:
    ran = verdict.observed_end
    return Round(number=1, repeat=0, due=ran, ran_at=ran, late=False, verdict=verdict)
