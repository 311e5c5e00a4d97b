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

from bench import templates
from bench.judging import canaries, deploys, goals, newborn, robust, speed, worlds
from bench.judging.deploys import Outcome, Size
from bench.judging.figures import CLASSES, RISES, Recall
from bench.judging.tables import table
from bench.judging.worlds import World

DATA = Path("../shared/data")
FULL = Size(nulls=3200, injections=600)
QUICK = Size(nulls=60, injections=15)
QUICK_DAYS = 13
ROBUST_DAYS = 20
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
    born, upset, seconds = (None, None, {}) if outside else _beside(data, missing, quick=quick)
    return {
        "quick": quick,
        "seconds": round(time.perf_counter() - began, 1),
        "missing": missing,
        "backgrounds": {name: _as_json(outcome) for name, outcome in outcomes.items()},
        "new_types": None if born is None else _newborn_json(born),
        "robustness": None if upset is None else _robust_json(upset),
        "speed": {
            name: {"seconds": value, "limit": speed.LIMITS.get(name)}
            for name, value in seconds.items()
        },
        "goals": goals.judge(outcomes, born, upset) | _mined(data, quick=quick or bool(outside)),
    }


def _mined(data: Path, *, quick: bool) -> dict[str, goals.Goal]:
    """Goal G10, of error types from messages; a quick run leaves it to bench.templates."""
    if quick:
        return {}
    try:
        found: dict[str, goals.Goal] = templates.measure(data, quick=False)["goals"]
    except ValueError as error:
        return {"G10": goals.goal(None, reason=str(error))}
    return found


Beside = tuple[newborn.Newborn | None, dict[str, robust.Found], dict[str, float]]


def _beside(data: Path, missing: list[str], *, quick: bool) -> Beside:
    """New types, bad data and CPU: everything that is no background of releases."""
    born = None
    folder = data / "loghub-2k"
    if all((folder / name).is_dir() for name in newborn.LOGS):
        born = newborn.run(data, injections=20 if quick else 200, step=60 if quick else 5)
    else:
        missing.append(f"S3 is left out: no {folder}; the data is {newborn.SOURCE}")
    world = worlds.synthetic("S1", days=QUICK_DAYS if quick else ROBUST_DAYS)
    upset = robust.run(world, releases=12 if quick else 100, seed=SEED)
    return born, upset, speed.measure(*((50, 4) if quick else (500, 20)))


def _newborn_json(found: newborn.Newborn) -> dict[str, Any]:
    recall = {
        f"{events} events on {hosts} hosts": one.as_json()
        for (events, hosts), one in sorted(found.found.items())
    }
    return {
        "false": found.false.as_json(),
        "watched": found.watched.as_json(),
        "recall": recall,
    }


def _robust_json(found: dict[str, robust.Found]) -> dict[str, Any]:
    return {
        name: {
            "usable": one.usable,
            "passed": one.passed.as_json(),
            "false": one.false.as_json(),
            "failed": one.failed.as_json(),
        }
        for name, one in found.items()
    }


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "calibrating_cpu_seconds": round(outcome.calibrating_seconds, 3),
        "look_cpu_milliseconds": round(outcome.look_milliseconds, 3),
        "odds": {str(odd): found.as_json() for odd, found in outcome.odds.items()},
        "methods": {name: _method_json(m, outcome) for name, m in outcome.methods.items()},
    }


def _method_json(method: deploys.Method, outcome: Outcome) -> dict[str, Any]:
    made = {
        "false": method.false.as_json(),
        "types_flagged": round(method.types_flagged, 4),
        "recall": {f"{rise:g}x": _recalls(method.recall, rise) for rise in RISES},
    }
    if method.slower.found:
        made["slower"] = {f"{rise:g}x": _recalls(method.slower, rise) for rise in RISES}
        made["slower_is"] = "on one host" if "canary" in outcome.name else "over 5 min"
    return made


def _recalls(recall: Recall, rise: float) -> dict[str, Any]:
    rows = {}
    for size in CLASSES:
        found, minutes = recall.of(rise, size)
        if found.n:
            median = None if math.isnan(minutes) else minutes
            rows[size] = {**found.as_json(), "minutes": median}
    return rows


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
    options.add_argument(
        "--data", type=Path, default=DATA, help="the folder with nab/ and loghub-2k/"
    )
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
