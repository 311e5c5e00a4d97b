"""The versions that can be released, and what is wrong with some of them.

Only the component processes act on this; the deployment API lists versions and titles.
"""

from __future__ import annotations

from dataclasses import dataclass

from .background import CLOCKWORK, SLOW, STEADY, Kind, Moments, faster, moments
from .topology import HOSTS_EACH, RUNS_AT_FIRST, Place

BURST_SECONDS = 180.0
"""How long a burst takes, before `time_scale` divides it: less than a round of a check."""


@dataclass(frozen=True)
class Behaviour:
    """How the instances of a version behave."""

    title: str
    starts: bool = True
    """false: the process ends at once, its health check never passes."""
    writes: bool = True
    """false: it serves, and writes no line at all."""
    new: Kind | None = None
    """Another kind that nobody has written before."""
    faster: str = ""
    """The known kind that comes `factor` times as often."""
    factor: float = 1.0
    burst: str = ""
    """The known kind of which the hosts together write `burst_size` after they started."""
    burst_size: int = 0


# The name of a room is what a user typed: text of logs is data, whoever shows it must escape it.
_OUT_OF_ORDER = Kind(
    "MessageOutOfOrder",
    "ERROR",
    20.0,
    "delivery",
    'message {n} of room "<b>Weekend</b> @all <!channel>" came before its predecessor',
)

VERSIONS: dict[str, Behaviour] = {
    "2026.47.0": Behaviour("healthy, this week's release"),
    "2026.47.0-rc5": Behaviour("a new error type appears", new=_OUT_OF_ORDER),
    "2026.47.0-rc4": Behaviour(
        "a known error jumps, as in the talk: 50 before, 250 after",
        burst=CLOCKWORK.name,
        burst_size=250,
    ),
    "2026.47.0-rc3": Behaviour(
        "a known warning comes six times as often", faster=SLOW.name, factor=6.0
    ),
    "2026.47.0-rc2": Behaviour("does not start", starts=False),
    "2026.47.0-rc1": Behaviour("goes quiet: serves, but writes no log lines", writes=False),
    RUNS_AT_FIRST: Behaviour("healthy, last week's release"),
}
"""Newest first; the first is what a release takes when nothing else is said."""


def kinds(behaviour: Behaviour) -> dict[str, Kind]:
    """Every kind of line that a version writes by itself."""
    new = (behaviour.new,) if behaviour.new else ()
    return {kind.name: kind for kind in (*STEADY, *new)}


def streams(
    behaviour: Behaviour, place: Place, *, since: float, time_scale: float
) -> list[Moments]:
    """When an instance of this version, started at `since`, writes what."""
    if not behaviour.writes:
        return []
    found = []
    for kind in kinds(behaviour).values():
        often = behaviour.factor if kind.name == behaviour.faster else 1.0
        found.append(moments(faster(kind, often), place, since=since, time_scale=time_scale))
    if behaviour.burst:
        found.append(_burst(behaviour, place, since, time_scale))
    return found


def _burst(behaviour: Behaviour, place: Place, since: float, time_scale: float) -> Moments:
    share = len(range(place.index, behaviour.burst_size, HOSTS_EACH))
    for number in range(share):
        yield since + number / share * BURST_SECONDS / time_scale, behaviour.burst
