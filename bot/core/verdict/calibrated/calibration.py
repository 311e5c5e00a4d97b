"""The baseline as a measuring instrument: fitted once, stored, and used for looks in no time."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.core.verdict.calibrated import level, scores, shape, tails
from bot.core.verdict.calibrated.level import Averages
from bot.core.verdict.calibrated.panel import MINUTES_A_DAY, Floats, Panel, PanelError
from bot.core.verdict.calibrated.scores import LOOKS, WINDOW, Minutes, Score, Window
from bot.core.verdict.calibrated.tails import Largest, Tail

VERSION = 1
PSEUDO_EVERY = 10
"""Minutes between pseudo-deploys."""
PERSIST_EVERY = 2
"""A persistent rise must begin near T, so its pseudo-deploys lie closer."""
WARM_UP = 720
"""Pseudo-deploys begin after half a day of levels."""
FEWEST_PSEUDO = 600
"""With fewer pseudo-deploys the tails are guesses: see `Calibration.usable`."""
FEWEST_DAYS = 3
ALPHA = {Score.RISE: 0.003, Score.PERSIST: 0.0055, Score.FALL: 0.0015}
"""The probability of a false alarm in a release, by score; `fall` is two-sided only."""
WARN_FACTOR = 8.0
"""A watch line at so many times the odds of an alarm: 5 % in all."""
_LOWEST = {Score.RISE: 1.0, Score.PERSIST: 0.1, Score.FALL: 1.0}
_SLOPE = {Score.RISE: 0.434, Score.PERSIST: 0.05, Score.FALL: 0.434}
Span = tuple[int, int]
Moments = NDArray[np.intp]


@dataclass(frozen=True)
class Calibration:
    """Everything that one look needs; arrays are by type in the order of `keys`."""

    start: int
    end: int
    """Minutes since the epoch: the baseline was [start, end)."""
    keys: tuple[str, ...]
    digest: str
    """Of the baseline and of what was left out of it."""
    pseudo_deploys: int
    total: Floats
    """(types,): events in the baseline."""
    rates: Floats
    """(types, 144): events a minute and unit of exposure by time of day."""
    betas: Floats
    """(horizons, types, half-lives)."""
    over: Floats
    """(types, looks): 1 / kappa."""
    averages: Averages
    """At `end`."""
    tails: Mapping[Score, Tail] = field(default_factory=dict)
    largest: Mapping[Score, Largest] = field(default_factory=dict)

    @property
    def days(self) -> float:
        """How long the baseline is."""
        return (self.end - self.start) / MINUTES_A_DAY

    @property
    def fine(self) -> NDArray[np.bool_]:
        """(types,): which are frequent enough for blocks of three minutes."""
        a_minute = self.total / max(self.end - self.start, 1)
        return np.asarray(a_minute * WINDOW >= scores.FINE_NEEDS)

    @property
    def usable(self) -> bool:
        """Whether it may judge: three days and 600 pseudo-deploys."""
        return self.days >= FEWEST_DAYS and self.pseudo_deploys >= FEWEST_PSEUDO


def calibrate(panel: Panel, *, skip: Sequence[Span] = (), two_sided: bool = False) -> Calibration:
    """Fit expectation, scores' tails and cuts on the minutes before a deployment.

    `skip` are spans of minutes since the epoch (known incidents, real releases) in which no
    pseudo-deploy is made. Raises PanelError when there is no whole day.
    """
    lost = -panel.start % shape.BIN
    panel = panel.between(panel.start + lost, panel.end)
    if panel.minutes < MINUTES_A_DAY:
        raise PanelError(f"{panel.minutes} minutes, at least a day")
    known = panel.known
    counts = np.where(known, panel.counts, 0.0)
    fitted = shape.fit(panel)
    expects = np.where(known, shape.expected(fitted, panel), 0.0)
    past = level.averages(counts, expects)
    often = pseudo_deploys(panel, PSEUDO_EVERY, skip)
    minutes = Minutes(counts, expects)
    logs = past.logs()[:, often // level.STEP]
    betas = np.stack([_beta(logs, minutes, often, span) for span in scores.HORIZONS])
    window = _window(minutes, often, _rho(logs, betas))
    closer = pseudo_deploys(panel, PERSIST_EVERY, skip)
    over = scores.overdispersion(window) if len(often) else np.zeros((len(counts), len(LOOKS)))
    made = Calibration(
        start=panel.start,
        end=panel.end,
        keys=panel.keys,
        digest=panel.digest() + (f"-{list(skip)}" if skip else ""),
        pseudo_deploys=len(often),
        total=counts.sum(axis=1),
        rates=fitted.rates,
        betas=betas,
        over=over,
        averages=_at_end(past, counts, expects),
    )
    if len(often) < 2 or not panel.keys:
        return made
    return _with_tails(made, window, minutes, (often, closer), two_sided=two_sided)


def pseudo_deploys(panel: Panel, every: int, skip: Sequence[Span]) -> Moments:
    """Minutes from the panel's begin at which a release could have been, with whole windows."""
    moments = np.arange(WARM_UP, panel.minutes - WINDOW + 1, every)
    whole = np.concatenate([[0], np.cumsum(~panel.known)])
    fine = whole[moments + WINDOW] == whole[moments]
    for begin, end in skip:
        touches = (moments + WINDOW > begin - panel.start) & (moments < end - panel.start)
        fine &= ~touches
    return np.asarray(moments[fine])


