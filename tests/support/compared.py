"""A component before and after a restart, as policy `calibrated` sees it; nothing runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.calibrated import comparison
from bot.core.calibrated.prior import Prior, learnt
from bot.core.calibrated.work import packed
from bot.core.config import Policy
from bot.core.counts import Counts
from bot.core.minutes import MinuteCounts
from bot.core.value import Text
from bot.core.verdict.calibrated.stored import from_json
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Verdict
from tests.support.engines import BROKEN, T0
from tests.support.steady_logs import SteadyLogs, fit_here, hosts, minutes_of

MINUTE = timedelta(minutes=1)
DAYS = 5
RESTARTED = T0 + 2 * MINUTE


@dataclass
class Compared:
    """Chat was deployed at T0 and restarted from T0 + 1 min to T0 + 2 min on `restarted`."""

    policy: dict[str, Any] = field(default_factory=dict)
    restarted: tuple[str, ...] = ("chat-1",)
    broken: dict[tuple[str, str], float] = field(default_factory=dict)
    """What the restarted hosts write beside, in lines a minute."""

    def __post_init__(self) -> None:
        """Begin to write."""
        self.logs = SteadyLogs(T0, self._runs, days=DAYS + 1)
        self.logs.broken[BROKEN] = self.broken

    def _runs(self, component: str, host: str) -> str:
        return BROKEN if host in self.restarted else "1.9"

    def situation(self, minutes: float, **more: Any) -> Situation:
        """So many minutes after the end of the restart."""
        told = {"comparison": "calibrated", "baseline": f"{DAYS}d", **self.policy}
        known: dict[str, Any] = {
            "policy": Policy.model_validate(told),
            "component": "chat",
            "deploy_started": T0,
            "restart_started": T0 + MINUTE,
            "restart_ended": RESTARTED,
            "restarted": dict.fromkeys(self.restarted, RESTARTED),
            "hosts": hosts("chat"),
            "now": RESTARTED + minutes * MINUTE,
            "time_scale": 1.0,
        }
        return Situation.model_validate({**known, **more})

    def baseline(self, where: Situation, end: datetime) -> MinuteCounts:
        """The minutes before a moment."""
        span = (end - DAYS * timedelta(days=1), end)
        return minutes_of("chat", self.logs.span, span, where.policy.counted_levels)

    async def prior(self, where: Situation) -> Prior:
        """Everything that is known from before."""
        before = self.baseline(where, T0)
        fitted = from_json(await fit_here(list(packed(before)), (before.start, before.end)))
        baseline = self.baseline(where, where.restart_started)
        found = learnt(baseline, deployed=before.end, calibration=fitted)
        history = None
        if where.control:
            history = (await self.logs.count(comparison.history_request(where))).windows[0]
        return Prior(**{**vars(found), "history": history})

    async def counts(self, where: Situation) -> Counts:
        """What the log store says."""
        return await self.logs.count(comparison.request(where))

    async def judged(
        self, minutes: float, *, reasons: tuple[Text, ...] = (), **more: Any
    ) -> Verdict:
        """The verdict so many minutes after the end of the restart; `more` is of the prior."""
        where = self.situation(minutes)
        prior = await self.prior(where)
        changed = Prior(**{**vars(prior), **more})
        return comparison.judge(where, await self.counts(where), changed, reasons)
