"""The horizontal axis of a drawing: round figures, a tick at each, and what they count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

LEFT, LONG = 230, 570
"""Where the axis begins, and how long it is, in pixels of the drawing."""
BELOW = 44
"""How much room, in pixels, figures and title need below the drawing."""

_MOST = 6
"""Steps between ticks: the longest figure needs a sixth of the axis."""
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_STEPS = (
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 4, 7, 14, 28, 56, 91, 182, 364)),
)


@dataclass(frozen=True)
class Axis:
    """What lies between `low` and `high`, in the unit of the values."""

    low: float
    high: float
    figures: tuple[tuple[float, str], ...]
    """The value of each tick, and how it is written."""
    title: str

    def at(self, value: float) -> float:
        """Where a value lies, in pixels from the left side of the drawing."""
        return LEFT + (value - self.low) / (self.high - self.low) * LONG

    def drawn(self, top: float, bottom: float) -> str:
        """The SVG of the axis at `bottom` with lines up to `top`; it goes behind all else."""
        parts = [
            f'<line class=axis x1="{LEFT}" x2="{LEFT}" y1="{top}" y2="{bottom}"/>',
            f'<line class=axis x1="{LEFT}" x2="{LEFT + LONG}" y1="{bottom}" y2="{bottom}"/>',
        ]
        for value, said in self.figures:
            x = f"{self.at(value):.1f}"
            parts += [
                f'<line class=grid x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>',
                f'<line class=axis x1="{x}" x2="{x}" y1="{bottom}" y2="{bottom + 5}"/>',
                _figure(x, bottom + 19, said),
            ]
        return "".join([*parts, _figure(f"{LEFT + LONG / 2:.1f}", bottom + 38, self.title)])


def _figure(x: str, y: float, words: str) -> str:
    return f'<text class=figure text-anchor="middle" x="{x}" y="{y}">{escape(words)}</text>'


def shares(top: float, title: str) -> Axis:
    """From 0 to `top` or a little farther, in per cent; `top` is a share above 0."""
    step, steps = _rounded(top)
    digits = max(0, -math.floor(math.log10(step * 100) + 1e-9))
    values = [number * step for number in range(steps + 1)]
    return Axis(0, values[-1], tuple((v, f"{v:.{digits}%}") for v in values), title)


def amounts(top: float, title: str) -> Axis:
    """From 0 to `top` or a little farther; `top` is above 0."""
    step, steps = _rounded(top)
    values = [number * step for number in range(steps + 1)]
    return Axis(0, values[-1], tuple((v, f"{v:g}") for v in values), title)


def times(first: datetime, last: datetime, title: str) -> Axis:
    """From the first moment to the last, with ticks at whole minutes, hours or days (UTC).

    Where fewer than two lie between them, the first moment has the only one.
    """
    span = last - first
    step = next((one for one in _STEPS if span <= one * _MOST), _STEPS[-1])
    step *= max(1, math.ceil(span / (step * _MOST)))
    written = "%Y-%m-%d" if step >= timedelta(days=1) else "%m-%d %H:%M"
    moment, ticks = first + (_MONDAY - first) % step, []
    while moment <= last:
        ticks.append((moment.timestamp(), f"{moment:{written}}"))
        moment += step
    # A span of no length has no scale: everything is at its beginning.
    high = max(last.timestamp(), first.timestamp() + 1)
    if len(ticks) < 2:
        ticks = [(first.timestamp(), f"{first:%Y-%m-%d %H:%M}")]
    return Axis(first.timestamp(), high, tuple(ticks), title)


def _rounded(top: float) -> tuple[float, int]:
    """A step of 1, 2 or 5 and zeros, and how few of them reach `top`."""
    size = 10.0 ** math.floor(math.log10(top / _MOST))
    step = next(size * n for n in (1, 2, 5, 10) if top <= size * n * _MOST * (1 + 1e-9))
    return step, math.ceil(top / step - 1e-9)
