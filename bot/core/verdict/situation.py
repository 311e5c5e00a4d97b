"""Where a release stands when a round or a look compares logs: moments, hosts, and the policy."""

from __future__ import annotations

from datetime import timedelta

from bot.core.config.policy import Policy
from bot.core.value import Moment, Value


class Situation(Value):
    """What a comparison is told of a release."""

    policy: Policy
    component: str
    deploy_started: Moment
    """T0: the start of the component's deploy."""
    restart_started: Moment
    """Ts: the start of the restart that the check follows."""
    restart_ended: Moment
    """F: its end."""
    restarted: dict[str, Moment] = {}
    """host -> when it was first known to run the new version, in this or an earlier restart."""
    hosts: tuple[str, ...] = ()
    """Every host of the component that is known by name."""
    now: Moment
    time_scale: float
    reported: frozenset[str] = frozenset()
    """Error types that an earlier round reported."""

    @property
    def control(self) -> tuple[str, ...]:
        """The hosts that still run what they ran."""
        return tuple(host for host in self.hosts if host not in self.restarted)

    @property
    def minute(self) -> timedelta:
        """A minute of the comparison, on the clock."""
        return timedelta(minutes=1) / self.time_scale
