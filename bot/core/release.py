"""The release: one run of a target's plan, as a value; `bot/core/machine.py` moves it."""

from __future__ import annotations

from enum import StrEnum, unique

from bot.core.config.executor import ExecutorConfig
from bot.core.config.log_store import LogStoreConfig
from bot.core.config.policy import Policy
from bot.core.config.target import ConfirmMode, Target
from bot.core.deeds import Actor, Override, Pause, Rollback
from bot.core.operation import HostResult, HostState
from bot.core.question import Closed, Question, QuestionKind, Vote
from bot.core.value import Moment, Text, Value
from bot.core.verdict.verdict import Result, Verdict

__all__ = [
    "Actor",
    "Closed",
    "Override",
    "Pause",
    "Question",
    "QuestionKind",
    "Rollback",
    "Vote",
]


@unique
class Phase(StrEnum):
    """Where a release is as a whole."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    ABORTING = "aborting"
    ROLLING_BACK = "rolling_back"
    DONE = "done"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"


TERMINAL = frozenset({Phase.DONE, Phase.ABORTED, Phase.ROLLED_BACK, Phase.FAILED})
LIVE = frozenset(Phase) - TERMINAL


@unique
class StepKind(StrEnum):
    """What a step is."""

    ANNOUNCE = "announce"
    DEPLOY = "deploy"
    RESTART = "restart"
    CHECK = "check"
    GATE = "gate"
    VERIFY = "verify"  # reads the running version back; only rollbacks have it


@unique
class StepState(StrEnum):
    """Where a step is."""

    WAITING = "waiting"
    ASKED = "asked"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"
    """Nobody can tell how it ended (executor), or it could not be measured (check)."""
    SKIPPED = "skipped"
    OVERRIDDEN = "overridden"
    CANCELLED = "cancelled"


SATISFIED = frozenset({StepState.DONE, StepState.SKIPPED, StepState.OVERRIDDEN})
AT_REST = SATISFIED | {StepState.FAILED, StepState.UNSURE, StepState.CANCELLED}
IN_FLIGHT = frozenset({StepState.RUNNING, StepState.STOPPING})
OPERATIONS = frozenset({StepKind.DEPLOY, StepKind.RESTART})


class Round(Value):
    """One look of a check."""

    number: int
    repeat: int
    """0 the first time; counts the repetitions of an inconclusive round."""
    due: Moment
    ran_at: Moment
    late: bool
    verdict: Verdict


class Step(Value):
    """One thing to do for one component."""

    id: str
    """`component/name`; unique in the release."""
    number: int
    """As shown on the board, from 1."""
    kind: StepKind
    component: str
    group: str = ""
    """The host group of a restart, and of the check behind it; the moment of an announcement."""
    needs: tuple[str, ...] = ()
    """Steps that must be done, skipped or overridden before this one begins."""
    version: str = ""
    """The version that must be on the hosts afterwards."""
    only_hosts: tuple[str, ...] = ()
    """Exactly these hosts; empty: the whole group."""
    undo: bool = False
    """Part of a rollback."""
    state: StepState = StepState.WAITING
    attempt: int = 0
    unknown_looks: int = 0
    """Looks in a row whose answer was no answer."""
    handle: str = ""
    started_at: Moment | None = None
    finished_at: Moment | None = None
    next_at: Moment | None = None
    """When the next round is due."""
    cleared: bool = False
    """A person said go (or retry): it begins as soon as it may, without being asked for again."""
    earlier: tuple[str, ...] | None = None
    """The hosts that attempts before this one touched, or may have; None: none. Empty: the whole
    group, whose hosts have no names."""
    round: int = 0
    """The round that comes next, from 1."""
    repeat: int = 0
    hosts: tuple[HostResult, ...] = ()
    succeeded_at: dict[str, Moment] = {}  # host -> when a look first saw it succeed there
    rounds: tuple[Round, ...] = ()
    detail: Text | None = None
    override: Override | None = None

    @property
    def result(self) -> Result | None:
        """The worst verdict of the rounds that decided something; None before the first."""
        latest = {r.number: r.verdict for r in self.rounds}
        decided = (verdict.result for verdict in latest.values() if not verdict.open_until)
        return max(decided, key=lambda r: r.badness, default=None)

    @property
    def changed_hosts(self) -> tuple[str, ...]:
        """The hosts that this operation touched or may have touched."""
        return tuple(h.host for h in self.hosts if h.state is not HostState.UNCHANGED)


class Change(Value):
    """What one component goes from and to."""

    component: str
    running: str
    """The version before; empty when it could not be told."""
    candidate: str
    mixed: bool = False
    """The hosts did not all run the same version."""
    groups: dict[str, tuple[str, ...]] = {}
    """host group -> hosts; `all` is always there."""


class Alert(Value):
    """An alert of the system layer for a component of this release."""

    component: str
    name: str
    firing: bool
    summary: str
    fingerprint: str
    at: Moment


class Frozen(Value):
    """The configuration that a release was planned with; a reload does not change it."""

    target: Target
    policies: dict[str, Policy]
    """component -> policy."""
    executors: dict[str, str]
    """component -> the name of its executor in `executor_configs`."""
    executor_configs: dict[str, ExecutorConfig]
    logs: dict[str, str]
    """component -> the name of its log store in `log_configs`; empty when nothing is monitored."""
    log_configs: dict[str, LogStoreConfig]
    time_scale: float
    may_roll_back: bool = False
    """A backtest (or the override of it) lets the policy roll back by itself."""
    digest: str


class Release(Value):
    """One run of a plan."""

    id: int
    target: str
    phase: Phase
    config: Frozen
    changes: tuple[Change, ...]
    left_out: tuple[str, ...] = ()
    """Components that run their candidate already, or that nobody wanted."""
    unwanted: tuple[str, ...] = ()
    """Those of `left_out` that would change, but were excluded or not named in `only`."""
    steps: tuple[Step, ...]
    plan_hash: str
    seed: str
    """Random text of the engine's; the nonces of buttons are derived from it."""
    confirm: ConfirmMode
    home: str
    """The room where it was started."""
    started_by: Actor
    planned_at: Moment
    begun_at: Moment | None = None
    ended_at: Moment | None = None
    questions: tuple[Question, ...] = ()
    decisions: int = 0  # of people, accepted
    pause: Pause | None = None
    pauses: tuple[Pause, ...] = ()
    """Every pause so far, each with its first reason."""
    rollback: Rollback | None = None
    rolled_back: tuple[str, ...] = ()
    """Components that were taken back and confirmed."""
    alerts: tuple[Alert, ...] = ()
    rollback_of: int | None = None
    rolled_back_by: int | None = None
    note: str = ""
    difference: Text | None = None
    """What changed since the plan was last agreed to."""

    @property
    def live(self) -> bool:
        """Whether anything can still happen."""
        return self.phase in LIVE

    def step(self, step_id: str) -> Step:
        """The step with this id; KeyError when there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def find_step(self, word: str) -> Step | None:
        """The step that a person means by an id or a number."""
        for step in self.steps:
            if word in {step.id, str(step.number)}:
                return step
        return None

    def change(self, component: str) -> Change:
        """What a component goes from and to; KeyError when it is not in this release."""
        for change in self.changes:
            if change.component == component:
                return change
        raise KeyError(component)

    def settled(self, step: Step) -> bool:
        """Whether nothing more comes of a step: it is done with, or was taken back."""
        done = step.state in SATISFIED or step.state is StepState.CANCELLED
        return done or step.component in self.rolled_back

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """What people are asked now, oldest first."""
        return tuple(q for q in self.questions if q.closed is None)

    def of(self, component: str) -> tuple[Step, ...]:
        """The steps of a component, in plan order."""
        return tuple(s for s in self.steps if s.component == component)
