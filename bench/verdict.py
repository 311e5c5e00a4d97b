"""How often the calibrated verdict is wrong and what it sees, beside rivals on the same releases.

`python -m bench.verdict [--quick] [--json] [--only NAME]... [--releases N] [--data DIR]
[--background NAME=FILE]...`. All seeds are fixed. A background from outside is a CSV of
`minute,type,count` (ISO minutes in UTC, at least 11 days) or NAB's `timestamp,value`, one type.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import templates
from bench.judging import canaries, deploys, faults, goals, newborn, robust, speed, worlds
from bench.judging.deploys import Outcome, Size
from bench.judging.figures import CLASSES, RISES, Recall
from bench.judging.tables import table
from bench.judging.worlds import World

DATA = Path("../shared/data")
QUICK_DAYS = 13
ROBUST_DAYS = 20
SEED = 2020
Job = Callable[[], Any]


@dataclass(frozen=True)
class Effort:
    """How much is run."""

    size: Size
    days: int | None = None
    """Of each background; None: all of them."""
    born: tuple[int, int] = (200, 5)
    """Injections of new types, and minutes between healthy releases."""
    robust: tuple[int, int] = (100, ROBUST_DAYS)
    """Releases with bad data, and days of their background."""
    speed: tuple[int, int] = (500, 20)
    mined: bool = False
    """Whether error types are mined too."""
    defects: bool = True
    """Whether the logs with injected defects are read."""


EFFORTS = {
    "full": Effort(Size(nulls=3200, injections=600), mined=True),
    "quick": Effort(Size(nulls=60, injections=15), QUICK_DAYS, (20, 60), (12, QUICK_DAYS), (50, 4)),
    "smoke": Effort(
        Size(nulls=4, injections=1), 11, (2, 600), (2, QUICK_DAYS), (10, 2), defects=False
    ),
}
"""Full takes up to an hour, quick two minutes on two quiet cores, smoke some seconds."""


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


def jobs(data: Path, outside: dict[str, Path], effort: Effort) -> tuple[dict[str, Job], list[str]]:
    """What is run, by name, the longest first; and a line for each source that is missing."""
    size, days = effort.size, effort.days
    if outside:
        return {name: partial(_outside, name, path, size) for name, path in outside.items()}, []
    made: dict[str, Job] = {}
    missing = []
    nab, loghub = data / "nab", data / "loghub-2k"
    if nab.is_dir():
        made["S2"] = partial(_tweets, nab, size, days)
    else:
        missing.append(f"S2 is left out: no {nab}; the data is {worlds.NAB_SOURCE}")
    made |= {name: partial(_synthetic, name, size, days) for name in ("S1b", "S1", "S1q")}
    made["S1b, canary"] = partial(_canary_synthetic, "S1b", size, days)
    if nab.is_dir():
        made["S2, canary"] = partial(_canary_tweets, nab, size, days)
    if all((loghub / name).is_dir() for name in newborn.LOGS):
        injections, step = effort.born
        made["S3"] = partial(newborn.run, data, injections=injections, step=step)
    else:
        missing.append(f"S3 is left out: no {loghub}; the data is {newborn.SOURCE}")
    if not (data / "trainticket").is_dir():
        missing.append(f"S4 is left out: no {data / 'trainticket'}; the data is {faults.SOURCE}")
    elif effort.defects:
        made["S4"] = partial(faults.run, data / "trainticket")
    made["S6"] = partial(_robust, *effort.robust)
    made["speed"] = partial(speed.measure, *effort.speed)
    if effort.mined:
        made["G10"] = partial(_mined, data)
    return made, missing


def _robust(releases: int, days: int) -> dict[str, robust.Found]:
    return robust.run(worlds.synthetic("S1", days=days), releases=releases, seed=SEED)


def _mined(data: Path) -> dict[str, goals.Goal]:
    """Goal G10, of error types from messages."""
    try:
        found: dict[str, goals.Goal] = templates.measure(data, quick=False)["goals"]
    except ValueError as error:
        return {"G10": goals.goal(None, reason=str(error))}
    return found


def _call(job: Job) -> Any:
    return job()


def found_by(todo: dict[str, Job], cores: int) -> Iterator[tuple[str, Any]]:
    """Run everything and give each result, with its name, as soon as it is there."""
    if cores < 2:
        yield from ((name, job()) for name, job in todo.items())
        return
    with ProcessPoolExecutor(cores) as pool:
        names = {pool.submit(_call, job): name for name, job in todo.items()}
        for done in as_completed(names):
            yield names[done], done.result()


def measure(found: dict[str, Any], missing: list[str]) -> dict[str, Any]:
    """Put together what was found so far, and judge the goals by it."""
    outcomes = {name: one for name, one in found.items() if isinstance(one, Outcome)}
    born, defects, upset = (found.get(name) for name in ("S3", "S4", "S6"))
    return {
        "missing": missing,
        "backgrounds": {name: _as_json(outcome) for name, outcome in outcomes.items()},
        "new_types": None if born is None else _newborn_json(born),
        "defects": None
        if defects is None
        else {name: one.as_json() for name, one in defects.items()},
        "robustness": None if upset is None else _robust_json(upset),
        "speed": {
            name: {"seconds": value, "limit": speed.LIMITS.get(name)}
            for name, value in found.get("speed", {}).items()
        },
        "goals": goals.judge(outcomes, born, upset, defects) | found.get("G10", {}),
    }


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


def options() -> argparse.ArgumentParser:
    """What may be said on the command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--json", action="store_true", help="one JSON object")
    made.add_argument("--quick", action="store_true", help="two minutes, judges nothing")
    made.add_argument("--smoke", action="store_true", help="seconds: only that all of it runs")
    made.add_argument("--data", type=Path, default=DATA, help="the folder with nab/, loghub-2k/")
    made.add_argument("--cores", type=int, default=2, help="processes, 2 by default")
    made.add_argument("--releases", type=int, help="healthy releases of each background")
    made.add_argument(
        "--only", action="append", default=[], metavar="NAME", help='such as "S2" or "S2, canary"'
    )
    made.add_argument(
        "--background", action="append", default=[], type=_background, metavar="NAME=FILE"
    )
    return made


