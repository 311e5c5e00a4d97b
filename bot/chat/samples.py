"""Sample cards: every kind of card in every state, and texts that would do harm as markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.chat import sample_story
from bot.core import intent, plan, view
from bot.core.card import Action, Card, Chart, Confirm, Row, Series, Style, Table
from bot.core.command import Misunderstood
from bot.core.config import Component, MemoryExecutor, MemoryLogStore, Policy, Target
from bot.core.inbound import Outcome
from bot.core.operation import Running
from bot.core.question import Closed, Question, QuestionKind
from bot.core.release import (
    Actor,
    Frozen,
    Override,
    Pause,
    Phase,
    Release,
    Rollback,
    Round,
    Step,
    StepKind,
    StepState,
)
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Finding, Result, Rule, TypeLine, Verdict
from bot.engine import cards

AT = datetime(2026, 8, 6, 12, 0, tzinfo=UTC)
SIZES = (0, 1, 7, 100)
"""Components that a release changes."""
ROWS = (0, 7, 100)
"""Rows of a table."""
HOSTS = ("h1", "h2", "h3")
HOSTILE = (
    "",
    " ",
    "x" * 50_000,
    "\N{PILE OF POO}" * 3000,
    "\N{ROCKET}" * 400 + "\N{ZERO WIDTH JOINER}",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe \u2066abc\u2069 \u0645\u0631\u062d\u0628\u0627 " * 200,
    "<!channel> <@U123> &lt;!here&gt; *bold* _it_ `code` https://evil.example/a?b=c @here",
    "{m0} }{ {{x}} {everyone}",
    "\x00\x07\n\n\t\r\x1b[31m",
    "\ud800 lone \udfff",
    "\u65e5\u672c\u8a9e" * 300,
    "\u0e01\u0e33\u0e25\u0e31\u0e07" * 400,
)
"""Texts of logs, commits and people."""
_CHOICES = {
    QuestionKind.START: (Verb.START, Verb.ABORT),
    QuestionKind.GO: (Verb.GO, Verb.ABORT),
    QuestionKind.GATE: (Verb.APPROVE, Verb.REJECT),
    QuestionKind.COUNTDOWN: (Verb.PAUSE, Verb.ROLLBACK),
    QuestionKind.ROLLED_BACK: (Verb.RESUME, Verb.ABORT),
}
_USUAL = (Verb.CHECK, Verb.RETRY, Verb.SKIP, Verb.OVERRIDE, Verb.ROLLBACK, Verb.ABORT)


def release(count: int = 7, phase: Phase = Phase.RUNNING) -> Release:
    """A release of so many components; its steps stand in all states, one after the other."""
    names = {f"component-{n:03}": Component(canary="canary" if n % 3 else "") for n in range(count)}
    target = Target(rooms=("room",), components=names, executor="pmc")
    before = Running(versions=dict.fromkeys(HOSTS, "1.0"), groups={HOSTS[0]: "canary"})
    changes = tuple(plan.change(name, before, "2.0") for name in plan.order(target))
    planned = plan.steps(target, changes)
    ended = phase in {Phase.DONE, Phase.ABORTED, Phase.ROLLED_BACK, Phase.FAILED}
    back = tuple(list(names)[:2]) if phase is Phase.ROLLED_BACK else ()
    made = Release(
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
        steps=tuple(_step(step, phase, place) for place, step in enumerate(planned)),
        plan_hash=plan.digest(changes, planned, "d1"),
        seed="seed",
        confirm=target.confirm,
        home="room",
        started_by=Actor(person="mika", name="Mika"),
        planned_at=AT,
        begun_at=None if phase is Phase.PLANNED else AT,
        ended_at=AT + timedelta(minutes=30) if ended else None,
        pause=_pauses()[1] if phase is Phase.PAUSED else None,
        pauses=_pauses() if phase is Phase.PAUSED else (),
        rollback=_rollback(tuple(names)) if phase is Phase.ROLLING_BACK else None,
        rolled_back=back,
    )
    return made.model_copy(update={"questions": tuple(_questions(made))})


def _unchanged() -> Release:
    """A release whose components run what they should already."""
    made = release(1, Phase.PLANNED)
    left = tuple(change.component for change in made.changes)
    return made.model_copy(update={"changes": (), "steps": (), "left_out": left})


def _pauses() -> tuple[Pause, ...]:
    why = text("said.line", line="lunch")
    return (Pause(reason=why, at=AT), Pause(reason=why, name="Ren", at=AT))


def _rollback(names: tuple[str, ...]) -> Rollback:
    return Rollback(components=names, whole=True, name="Ren", reason="slow", at=AT)


def _step(step: Step, phase: Phase, place: int) -> Step:
    if phase is Phase.PLANNED:
        return step
    states = [StepState.DONE] if phase is Phase.DONE else list(StepState)
    state = states[place % len(states)]
    waved = state in {StepState.SKIPPED, StepState.OVERRIDDEN}
    began = state not in {StepState.WAITING, StepState.ASKED, StepState.CANCELLED}
    result = list(Result)[place % 3] if phase is not Phase.DONE else Result.PASS
    seen = _calibrated(_round(result)) if step.group == "canary" else _round(result)
    looks = (seen,) if step.kind is StepKind.CHECK and began else ()
    given = Override(person="kai", name="Kai", reason="known", at=AT) if waved else None
    fields = {"state": state, "rounds": looks, "override": given, "round": len(looks) + 1}
    return step.model_copy(update=fields | ({"started_at": AT} if began else {}))


def _round(result: Result) -> Round:
    finding = Finding(rule=Rule.NEW, error_type="Boom", before=0, after=3, sample=HOSTILE[6])
    line = TypeLine(error_type="Boom", before=0, after=3, multiple=None)
    found = Verdict(
        result=result,
        findings=(finding,) if result is Result.FAIL else (),
        reasons=(text("honesty.no_documents"),) if result is Result.INCONCLUSIVE else (),
        baseline_start=AT - timedelta(days=10),
        baseline_end=AT,
        observed_start=AT,
        observed_end=AT + timedelta(minutes=5),
        needed_multiple=2880.0,
        types=(line,) if result is Result.FAIL else (),
    )
    return Round(number=1, repeat=0, due=AT, ran_at=AT, late=False, verdict=found)


def _calibrated(seen: Round) -> Round:
    """The same as policy `calibrated` says it, with everything that it can say."""
    failed = seen.verdict.result is Result.FAIL
    name = HOSTILE[6][:60]
    line = TypeLine(
        error_type=name,
        before=40,
        after=61,
        multiple=4.2,
        expected=14.5,
        low=2.9,
        high=6.1,
        limit=2.1,
        control=120,
    )
    up = text("calibrated.canary", type=name, ratio=4.2, seen=61, mean=14.5, control=120, after=4)
    changed = {
        "comparison": "calibrated",
        "alarms": (up,) if failed else (),
        "watch": (text("calibrated.common", factor=1.8),),
        "quiet": text(
            "calibrated.quiet_canary", count=37, largest=1.3, limit=2.1, type=name, rare=9.0
        ),
        "types": (line, *seen.verdict.types),
    }
    return seen.model_copy(update={"verdict": seen.verdict.model_copy(update=changed)})


def _questions(made: Release) -> Iterator[Question]:
    """Each kind of question: open, answered with a reason, and expired."""
    step = next(s for s in made.steps if s.kind is StepKind.RESTART)
    answered = Closed(
        verb="reject", person="ren", name="Ren", surface="slack", reason=HOSTILE[6], at=AT
    )
    number = 0
    for kind in QuestionKind:
        for closed in (None, answered, Closed(verb="expired", at=AT)):
            number += 1
            yield Question(
                id=number,
                kind=kind,
                step="" if kind is QuestionKind.START else step.id,
                component="" if kind is QuestionKind.START else step.component,
                version="a1b2c3",
                nonce=f"{number:08}",
                asked_at=AT,
                expires_at=AT + timedelta(hours=1),
                choices=_CHOICES.get(kind, _USUAL),
                closed=closed,
            )


def of_release(made: Release) -> Iterator[tuple[str, Card]]:
    """Every card that a release has as it is, with a name for each."""
    yield "board", view.board(made, AT)
    for question in made.questions:
        state = question.closed.verb if question.closed else "open"
        yield f"question-{question.kind}-{state}", view.question(made, question, ("ren",))
    asked = made.questions[0]
    for last in (False, True):
        reminder = view.reminder(made, asked, last=last, mentions=("ren",) if last else ())
        yield f"reminder-{'last' if last else 'first'}", reminder
    for question in made.questions[2:6:3]:
        yield f"expired-{question.kind}", view.expired(made, question)
    for place, pause in enumerate(made.pauses):
        yield f"pause-{place + 1}", view.paused(made, pause)
    for step in made.steps[:20]:
        yield from _of_step(made, step)
    if made.rollback or made.rolled_back:
        yield "rollback", view.rollback(made)
    if not made.live:
        yield "result", view.result(made)


def _of_step(made: Release, step: Step) -> Iterator[tuple[str, Card]]:
    if step.kind is StepKind.CHECK:
        yield f"check-{step.number}-{step.state}", view.check(made, step)
    if step.kind is StepKind.ANNOUNCE:
        yield f"share-{step.number}-{step.group}", view.share(made, step, digest=False)
        yield f"digest-{step.number}-{step.group}", view.share(made, step, digest=True)
    if step.override:
        yield f"override-{step.number}-{step.state}", view.override(made, step)


def hostile(word: str, rows: int = 7) -> Card:
    """A card in which everything that people or logs may say is this."""
    said = text("said.line", line=word)
    act = Action(verb="approve", label=said, value="v1|1|a/gate|abc|def")
    ask = Confirm(title=said, body=said)
    return Card(
        kind="verdict",
        release=42,
        title=said,
        text=said,
        state="fail",
        lines=(word, said, text("hint.try", line=word)),
        fields=((said, word),),
        table=Table(
            caption=said,
            header=(said, text("column.step")),
            rows=tuple(Row(cells=(f"{n}{word}", said), state="new") for n in range(rows)),
        ),
        chart=Chart(
            title=said,
            categories=tuple(f"{word}{n}" for n in range(rows)),
            series=(Series(name=said, values=tuple(float(n) for n in range(rows))),),
        ),
        actions=(act, act.model_copy(update={"style": Style.DANGER, "confirm": ask})),
        footer=word,
    )


def private() -> Iterator[tuple[str, Card]]:
    """What one person is told: refusals, and lines that a button says."""
    for outcome in (Outcome.REFUSED, Outcome.DECIDED, Outcome.EXPIRED):
        card = cards.refused(text("refused.stale"), outcome).card
        if card is not None:
            yield f"refusal-{outcome}", card
    names = intent.Names(targets={"openchat": ("chat",)})
    for place, line in enumerate(("start", "strat openchat", "reject #1", "x" * 500)):
        meant = intent.parse(line, wake=intent.Wake(required=False), names=names)
        answer = cards.misunderstood(meant).card if isinstance(meant, Misunderstood) else None
        if answer is not None:
            yield f"misunderstood-{place + 1}", answer
    yield "notice", cards.notice(Text(key="draft.kept"))


def every() -> Iterator[tuple[str, Card]]:
    """Every sample, each with a name of its own."""
    for phase in Phase:
        for name, card in of_release(release(phase=phase)):
            yield f"{phase}-{name}", card
    for count in SIZES:
        made = release(count, Phase.PLANNED) if count else _unchanged()
        yield f"size-{count}-board", view.board(made, AT)
        yield f"size-{count}-question", view.question(made, made.questions[0], ("ren",))
    for place, word in enumerate(HOSTILE):
        yield f"hostile-{place}", hostile(word, ROWS[place % len(ROWS)])
    for rows in ROWS:
        yield f"errors-{rows}", sample_story.errors(rows, HOSTILE[5:8])
    yield from private()
    yield from sample_story.every()
