"""The releases that a backtest judges anew: real ones of the journal, and pseudo-releases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique

from bot.core.counts import Window
from bot.core.value import Moment, Value


@unique
class Label(StrEnum):
    """What is known of a release: whether a fail would have been right."""

    GOOD = "good"
    BAD = "bad"
    """Rolled back, or labelled so: a verdict that is no fail missed it."""


class Case(Value):
    """One component in one release of the past, or at a moment at which nothing was released."""

    name: str
    """`#42`, or `pseudo 17`."""
    component: str
    began: Moment
    """T0: the start of the deploy."""
    restarted: Moment
    """Ts: the start of the restart that the check followed."""
    ended: Moment
    """F: its end; round n is n intervals later."""
    label: Label = Label.GOOD
    rolled_back_at: Moment | None = None
    """When people had had enough; None where they had not, or where nobody knows."""
    pseudo: bool = True

    def window(self, watched: timedelta) -> Window:
        """From the deploy to the end of the last round, `watched` after the restart."""
        return Window(start=self.began, end=self.ended + watched)


DEPLOY = timedelta(minutes=2)
"""How long the deploy and the restart of a pseudo-release are taken to last."""


def pseudo_releases(
    component: str,
    count: int,
    within: Window,
    *,
    watched: timedelta,
    taken: Iterable[Window] = (),
    scale: float = 1,
) -> tuple[Case, ...]:
    """Spread up to `count` pseudo-releases evenly over a span, on whole minutes.

    Their windows never overlap each other, nor `taken` (real releases, known incidents): judged
    twice, the same minutes would count twice. So there may be fewer than asked for. `scale`
    divides the minute, as `time_scale` does everywhere; `watched` is divided already.
    """
    minute, deploy = timedelta(minutes=1) / scale, DEPLOY / scale
    long = deploy + watched
    first = floor(within.start + minute - timedelta(microseconds=1), minute)
    room = within.end - first - long
    if count < 1 or room < timedelta(0):
        return ()
    step = max(room / count, long)
    busy = sorted((w.start, w.end) for w in taken)
    cases: list[Case] = []
    for number in range(int(room / step) + 1):
        began = floor(first + step * number, minute)
        if len(cases) == count or _touches(began, began + long, busy):
            continue
        ended = began + deploy
        name = f"pseudo {len(cases) + 1}"
        cases.append(
            Case(name=name, component=component, began=began, restarted=began, ended=ended)
        )
    return tuple(cases)


def _touches(start: datetime, end: datetime, busy: list[tuple[datetime, datetime]]) -> bool:
    return any(begin < end and start < stop for begin, stop in busy)


def floor(moment: datetime, length: timedelta) -> datetime:
    """The begin of the bin of this length, counted from the epoch, that holds the moment."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (moment - epoch) // length * length