def chosen(asked: argparse.Namespace) -> tuple[dict[str, Job], list[str]]:
    """What is to be run. Raises ValueError for a name that there is not."""
    effort = EFFORTS["smoke" if asked.smoke else "quick" if asked.quick else "full"]
    if asked.releases:
        size = Size(asked.releases, max(1, asked.releases * 3 // 16))
        effort = replace(effort, size=size)
    todo, missing = jobs(asked.data, dict(asked.background), effort)
    unknown = sorted(set(asked.only) - set(todo))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: there is {'; '.join(todo)}")
    return {
        name: job for name, job in todo.items() if not asked.only or name in asked.only
    }, missing


def main() -> None:
    """Measure and print; what is done is shown on standard error while the rest still runs."""
    asked = options().parse_args()
    began, found = time.perf_counter(), dict[str, Any]()
    try:
        todo, missing = chosen(asked)
        for name, one in found_by(todo, asked.cores):
            found[name] = one
            seconds = time.perf_counter() - began
            print(f"\n== {name}, {len(found)} of {len(todo)}, {seconds:.0f} s", file=sys.stderr)
            print(table(measure({name: one}, []), goals=False), file=sys.stderr, flush=True)
    except ValueError as error:
        sys.exit(str(error))
    whole = {"quick": asked.quick or asked.smoke, "seconds": round(time.perf_counter() - began, 1)}
    result = whole | measure(found, missing)
    print(json.dumps(result) if asked.json else table(result))


if __name__ == "__main__":
    main()
