"""The state machine: (release, event, now) -> (release, effects), or a refusal that explains."""

from __future__ import annotations

from datetime import datetime

from bot.core import checks, flow, orders, outcome
from bot.core.config.policy import OnAlert
from bot.core.deeds import by
from bot.core.effect import Effect, EffectKind
from bot.core.event import (
    Alerted,
    Checked,
    Drifted,
    Event,
    Happened,
    Linked,
    Order,
    Planned,
    Replanned,
    StepNotStarted,
    StepProgressed,
    StepStarted,
    StepUnsure,
    StopAnswered,
    TimerRang,
    VersionRead,
)
from bot.core.question import Closed, Question, QuestionKind
from bot.core.release import Alert, Phase, Release, StepState
from bot.core.turn import RefusalError, Turn
from bot.core.value import Text, Value, text
from bot.core.verb import Verb


class Outcome(Value):
    """What one event led to."""

    release: Release
    effects: tuple[Effect, ...] = ()
    facts: tuple[Text, ...] = ()
    """What the journal says about it."""
    refusal: Text | None = None
    """Why an order was not carried out; release is unchanged then."""
    refused_as: str = ""
    """A word of `bot.core.inbound.Outcome`: refused, decided, expired."""


def plan_release(release: Release, now: datetime) -> Outcome:
    """The first transition: a release comes into being and asks whether to start.

    A rollback of a finished release begins at once: asking came before it.
    """
    turn = Turn(release, now)
    turn.fact("fact.planned", target=release.target, steps=len(release.steps))
    if release.phase is Phase.PLANNED:
        _ask_start(turn)
    flow.settle(turn)
    return _outcome(turn)


def advance(release: Release, event: Event, now: datetime) -> Outcome:
    """Move a release by one event. Total: no event in any phase raises.

    An order that may not be carried out returns the release as it was, with the refusal; a fact
    of the world that is no longer of interest changes nothing.
    """
    turn = Turn(release, now)
    try:
        _dispatch(turn, event)
    except RefusalError as refusal:
        return Outcome(release=release, refusal=refusal.why, refused_as=refusal.outcome)
    if turn.release is release and not turn.effects:
        return Outcome(release=release, facts=tuple(turn.facts))
    flow.settle(turn)
    return _outcome(turn)


def replay(happened: tuple[Happened, ...]) -> Release:
    """The release that a journal tells of. Raises ValueError when its beginning is missing."""
    if not happened or not isinstance(happened[0].event, Planned):
        msg = "a journal begins with the event `planned`"
        raise ValueError(msg)
    release = plan_release(happened[0].event.release, happened[0].at).release
    for item in happened[1:]:
        release = advance(release, item.event, item.at).release
    return release


def _outcome(turn: Turn) -> Outcome:
    turn.show("board")
    return Outcome(release=turn.release, effects=tuple(turn.effects), facts=tuple(turn.facts))


def _dispatch(turn: Turn, event: Event) -> None:  # noqa: C901, PLR0912 - one line a kind of event
    if not turn.release.live and not isinstance(event, (Order, Linked)):
        return
    match event:
        case Order():
            orders.order(turn, event)
        case StepStarted():
            outcome.started(turn, event)
        case StepNotStarted():
            outcome.not_started(turn, event)
        case StepProgressed():
            outcome.progressed(turn, event)
        case StepUnsure():
            outcome.unsure(turn, event)
        case StopAnswered():
            outcome.stop_answered(turn, event)
        case VersionRead():
            outcome.version_read(turn, event)
        case Checked():
            checks.checked(turn, event)
        case Drifted():
            if turn.release.phase in {Phase.RUNNING, Phase.PAUSED}:
                checks.drifted(turn, event.component, event.expected, event.found)
        case TimerRang():
            _timer(turn, event)
        case Alerted():
            _alerted(turn, event)
        case Replanned():
            _replanned(turn, event)
        case Linked() if not turn.release.live:
            turn.set(rolled_back_by=event.release)
        case Planned() | Linked():
            pass


