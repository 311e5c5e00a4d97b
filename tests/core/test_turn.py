"""One transition in the making."""

from __future__ import annotations

from bot.core.effect import EffectKind
from bot.core.question import STANDING
from bot.core.release import Phase, QuestionKind
from bot.core.turn import Turn, board_nonce, nonce
from bot.core.value import text
from bot.core.verb import Verb
from tests.support.releases import ONE, T0, release, target


def turn(phase: Phase = Phase.RUNNING) -> Turn:
    """A turn of a release in some phase."""
    return Turn(release(target(ONE)).model_copy(update={"phase": phase}), T0)


def test_nonces_differ_by_release_and_question() -> None:
    """Eight hexadecimal digits that belong to one question of one release."""
    mine, other = release(), release().model_copy(update={"seed": "another"})

    assert board_nonce(mine) != board_nonce(other)
    assert nonce("seed", 1, "v") != nonce("seed", 2, "v")
    assert len(nonce("seed")) == 8


def test_a_card_is_shown_once_a_turn() -> None:
    """However often something changes, one effect brings the card up to date."""
    made = turn()
    made.show("board")
    made.show("board")

    assert [e.key for e in made.effects] == ["show:board"]


def test_the_first_reason_of_a_pause_stays() -> None:
    """A second reason does not hide who paused first."""
    made = turn()
    made.hold(text("pause.person"), "Yui")
    made.hold(text("pause.alert"))

    assert made.release.pause is not None
    assert made.release.pause.name == "Yui"


def test_a_release_on_its_way_out_is_not_paused() -> None:
    """Abort and rollback are not interrupted by a pause."""
    for phase in (Phase.ABORTING, Phase.ROLLING_BACK, Phase.DONE):
        made = turn(phase)
        made.hold(text("pause.alert"))
        assert made.release.phase is phase


def test_leaving_a_pause_forgets_its_reason_and_ending_notes_the_time() -> None:
    """Every other phase has no reason for standing still; terminal ones have an end."""
    made = turn()
    made.hold(text("pause.person"))
    made.phase(Phase.RUNNING)
    assert made.release.pause is None
    assert made.release.ended_at is None
    made.phase(Phase.DONE)
    assert made.release.ended_at == T0


def test_only_questions_that_can_wait_no_longer_have_no_end() -> None:
    """START, GO, GATE and OVERDUE expire; what holds the release does not."""
    ends = {}
    for kind in QuestionKind:
        ends[kind] = turn().ask(kind, (Verb.ABORT,)).expires_at is not None

    assert {kind for kind, expires in ends.items() if not expires} == STANDING


def test_every_question_sets_its_timers() -> None:
    """Three reminders and the end; a countdown has its own moment."""
    made = turn()
    made.ask(QuestionKind.GATE, (Verb.APPROVE,))
    made.ask(QuestionKind.COUNTDOWN, (Verb.PAUSE,), act_at=T0)

    names = [(e.question, e.name) for e in made.effects if e.kind is EffectKind.TIMER]
    assert names == [(1, "reminder")] * 3 + [(1, "expiry")] + [(2, "reminder")] * 3 + [
        (2, "countdown")
    ]