def _beta(logs: Floats, minutes: Minutes, moments: Moments, span: int) -> Floats:
    seen, mean = (
        np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
        for x in (minutes.counts, minutes.shape)
    )
    if not len(moments):
        return np.zeros((len(seen), logs.shape[2]))
    return level.fit(
        logs, seen[:, moments + span] - seen[:, moments], mean[:, moments + span] - mean[:, moments]
    )


def _rho(logs: Floats, betas: Floats) -> Floats:
    return np.stack([level.rho(logs, beta) for beta in betas], axis=2)


def _window(minutes: Minutes, moments: Moments, rho: Floats) -> Window:
    after = moments[:, None] + np.arange(WINDOW)
    return Window(minutes.counts[:, after], minutes.shape[:, after], rho)


def _at_end(past: Averages, counts: Floats, expects: Floats) -> Averages:
    last = Averages(past.counts[:, -1], past.expected[:, -1])
    rest = counts.shape[1] % level.STEP
    if not rest:
        return last
    return level.continued(last, counts[:, -rest:], expects[:, -rest:])


def _with_tails(
    made: Calibration,
    window: Window,
    minutes: Minutes,
    moments: tuple[Moments, Moments],
    *,
    two_sided: bool,
) -> Calibration:
    seen, mean = scores.observed(window), scores.expected(window)
    mean = mean * scores.common(seen, mean)
    found = {Score.RISE: (scores.rise(seen, mean, made.over).max(axis=2), moments[0])}
    if two_sided:
        found[Score.FALL] = (scores.fall(seen, mean, made.over).max(axis=2), moments[0])
    found[Score.PERSIST] = (_persistence(minutes, moments[1], made.fine), moments[1])
    tail, most = {}, {}
    for score, (values, when) in found.items():
        limits = {"lowest": _LOWEST[score], "slope": _SLOPE[score]}
        days = when // MINUTES_A_DAY
        tail[score] = tails.fit(values, **limits)
        most[score] = tails.largest(tails.without_own_day(values, days, **limits))
    return _replaced(made, tail, most)


def _persistence(minutes: Minutes, moments: Moments, fine: NDArray[np.bool_]) -> Floats:
    # In parts, so that memory stays small with thousands of types.
    parts = np.array_split(moments, max(1, len(moments) // 500))
    found = [
        scores.persistence_by_volume(minutes, part, np.ones(len(part)), fine) for part in parts
    ]
    return np.concatenate(found, axis=1)


def _replaced(
    made: Calibration, tail: Mapping[Score, Tail], most: Mapping[Score, Largest]
) -> Calibration:
    return Calibration(**{**made.__dict__, "tails": dict(tail), "largest": dict(most)})


def to_json(made: Calibration) -> str:
    """Everything in it as JSON; arrays are base64 of little-endian doubles."""
    body = {
        "version": VERSION,
        "start": made.start,
        "end": made.end,
        "keys": list(made.keys),
        "digest": made.digest,
        "pseudo_deploys": made.pseudo_deploys,
        "tails": {s: [_packed(x) for x in _fields(t)] for s, t in made.tails.items()},
        "largest": {s: _fields(m) for s, m in made.largest.items()},
    }
    arrays = (made.total, made.rates, made.betas, made.over, *_fields(made.averages))
    return json.dumps({**body, "arrays": [_packed(x) for x in arrays]}, sort_keys=True)


def from_json(text: str) -> Calibration:
    """Read what `to_json` wrote. Raises PanelError on another version."""
    body = json.loads(text)
    if body["version"] != VERSION:
        raise PanelError(f"a calibration of version {body['version']}, not {VERSION}")
    total, rates, betas, over, counts, expects = map(_unpacked, body["arrays"])
    return Calibration(
        start=body["start"],
        end=body["end"],
        keys=tuple(body["keys"]),
        digest=body["digest"],
        pseudo_deploys=body["pseudo_deploys"],
        total=total,
        rates=rates,
        betas=betas,
        over=over,
        averages=Averages(counts, expects),
        tails={Score(s): Tail(*map(_unpacked, t)) for s, t in body["tails"].items()},
        largest={Score(s): Largest(*m) for s, m in body["largest"].items()},
    )


def _fields(value: object) -> list[Floats]:
    return list(vars(value).values())


Packed = tuple[list[int], str]


def _packed(values: Floats) -> Packed:
    data = base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()
    return list(values.shape), data


def _unpacked(packed: Packed) -> Floats:
    size, data = packed
    values = np.frombuffer(base64.b64decode(data), dtype=np.dtype("<f8"))
    return np.asarray(values.reshape(tuple(size)), dtype=np.float64)
