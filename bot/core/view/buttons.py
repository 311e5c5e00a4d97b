"""Buttons: what they say, what they carry, and the dialogs in front of them."""

from __future__ import annotations

from bot.core.button import ButtonValue
from bot.core.card import Action, Confirm, Style
from bot.core.release import Question, QuestionKind, Release
from bot.core.turn import board_nonce
from bot.core.undo import changed
from bot.core.value import text
from bot.core.verb import Verb

ALL = "*"
"""In a button's step: the whole release."""

_STYLES = {
    Verb.START: Style.PRIMARY,
    Verb.GO: Style.PRIMARY,
    Verb.APPROVE: Style.PRIMARY,
    Verb.REJECT: Style.DANGER,
    Verb.ABORT: Style.DANGER,
    Verb.ROLLBACK: Style.DANGER,
    Verb.OVERRIDE: Style.DANGER,
}
_LABELS = {
    (QuestionKind.START, Verb.ABORT): "button.cancel",
    (QuestionKind.OVERDUE, Verb.CHECK): "button.wait",
    (QuestionKind.STEP_UNSURE, Verb.CHECK): "button.look_again",
    (QuestionKind.STEP_UNSURE, Verb.OVERRIDE): "button.it_finished",
    (QuestionKind.ROLLBACK_FAILED, Verb.OVERRIDE): "button.restored_by_hand",
    (QuestionKind.COUNTDOWN, Verb.PAUSE): "button.stop_rollback",
    (QuestionKind.COUNTDOWN, Verb.ROLLBACK): "button.rollback_now",
    (QuestionKind.REJECTED, Verb.RETRY): "button.ask_again",
    (QuestionKind.ROLLED_BACK, Verb.RESUME): "button.go_on_others",
    (QuestionKind.ROLLED_BACK, Verb.ABORT): "button.end_here",
    (QuestionKind.DRIFT, Verb.RESUME): "button.go_on_drift",
}


def of_question(release: Release, question: Question) -> tuple[Action, ...]:
    """The buttons of an open question; none when it is closed or the release has ended."""
    if question.closed is not None or not release.live:
        return ()
    actions: list[Action] = []
    for verb in question.choices:
        if verb is Verb.ROLLBACK:
            actions += _rollbacks(release, question)
        else:
            actions.append(_action(release, question, verb))
    return tuple(actions)


def _value(release: Release, question: Question, step: str) -> str:
    return ButtonValue(
        release=release.id, step=step, version=question.version, nonce=question.nonce
    ).write()


def _action(release: Release, question: Question, verb: Verb) -> Action:
    label = _LABELS.get((question.kind, verb), f"button.{verb}")
    return Action(
        verb=str(verb),
        label=text(label),
        value=_value(release, question, question.step),
        style=_STYLES.get(verb, Style.PLAIN),
        confirm=_confirm(release, question, verb),
    )


def _confirm(release: Release, question: Question, verb: Verb) -> Confirm | None:
    if question.kind is QuestionKind.START:
        return _acknowledge(release) if verb is Verb.START else None
    if verb not in _DIALOGS:
        return None
    body = "confirm.approve.body" if verb is Verb.APPROVE else f"confirm.{verb}.body"
    change = release.change(question.component) if question.component else None
    return Confirm(
        title=text(f"confirm.{verb}.title", release=release.id, step=question.step),
        body=text(
            body,
            component=question.component,
            running=change.running if change else "",
            candidate=change.candidate if change else "",
        ),
        reason=verb in {Verb.REJECT, Verb.OVERRIDE, Verb.SKIP},
    )


def _acknowledge(release: Release) -> Confirm | None:
    """A target without monitoring is never started without somebody saying that they know."""
    if release.config.target.monitoring:
        return None
    title = text("confirm.unwatched.title", release=release.id)
    return Confirm(title=title, body=text("confirm.unwatched.body"), reason=True)


_DIALOGS = frozenset({Verb.APPROVE, Verb.REJECT, Verb.ABORT, Verb.OVERRIDE, Verb.SKIP})


def _rollbacks(release: Release, question: Question) -> list[Action]:
    """*Roll back NAME* and *Roll back all N released so far*, where they differ."""
    scope = changed(release)
    actions: list[Action] = []
    if question.component in scope:
        change = release.change(question.component)
        label = _LABELS.get((question.kind, Verb.ROLLBACK), "button.rollback_one")
        actions.append(
            _rollback(
                _value(release, question, question.step),
                label=text(label, component=question.component),
                body=text(
                    "confirm.rollback.body",
                    component=question.component,
                    candidate=change.candidate,
                    running=change.running,
                ),
            )
        )
    if len(scope) > len(actions):
        names = ", ".join(scope)
        actions.append(
            _rollback(
                _value(release, question, ALL),
                label=text("button.rollback_all", count=len(scope)),
                body=text("confirm.rollback_all.body", components=names),
            )
        )
    return actions


def _rollback(value: str, *, label: object, body: object) -> Action:
    return Action.model_validate(
        {
            "verb": str(Verb.ROLLBACK),
            "label": label,
            "value": value,
            "style": Style.DANGER,
            "confirm": {"title": label, "body": body, "reason": False},
        }
    )


def of_board(release: Release) -> tuple[Action, ...]:
    """What can be pressed at any time; what an open question offers is not offered twice."""
    from bot.core.config.target import ConfirmMode
    from bot.core.release import Phase

    if release.phase not in {Phase.RUNNING, Phase.PAUSED}:
        return ()
    offered = {verb for q in release.open_questions for verb in q.choices}
    value = ButtonValue(
        release=release.id, step=ALL, version="board", nonce=board_nonce(release)
    ).write()
    actions: list[Action] = []
    if release.phase is Phase.RUNNING:
        actions.append(Action(verb=str(Verb.PAUSE), label=text("button.pause"), value=value))
    elif Verb.RESUME not in offered:
        label = text("button.resume")
        actions.append(Action(verb="resume", label=label, value=value, style=Style.PRIMARY))
    if release.confirm is ConfirmMode.GATES:
        actions.append(Action(verb="confirm", label=text("button.each_step"), value=value))
    elif Verb.CONFIRM not in offered:
        actions.append(Action(verb="confirm", label=text("button.confirm"), value=value))
    if Verb.ABORT not in offered:
        actions.append(
            Action(
                verb=str(Verb.ABORT),
                label=text("button.abort"),
                value=value,
                style=Style.DANGER,
                confirm=Confirm(
                    title=text("confirm.abort.title", release=release.id, step=""),
                    body=text("confirm.abort.body", component="", running="", candidate=""),
                ),
            )
        )
    return tuple(actions)
