"""How well error types are mined from messages, with one configuration for all systems.

`python -m bench.templates [--dataset DIR] [--quick] [--json]`. A folder is one in loghub-2k's form
(`NAME_2k.log_structured.csv` with Content, EventId and EventTemplate, packed or not), or holds
such folders. Without one all samples of ../shared/data are read. GA and FGA: bench/judging/
grouping.py. Lines a second are of one core: `cold` mines and names what was never seen
before, `warm` names again with everything in its caches, `long` names joined lines (520
characters) with nothing known. Births: see grouping.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.judging.goals import Goal
from bench.judging.grouping import births, births_live, grouping, mined, stability
from bench.judging.loghub import SOURCE, Sample, samples
from bot.core.mining.templates import Templates

DATA = Path("../shared/data")
SEED = 2020
BIRTHS = ("Linux", "Zookeeper", "BGL")
"""The systems whose births are judged: they were watched for weeks."""
GA, FGA, RATE, STABLE, INFLATION = 0.95, 0.92, 100_000, 0.995, 0.05
SYSTEMS = 16
"""How many systems loghub-2k has; fewer do not decide goal G10."""
REPEATS = 20
LONG = 520
"""Characters of the long lines: several short ones joined."""
Row = dict[str, Any]


def row(sample: Sample, *, quick: bool) -> Row:
    """The figures of one system."""
    found = mined(sample.lines)
    ga, fga = grouping(found, sample.truth)
    made: Row = {
        "name": sample.name,
        "lines": len(sample.lines),
        "templates": len(set(found)),
        "truth": len(set(sample.truth)),
        "ga": ga,
        "fga": fga,
        "stability": stability(sample.lines, SEED),
        **_births(sample, found),
    }
    if not quick:
        made["rates"] = rates(sample.lines)
    return made


def _births(sample: Sample, found: Sequence[str]) -> Row:
    true = births(sample.times, sample.truth) if sample.times else 0
    if not true:
        return {"births": None}
    return {
        "births": {
            "truth": true,
            "mined": births(sample.times, found),
            "live": births_live(sample),
        }
    }


def rates(lines: Sequence[str]) -> dict[str, float]:
    """Lines a second of one core, for these lines and for joined ones of about 520 characters."""
    templates = Templates().learn(lines)
    size = max(1, round(LONG / max(1.0, fmean(map(len, lines)))))
    joined = [" ".join(lines[at : at + size]) for at in range(0, len(lines), size)]
    return {
        "cold": _rate(lambda: Templates().learn(lines), lines, 1),
        "warm": _rate(lambda: templates, lines, REPEATS),
        "long": _rate(Templates, joined, 1),
    }


def _rate(make: Callable[[], Templates], lines: Sequence[str], repeats: int) -> float:
    began = time.process_time()
    templates = make()
    for _ in range(repeats):
        for line in lines:
            templates.name(line)
    return len(lines) * repeats / (time.process_time() - began)


def measure(folder: Path, *, quick: bool) -> Row:
    """All systems of a folder, by what they were judged by: the original and the corrected truth.

    Raises ValueError for a folder without samples, or a table that is none.
    """
    groups: dict[str, list[Row]] = {}
    every: list[str] = []
    for sample in samples(folder):
        kind = "corrected" if sample.corrected else "original"
        groups.setdefault(kind, []).append(row(sample, quick=quick))
        every += () if sample.corrected else sample.lines
    if not groups:
        raise ValueError(f"no *_2k.log_structured.csv below {folder}; get it from {SOURCE}")
    result: Row = {"quick": quick, "folder": folder.name, "sets": groups}
    result["averages"] = {name: _average(rows) for name, rows in groups.items()}
    if every and not quick:
        result["rates"] = rates(every)
    judged = groups.get("original") or groups["corrected"]
    result["goals"] = {"G10": goal(judged, result.get("rates"))}
    return result


def _average(rows: Sequence[Row]) -> Row:
    return {
        "ga": fmean(one["ga"] for one in rows),
        "fga": fmean(one["fga"] for one in rows),
        "stability": min(min(one["stability"].values()) for one in rows),
        "systems": len(rows),
    }


def goal(rows: Sequence[Row], speed: dict[str, float] | None) -> Goal:
    """Goal G10; null when there are not all sixteen systems, or the speed was not measured."""
    average = _average(rows)
    gas = [one["ga"] for one in rows]
    inflations = [inflation(one) for one in rows if one["name"] in BIRTHS and one["births"]]
    met = (
        average["ga"] >= GA
        and average["fga"] >= FGA
        and average["stability"] >= STABLE
        and all(abs(one) <= INFLATION for one in inflations)
        and (speed is None or speed["cold"] >= RATE)
    )
    decided = len(rows) >= SYSTEMS and speed is not None
    value = round(average["ga"], 5)
    return {
        "met": met if decided or not met else None,
        "value": value,
        "low": round(min(gas), 5),
        "high": round(max(gas), 5),
        "n": len(rows),
    }


def inflation(one: Row) -> float:
    """By how much more types are born than in truth, as a share."""
    return float(one["births"]["mined"] / one["births"]["truth"] - 1)


def table(result: Row) -> str:
    """The figures for people."""
    lines = []
    for name, rows in result["sets"].items():
        lines += ["", f"{name} ground truth", _HEAD]
        lines += [_line(one) for one in sorted(rows, key=lambda one: str(one["name"]))]
        average = result["averages"][name]
        lines.append(f"{'average':<12}{average['ga']:>7.3f}{average['fga']:>7.3f}")
    if "rates" in result:
        lines += ["", "all original lines, mixed: lines a second of one core"]
        lines.append("  " + "  ".join(f"{k} {v:,.0f}" for k, v in result["rates"].items()))
    found = result["goals"]["G10"]
    word = {True: "met", False: "NOT met", None: "not judged"}[found["met"]]
    missing = f"; {SYSTEMS - found['n']} of {SYSTEMS} systems are missing: {SOURCE}"
    lines += ["", f"G10 {word}{missing if found['n'] < SYSTEMS else ''}"]
    return "\n".join(lines[1:])


_HEAD = (
    f"{'':<12}{'GA':>7}{'FGA':>7}{'types':>7}{'truth':>7}"
    f"{'shuffled':>10}{'restarted':>10}{'split':>7}  births: truth mined live"
    f"{'cold/s':>10}{'warm/s':>10}"
)


def _line(one: Row) -> str:
    stable, born, speed = one["stability"], one["births"], one.get("rates")
    shown = (
        f"{born['truth']:>13}{born['mined']:>6}{born['live']:>5}" if born else f"{'-':>13}{'':>11}"
    )
    fast = f"{speed['cold']:>10,.0f}{speed['warm']:>10,.0f}" if speed else ""
    return (
        f"{one['name']:<12}{one['ga']:>7.3f}{one['fga']:>7.3f}"
        f"{one['templates']:>7}{one['truth']:>7}{stable['shuffled']:>10.4f}"
        f"{stable['restarted']:>10.4f}{stable['split']:>7.4f}  {shown}{fast}"
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--dataset", type=Path, default=DATA, metavar="DIR")
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--quick", action="store_true", help="without lines a second")
    chosen = options.parse_args()
    try:
        result = measure(chosen.dataset, quick=chosen.quick)
    except ValueError as error:
        sys.exit(str(error))
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
