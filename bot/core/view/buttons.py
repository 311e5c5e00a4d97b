"""Buttons: what they say, what they carry, and the dialogs in front of them."""

from __future__ import annotations

from bot.core import undo
from bot.core.button import ButtonValue
from bot.core.card import Action, Confirm, Style
from bot.core.config.target import ConfirmMode
from bot.core.question import STANDING, Question, QuestionKind
from bot.core.release import Phase, Release
from bot.core.turn import board_nonce
from bot.core.value import Text, text
from bot.core.verb import Verb

ALL = "*"
"""In a button's step: the whole release."""
LONGEST_STEP = 60
"""A step with a longer id goes into a button by its number."""

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
            possible = release.phase in {Phase.RUNNING, Phase.PAUSED}
            actions += _rollbacks(release, question) if possible else []
        else:
            actions.append(_action(release, question, verb))
    return tuple(actions)


def _value(release: Release, question: Question, step: str) -> str:
    if len(step) > LONGEST_STEP:
        step = str(release.step(step).number)
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
    if verb is Verb.ABORT and question.kind is QuestionKind.ROLLED_BACK:
        title = text("confirm.end_here.title", release=release.id)
        return Confirm(title=title, body=text("confirm.end_here.body"))
    if verb is Verb.ABORT:
        return _abort_dialog(release)
    if verb not in _DIALOGS:
        return None
    body = f"confirm.{verb}.body"
    if verb is Verb.OVERRIDE and question.kind in _BY_HAND:
        body = f"confirm.override.{question.kind}"
    change = release.change(question.component) if question.component else None
    return Confirm(
        title=text(f"confirm.{verb}.title", release=release.id, step=question.step),
        body=text(
            body,
            component=question.component,
            running=(change.running or "?") if change else "",
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


_DIALOGS = frozenset({Verb.APPROVE, Verb.REJECT, Verb.OVERRIDE, Verb.SKIP})
_BY_HAND = frozenset({QuestionKind.STEP_UNSURE, QuestionKind.ROLLBACK_FAILED})


def _rollbacks(release: Release, question: Question) -> list[Action]:
    """*Roll back NAME* and *Roll back all N released so far*, where they differ."""
    scope = undo.reversible(release)
    own = tuple(c for c in undo.changed(release) if c == question.component)
    actions: list[Action] = []
    if undo.possible(release, own):
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
    if undo.possible(release, scope) and set(scope) - {a for a in own if actions}:
        names = ", ".join(reversed(scope))
        actions.append(
            _rollback(
                _value(release, question, ALL),
                label=text("button.rollback_all", count=len(scope)),
                body=text("confirm.rollback_all.body", components=names),
            )
        )
    return actions


def _rollback(value: str, *, label: Text, body: Text) -> Action:
    confirm = Confirm(title=label, body=body)
    return Action(
        verb=str(Verb.ROLLBACK), label=label, value=value, style=Style.DANGER, confirm=confirm
    )


def of_board(release: Release) -> tuple[Action, ...]:
    """What can be pressed at any time; what an open question offers is not offered twice."""
    if release.phase not in {Phase.RUNNING, Phase.PAUSED, Phase.ROLLING_BACK}:
        return ()
    offered = {verb for q in release.open_questions for verb in q.choices}
    actions: list[Action] = []
    if release.phase is Phase.RUNNING:
        actions.append(_on_board(release, Verb.PAUSE, "button.pause"))
    if release.phase is Phase.PAUSED and Verb.RESUME not in offered and not _stands(release):
        actions.append(_on_board(release, Verb.RESUME, "button.resume", Style.PRIMARY))
    if release.phase is not Phase.ROLLING_BACK:
        actions += _mode(release, offered=Verb.CONFIRM in offered)
    actions.append(_on_board(release, Verb.ABORT, "button.abort", Style.DANGER))
    return tuple(actions)


def _stands(release: Release) -> bool:
    return any(q.kind in STANDING for q in release.open_questions)


def _mode(release: Release, *, offered: bool) -> list[Action]:
    """The other way of confirming. The value names it: an old copy never asks for the opposite."""
    if release.confirm is ConfirmMode.GATES:
        return [_on_board(release, Verb.CONFIRM, "button.each_step", version="eachstep")]
    return [] if offered else [_on_board(release, Verb.CONFIRM, "button.confirm", version="gates")]


def _on_board(
    release: Release,
    verb: Verb,
    label: str,
    style: Style = Style.PLAIN,
    *,
    version: str = "board",
) -> Action:
    value = ButtonValue(
        release=release.id, step=ALL, version=version, nonce=board_nonce(release)
    ).write()
    confirm = _abort_dialog(release) if verb is Verb.ABORT else None
    return Action(verb=str(verb), label=text(label), value=value, style=style, confirm=confirm)


def _abort_dialog(release: Release) -> Confirm:
    rolling = release.phase is Phase.ROLLING_BACK
    body = "confirm.abort_rollback.body" if rolling else "confirm.abort.body"
    return Confirm(title=text("confirm.abort.title", release=release.id), body=text(body))
