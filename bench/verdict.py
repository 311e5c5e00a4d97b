"""How often the calibrated verdict is wrong and what it sees, beside rivals on the same releases.

`python -m bench.verdict [--quick] [--json] [--data DIR] [--background NAME=FILE]...`. All seeds
are fixed. A background from outside is a CSV of `minute,type,count` (ISO minutes in UTC, at least
11 days) or NAB's `timestamp,value`, one type.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from bench.judging import canaries, deploys, goals, worlds
from bench.judging.deploys import Outcome, Size
from bench.judging.figures import CLASSES, RISES
from bench.judging.worlds import World

DATA = Path("../shared/data")
FULL = Size(nulls=3200, injections=600)
QUICK = Size(nulls=60, injections=15)
QUICK_DAYS = 13
SEED = 2020
Job = Callable[[], Outcome]


def _synthetic(name: str, size: Size, days: int | None) -> Outcome:
    return deploys.run(worlds.synthetic(name, days=days), size, SEED)


def _tweets(folder: Path, size: Size, days: int | None) -> Outcome:
    return deploys.run(_cut(worlds.tweets(folder), days), size, SEED)


def _outside(name: str, path: Path, size: Size) -> Outcome:
    return deploys.run(worlds.from_file(name, path), size, SEED)


def _canary_tweets(folder: Path, size: Size, days: int | None) -> Outcome:
    return canaries.run(_cut(worlds.tweets(folder), days), size, SEED)


def _canary_synthetic(name: str, size: Size, days: int | None) -> Outcome:
    return canaries.run(worlds.synthetic(name, days=days), size, SEED)


def _cut(world: World, days: int | None) -> World:
    return world if days is None else world.between(0, days * worlds.DAY)


def jobs(data: Path, outside: dict[str, Path], *, quick: bool) -> tuple[list[Job], list[str]]:
    """What is run, and a line for each source that is missing."""
    size, days = (QUICK, QUICK_DAYS) if quick else (FULL, None)
    made: list[Job] = [partial(_outside, name, path, size) for name, path in outside.items()]
    if outside:
        return made, []
    made += [partial(_synthetic, name, size, days) for name in ("S1b", "S1", "S1q")]
    made.append(partial(_canary_synthetic, "S1b", size, days))
    folder, missing = data / "nab", []
    if folder.is_dir():
        made += [partial(_tweets, folder, size, days), partial(_canary_tweets, folder, size, days)]
    else:
        missing.append(f"S2 is left out: no {folder}; the data is {worlds.NAB_SOURCE}")
    return made, missing


def _call(job: Job) -> Outcome:
    return job()


def measure(data: Path, outside: dict[str, Path], *, quick: bool) -> dict[str, Any]:
    """Run everything, on two cores unless quick, and judge the goals."""
    began = time.perf_counter()
    todo, missing = jobs(data, outside, quick=quick)
    if quick:
        found = [job() for job in todo]
    else:
        with ProcessPoolExecutor(2) as pool:
            found = list(pool.map(_call, todo))
    outcomes = {outcome.name: outcome for outcome in found}
    return {
        "quick": quick,
        "seconds": round(time.perf_counter() - began, 1),
        "missing": missing,
        "backgrounds": {name: _as_json(outcome) for name, outcome in outcomes.items()},
        "goals": goals.judge(outcomes),
    }


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "calibrating_cpu_seconds": round(outcome.calibrating_seconds, 3),
        "look_cpu_milliseconds": round(outcome.look_milliseconds, 3),
        "methods": {
            name: {
                "false": method.false.as_json(),
                "types_flagged": round(method.types_flagged, 4),
                "recall": {f"{rise:g}x": _recalls(method, rise) for rise in RISES},
            }
            for name, method in outcome.methods.items()
        },
    }


def _recalls(method: deploys.Method, rise: float) -> dict[str, Any]:
    rows = {}
    for size in CLASSES:
        found, minutes = method.recall.of(rise, size)
        if found.n:
            median = None if math.isnan(minutes) else minutes
            rows[size] = {**found.as_json(), "minutes": median}
    return rows


def table(result: dict[str, Any]) -> str:
    """The tables of section 4 of the specification, printed anew."""
    lines = list(result["missing"])
    for name, background in result["backgrounds"].items():
        lines += ["", f"{name}: false alarms per healthy release (95 %)"]
        for method, row in background["methods"].items():
            false = row["false"]
            span = f"{false['low']:.4f}-{false['high']:.4f}"
            lines.append(f"  {method:<28} {false['value']:.4f}  {span}  n {false['n']}")
        lines += ["", f"{name}: recall / median minutes by expected events in 15 minutes"]
        lines.append(f"  {'':<34}" + "".join(f"{size:>10}" for size in CLASSES))
        for method, row in background["methods"].items():
            for rise, cells in row["recall"].items():
                shown = "".join(f"{_cell(cells.get(size)):>10}" for size in CLASSES)
                lines.append(f"  {method:<28} {rise:>4} {shown}")
    lines += ["", "Goals"]
    for name, goal in result["goals"].items():
        word = {True: "met", False: "NOT met", None: "not judged"}[goal["met"]]
        value = "" if goal["value"] is None else f"{goal['value']:.4f} (n {goal['n']})"
        lines.append(f"  {name:<4} {word:<11} {value}")
    return "\n".join(lines)


def _cell(cell: dict[str, Any] | None) -> str:
    if cell is None:
        return "-"
    minutes = "" if cell["minutes"] is None else f"/{cell['minutes']:.0f}"
    return f"{cell['value']:.2f}{minutes}"


def _background(word: str) -> tuple[str, Path]:
    name, sign, path = word.partition("=")
    if not sign or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"write NAME=FILE; {path or word} is no file")
    return name, Path(path)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--quick", action="store_true", help="two minutes, judges nothing")
    options.add_argument("--data", type=Path, default=DATA, help="the folder with nab/ in it")
    options.add_argument(
        "--background", action="append", default=[], type=_background, metavar="NAME=FILE"
    )
    chosen = options.parse_args()
    try:
        result = measure(chosen.data, dict(chosen.background), quick=chosen.quick)
    except ValueError as error:
        sys.exit(str(error))
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
