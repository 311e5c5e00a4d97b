"""A calibration as text: what one process fitted, another one reads back bit by bit."""

from __future__ import annotations

import base64
import json

import numpy as np

from bot.core.verdict.calibrated.calibration import Calibration
from bot.core.verdict.calibrated.level import Averages
from bot.core.verdict.calibrated.panel import Floats, PanelError
from bot.core.verdict.calibrated.scores import Score
from bot.core.verdict.calibrated.tails import Bounded, Largest, Tail

VERSION = 5
_RULES: dict[str, type[Largest | Bounded]] = {"moments": Largest, "bound": Bounded}


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
        "rule": "bound" if made.bounded else "moments",
        "largest": {s: _fields(m) for s, m in made.largest.items()},
        "alphas": dict(made.alphas),
    }
    arrays = (
        made.total,
        made.rates,
        made.weekday,
        made.betas,
        made.over,
        made.follow,
        *_fields(made.averages),
    )
    return json.dumps({**body, "arrays": [_packed(x) for x in arrays]}, sort_keys=True)


def from_json(text: str) -> Calibration:
    """Read what `to_json` wrote. Raises PanelError on another version."""
    body = json.loads(text)
    if body["version"] != VERSION:
        raise PanelError(f"a calibration of version {body['version']}, not {VERSION}")
    rule = _RULES[body["rule"]]
    total, rates, weekday, betas, over, follow, counts, expects = map(_unpacked, body["arrays"])
    return Calibration(
        start=body["start"],
        end=body["end"],
        keys=tuple(body["keys"]),
        digest=body["digest"],
        pseudo_deploys=body["pseudo_deploys"],
        total=total,
        rates=rates,
        weekday=weekday,
        betas=betas,
        over=over,
        follow=follow,
        averages=Averages(counts, expects),
        tails={Score(s): Tail(*map(_unpacked, t)) for s, t in body["tails"].items()},
        largest={Score(s): rule(*m) for s, m in body["largest"].items()},
        alphas={Score(s): alpha for s, alpha in body["alphas"].items()},
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