def _ask_start(turn: Turn) -> None:
    needed = turn.release.config.target.start_approvals
    turn.ask(
        QuestionKind.START,
        (Verb.START, Verb.ABORT),
        needed=needed,
        context=turn.release.difference,
    )


def _replanned(turn: Turn, event: Replanned) -> None:
    if turn.release.phase is not Phase.PLANNED:
        raise RefusalError(text("refused.phase", phase=str(turn.release.phase)))
    turn.supersede()
    turn.set(
        config=event.config,
        changes=event.changes,
        left_out=event.left_out,
        unwanted=event.unwanted,
        steps=event.steps,
        plan_hash=event.plan_hash,
        difference=event.difference,
    )
    turn.fact("fact.replanned", **by(event.actor.name, event.actor.surface))
    _ask_start(turn)


def _timer(turn: Turn, event: TimerRang) -> None:
    if event.name == "deadline":
        outcome.overdue(turn, event.step, event.attempt, event.number)
        return
    question = next((q for q in turn.release.open_questions if q.id == event.question), None)
    if question is None:
        return
    match event.name:
        case "reminder":
            turn.replace_question(question.model_copy(update={"reminded": event.number}))
            turn.emit(
                EffectKind.SHOW,
                f"show:reminder:{question.id}:{event.number}",
                slot=f"reminder:{question.id}:{event.number}",
                question=question.id,
            )
        case "expiry":
            _expire(turn, question)
        case "countdown" if question.kind is QuestionKind.COUNTDOWN:
            _count_down(turn, question)


def _count_down(turn: Turn, question: Question) -> None:
    """The countdown ended; while another component is being taken back, this one waits."""
    if turn.release.rollback is None:
        checks.automatic_rollback(turn, question)
        return
    at = turn.now + turn.release.config.target.poll_every
    turn.replace_question(question.model_copy(update={"act_at": at}))
    turn.emit(
        EffectKind.TIMER,
        f"timer:countdown:{question.id}",
        at,
        name="countdown",
        question=question.id,
    )


def _expire(turn: Turn, question: Question) -> None:
    """Silence never approves: the question closes and the release pauses until somebody resumes."""
    if question.expires_at is None:
        return
    turn.fact("fact.expired", question=question.id, kind=str(question.kind), step=question.step)
    turn.close(question, Closed(verb="expired", at=turn.now))
    turn.show(f"expired:{question.id}")
    if question.kind is QuestionKind.START:
        turn.phase(Phase.ABORTED)
        turn.show("result")
        return
    step = turn.release.step(question.step)
    if step.state is StepState.ASKED:
        turn.put(step, state=StepState.WAITING)
    turn.hold(text("pause.expired", step=question.step))


def _alerted(turn: Turn, event: Alerted) -> None:
    release = turn.release
    if event.component not in {c.component for c in release.changes}:
        return
    others = tuple(a for a in release.alerts if a.fingerprint != event.fingerprint)
    known = [a for a in release.alerts if a.fingerprint == event.fingerprint]
    if known and known[0].firing == event.firing:
        return
    alert = Alert(
        component=event.component,
        name=event.name,
        firing=event.firing,
        summary=event.summary,
        fingerprint=event.fingerprint,
        at=turn.now,
    )
    turn.set(alerts=(*others, alert))
    key = "fact.alert" if event.firing else "fact.alert_resolved"
    turn.fact(key, component=event.component, name=event.name, summary=event.summary)
    policy = release.config.policies[event.component]
    if event.firing and policy.on_alert is OnAlert.PAUSE and release.phase is Phase.RUNNING:
        turn.hold(text("pause.alert", name=event.name, component=event.component))
        turn.ask(
            QuestionKind.ALERT,
            (Verb.RESUME, Verb.ROLLBACK, Verb.ABORT),
            component=event.component,
            context=text("question.alert", name=event.name, summary=event.summary),
        )
