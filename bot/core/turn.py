"""One transition in the making: the release so far, and the effects and facts it leads to."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from bot.core.effect import Effect, EffectKind
from bot.core.question import STANDING, Closed, Question, QuestionKind
from bot.core.release import Pause, Phase, Release, Step
from bot.core.value import Text, text
from bot.core.verb import Verb


class RefusalError(Exception):
    """The order is not carried out; `why` explains it, `outcome` is a word of Outcome."""

    def __init__(self, why: Text, outcome: str = "refused") -> None:
        super().__init__(why.key)
        self.why = why
        self.outcome = outcome


def nonce(seed: str, *parts: object) -> str:
    """A short text that only this release's buttons carry (8 hexadecimal digits)."""
    return hashlib.sha256("|".join([seed, *map(str, parts)]).encode()).hexdigest()[:8]


def board_nonce(release: Release) -> str:
    """The nonce of the buttons on a release's board, good while the release is live."""
    return nonce(release.seed, "board")


class Turn:
    """Collects what one event changes. Pure: nothing outside it is touched."""

    def __init__(self, release: Release, now: datetime) -> None:
        self.release = release
        self.now = now
        self.effects: list[Effect] = []
        self.facts: list[Text] = []
        self._cause: Text | None = None
        self._slots: set[str] = set()

    def set(self, **changes: Any) -> None:
        """Change fields of the release."""
        self.release = self.release.model_copy(update=changes)

    def put(self, step: Step, **changes: Any) -> Step:
        """Change fields of one step."""
        new = step.model_copy(update=changes)
        steps = tuple(new if s.id == step.id else s for s in self.release.steps)
        self.set(steps=steps)
        return new

    def phase(self, phase: Phase) -> None:
        """Enter a phase; a terminal one gets its end time."""
        if phase is self.release.phase:
            return
        self.fact(f"fact.{phase}")
        ended = {} if phase in _STILL else {"ended_at": self.now}
        self.set(phase=phase, **ended)
        if phase is not Phase.PAUSED:
            self.set(pause=None)

    def hold(self, reason: Text, name: str = "", surface: str = "") -> None:
        """Pause, unless the release is on its way out already."""
        self._cause = reason
        if self.release.phase in {Phase.RUNNING, Phase.PAUSED}:
            first = self.release.pause is None
            self.phase(Phase.PAUSED)
            if first:
                pause = Pause(reason=reason, name=name, surface=surface, at=self.now)
                self.set(pause=pause, pauses=(*self.release.pauses, pause))
                self.show(f"pause:{len(self.release.pauses)}")

    def fact(self, key: str, **params: str | float | bool | None) -> None:
        """Say something for the journal."""
        self.facts.append(text(key, **params))

    def emit(self, kind: EffectKind, key: str, due: datetime | None = None, **fields: Any) -> None:
        """Want something done at `due` (now when left out)."""
        self.effects.append(Effect(kind=kind, key=key, due=due or self.now, **fields))

    def show(self, slot: str) -> None:
        """Bring a card up to date in every room."""
        if slot not in self._slots:
            self._slots.add(slot)
            self.emit(EffectKind.SHOW, f"show:{slot}", slot=slot)

    def ask(  # noqa: PLR0913 - a question is what it is; all but two are keywords
        self,
        kind: QuestionKind,
        choices: tuple[Verb, ...],
        *,
        step: Step | None = None,
        component: str = "",
        needed: int = 1,
        context: Text | None = None,
        act_at: datetime | None = None,
    ) -> Question:
        """Ask people. The version depends on plan, step and attempt only."""
        release = self.release
        number = len(release.questions) + 1
        subject = (step.id, step.attempt) if step else (component, 0)
        version = nonce(release.plan_hash, kind, *subject)
        question = Question(
            id=number,
            kind=kind,
            step=step.id if step else "",
            component=step.component if step else component,
            version=version,
            nonce=nonce(release.seed, number, version),
            asked_at=self.now,
            expires_at=None if kind in STANDING else self.now + release.config.target.expires,
            choices=choices,
            needed=needed,
            context=context,
            cause=self._cause if kind in STANDING else None,
            act_at=act_at,
        )
        self.set(questions=(*release.questions, question))
        self._timers(question)
        self.show(f"question:{number}")
        self.fact("fact.asked", kind=str(kind), step=question.step, question=number)
        return question

    def _timers(self, question: Question) -> None:
        target = self.release.config.target
        moments = [("reminder", span, n) for n, span in enumerate(target.reminders, start=1)]
        if question.expires_at:
            moments.append(("expiry", target.expires, 0))
        for name, span, number in moments:
            self.emit(
                EffectKind.TIMER,
                f"timer:{name}:{question.id}:{number}",
                question.asked_at + span,
                name=name,
                question=question.id,
                number=number,
            )
        if question.act_at:
            self.emit(
                EffectKind.TIMER,
                f"timer:countdown:{question.id}",
                question.act_at,
                name="countdown",
                question=question.id,
            )

    def replace_question(self, question: Question) -> None:
        """Store a changed question."""
        self.set(
            questions=tuple(question if q.id == question.id else q for q in self.release.questions)
        )
        self.show(f"question:{question.id}")

    def close(self, question: Question, closed: Closed) -> None:
        """End a question; every copy of its card is brought up to date.

        When the release stands still because of others as well, the oldest of them is the reason.
        """
        self.replace_question(question.model_copy(update={"closed": closed}))
        pause = self.release.pause
        if pause is None or pause.name or pause.reason != question.cause:
            return
        causes = [q.cause for q in self.release.open_questions if q.cause is not None]
        if causes:
            self.set(pause=pause.model_copy(update={"reason": causes[0]}))

    def supersede(self, *, step: str = "", component: str = "") -> None:
        """Close open questions that no longer matter: of a step, of a component, or all."""
        for question in self.release.open_questions:
            if (step and question.step != step) or (component and question.component != component):
                continue
            self.close(question, Closed(verb="superseded", at=self.now))


_STILL = frozenset({Phase.PLANNED, Phase.RUNNING, Phase.PAUSED, Phase.ABORTING, Phase.ROLLING_BACK})
