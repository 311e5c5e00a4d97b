"""A world in which anything may happen: hosts fail, answers get lost, people press everything."""

from __future__ import annotations

from random import Random

from bot.core import plan
from bot.core.config import Component, ConfirmMode, OnFail, Policy
from bot.core.config.policy import OnAlert, RollbackScope
from bot.core.effect import Effect, EffectKind
from bot.core.event import (
    Alerted,
    Checked,
    Drifted,
    Event,
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
from bot.core.operation import HostResult, HostState, Progress, ProgressState
from bot.core.release import Actor, Question, Release, Step
from bot.core.turn import board_nonce
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from tests.support.releases import (
    ADMIN,
    APPROVER,
    HOSTS,
    OPERATOR,
    OTHER,
    STARTER,
    VIEWER,
    World,
    release,
    target,
    timer,
    verdict,
)

NAMES = ("auth", "profile", "chat", "media", "push", "search", "gateway")
OWNER = Actor(person="umi", name="Umi", owns=("chat",))
STRANGER = Actor(person="", name="?")
PEOPLE = (STARTER, APPROVER, OTHER, OPERATOR, ADMIN, VIEWER, OWNER, STRANGER)


def any_release(dice: Random) -> Release:
    """A planned release of 1 to 7 components with some policy."""
    names = dice.sample(NAMES, dice.randint(1, 7))
    components = {}
    for place, name in enumerate(names):
        needs = tuple(n for n in names[:place] if dice.random() < 0.2)
        canary = "canary" if dice.random() < 0.4 else ""
        components[name] = Component(canary=canary, depends_on=needs)
    policy = Policy(
        on_fail=dice.choice(list(OnFail)),
        rollback_scope=dice.choice(list(RollbackScope)),
        on_alert=dice.choice(list(OnAlert)),
        repeats=dice.choice((0, 1, 3)),
        rounds=dice.choice((1, 3)),
    )
    whole = target(
        components,
        parallel=dice.randint(1, 3),
        confirm=dice.choice(list(ConfirmMode)),
        approvals=dice.choice((1, 1, 2)),
        start_approvals=dice.choice((1, 1, 2)),
        self_approval=dice.random() < 0.2,
        monitoring=dice.random() < 0.9,
    )
    made = release(whole, policy, may_roll_back=dice.random() < 0.7)
    change = dice.choice(made.changes)
    odd = dice.choice(({}, {}, {}, {"running": ""}, {"running": "2.0"}, {"mixed": True}))
    changes = tuple(c.model_copy(update=odd) if c is change else c for c in made.changes)
    return made.model_copy(update={"changes": changes})


class Chaos(World):
    """Moves one release by chance; `honest` leaves out what only a broken engine would feed."""

    def act(self, dice: Random, *, honest: bool = False) -> None:
        """Do one thing."""
        acts = {
            self._tick: 60,
            self._order: 12,
            self._answer_question: 16,
            self._ring: 6,
            self._outside: 4,
            self._forge: 0 if honest else 8,
        }
        dice.choices(list(acts), list(acts.values()))[0](dice)

    def _tick(self, dice: Random) -> None:
        due = self.pending(*(set(EffectKind) - {EffectKind.TIMER}))
        if due:
            self.dice = dice
            self.perform(dice.choice(due[:3]))

    def _answer(self, effect: Effect, step: Step) -> Event:
        about = {"step": step.id, "attempt": effect.attempt}
        luck = self.dice.random()
        if luck < 0.75:
            return super()._answer(effect, step)
        match effect.kind:
            case EffectKind.START if luck < 0.85:
                return StepNotStarted.model_validate({**about, "detail": "no"})
            case EffectKind.START:
                return StepUnsure.model_validate({**about, "detail": "timeout"})
            case EffectKind.STOP:
                return StopAnswered.model_validate(
                    {**about, "accepted": luck < 0.85, "detail": "busy"}
                )
            case EffectKind.VERIFY:
                found = {} if luck < 0.85 else {HOSTS[0]: "9.9"}
                return VersionRead.model_validate({**about, "versions": found, "detail": "?"})
        return StepProgressed.model_validate({**about, "progress": any_progress(self.dice, step)})

    def _checked(self, step: Step) -> Event:
        result = self.dice.choices(list(Result), (75, 12, 13))[0]
        return Checked(
            step=step.id,
            round=step.round,
            repeat=step.repeat,
            late=self.dice.random() < 0.1,
            verdict=verdict(result, at=self.now),
        )

    def _answer_question(self, dice: Random) -> None:
        """Somebody who may presses a button that is there."""
        if self.release.open_questions:
            question = dice.choice(self.release.open_questions)
            verb = dice.choice(question.choices)
            if verb is Verb.ABORT and dice.random() < 0.7:
                verb = question.choices[0]
            scope = dice.choice(("", "", "all")) if verb is Verb.ROLLBACK else ""
            actor = dice.choice((ADMIN, ADMIN, OTHER, STARTER))
            step = "" if scope else question.step
            self.click(question, verb, actor, reason="because", component=scope, step=step)

    def _order(self, dice: Random) -> None:
        """Somebody orders something, whether it makes sense or not."""
        known = self.release.questions
        question = dice.choice(known) if known else None
        verb = dice.choice([v for v in Verb if v is not Verb.ABORT or dice.random() < 0.3])
        self.feed(
            Order(
                verb=verb,
                actor=dice.choice(PEOPLE),
                step=self._some_step(dice),
                component=dice.choice(("", "", "all", "nothing", *NAMES)),
                reason=dice.choice(("", "because")),
                mode=dice.choice((None, *ConfirmMode)),
                **_button(dice, self.release, question),
            )
        )

    def _some_step(self, dice: Random) -> str:
        step = dice.choice(self.release.steps)
        return dice.choice(("", "", step.id, str(step.number), "no/such"))

    def _ring(self, dice: Random) -> None:
        timers = self.pending(EffectKind.TIMER)
        if timers:
            effect = dice.choice(timers[:8])
            del self.effects[effect.key]
            self.now = max(self.now, effect.due)
            self.feed(timer(effect))

    def _outside(self, dice: Random) -> None:
        component = dice.choice((*NAMES, self.release.changes[0].component))
        word = str(dice.randint(1, 3))
        if dice.random() < 0.5:
            firing = dice.random() < 0.7
            self.feed(
                Alerted(component=component, name=word, firing=firing, summary="", fingerprint=word)
            )
        else:
            self.feed(Drifted(component=component, expected="1.0", found="9.9"))

    def _forge(self, dice: Random) -> None:
        """Something is fed that nobody should feed now: wrong steps, attempts, kinds."""
        step = dice.choice(self.release.steps)
        about = {
            "step": dice.choice((step.id, step.id, "no/such")),
            "attempt": step.attempt + dice.choice((0, 0, -1, 1)),
        }
        made = (
            StepStarted.model_validate({**about, "handle": "forged"}),
            StepNotStarted.model_validate({**about, "detail": "forged"}),
            StepUnsure.model_validate({**about, "detail": "forged"}),
            StepProgressed.model_validate({**about, "progress": any_progress(dice, step)}),
            StopAnswered.model_validate({**about, "accepted": False, "detail": "forged"}),
            VersionRead.model_validate({**about, "versions": dict.fromkeys(HOSTS, "1.0")}),
            TimerRang(name=dice.choice(TIMERS), question=dice.randint(0, 5), **about),
            Checked(
                step=about["step"],
                round=dice.randint(0, 3),
                repeat=dice.randint(0, 1),
                late=False,
                verdict=verdict(dice.choice(list(Result))).model_copy(
                    update={"findings": (), "reasons": ()}
                ),
            ),
            Linked(release=43),
            Planned(release=self.release),
            self._replanned(dice),
        )
        self.feed(dice.choice(made))

    def _replanned(self, dice: Random) -> Event:
        old = self.release
        kept = old.changes[: dice.randint(1, len(old.changes))]
        steps = plan.steps(old.config.target, kept)
        return Replanned(
            actor=APPROVER,
            config=old.config,
            changes=kept,
            left_out=(),
            steps=steps,
            plan_hash=plan.digest(kept, steps, "d2"),
            difference=text("plan.difference", changes="less"),
        )


TIMERS = ("reminder", "expiry", "deadline", "countdown")


def any_progress(dice: Random, step: Step) -> Progress:
    """Some answer of an executor, with or without hosts."""
    names = step.only_hosts or HOSTS
    named = tuple(
        HostResult(host=name, state=dice.choice(list(HostState)))
        for name in names[: dice.randint(0, len(names))]
    )
    return Progress(state=dice.choice(list(ProgressState)), hosts=named, detail="chance")


def _button(dice: Random, now: Release, question: Question | None) -> dict[str, str]:
    """The nonce and version of some button: none, the board's, a question's, or a forged one."""
    buttons = [{}, {}, {"nonce": board_nonce(now), "version": "board"}, {"nonce": "f0f0f0f0"}]
    if question is not None:
        own = {"nonce": question.nonce, "version": question.version}
        buttons += [own, own, {**own, "version": "00000000"}]
    return dice.choice(buttons)
