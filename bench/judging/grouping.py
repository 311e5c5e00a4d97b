"""How well lines are grouped by template, how stable names are, and how many types are born.

GA and FGA are those of Jiang et al., "A Large-Scale Evaluation for Log Parsing Techniques"
(ISSTA 2024): only a group with exactly the lines of a true one is right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime, timedelta

from bench.judging.loghub import Sample
from bot.core.mining.templates import StoredTemplates, Templates

MEMORY = timedelta(days=10)
"""What was not seen for so long is born again, as with a baseline of ten days."""
WORKERS = 4


def grouping(found: Sequence[Hashable], truth: Sequence[Hashable]) -> tuple[float, float]:
    """Grouping accuracy (share of lines in right groups) and F1 of the groups."""
    sizes, wanted = Counter(found), Counter(truth)
    pairs = Counter(zip(found, truth, strict=True))
    right = [n for (one, other), n in pairs.items() if n == sizes[one] == wanted[other]]
    return sum(right) / len(truth), 2 * len(right) / (len(sizes) + len(wanted))


def mined(lines: Sequence[str]) -> list[str]:
    """The name of each line when all are mined at once."""
    templates = Templates().learn(lines)
    return [templates.name(line) for line in lines]


def stability(lines: Sequence[str], seed: int) -> dict[str, float]:
    """The share of lines that keep their name, by what was done to their stream.

    `restarted`: the first half was named before the restart, and its names are resolved after.
    """
    names = mined(lines)
    mixed = list(enumerate(lines))
    random.Random(seed).shuffle(mixed)  # noqa: S311 - no secret
    shuffled = dict(zip((at for at, _ in mixed), mined([line for _, line in mixed]), strict=True))
    half = len(lines) // 2
    first = Templates().learn(lines[:half])
    given = [first.name(line) for line in lines]
    kept = StoredTemplates.model_validate_json(first.stored().model_dump_json())
    second = Templates.restored(kept).learn(lines[half:])
    split = Templates()
    for worker in range(WORKERS):
        split = split.united(Templates().learn(lines[worker::WORKERS]))
    return {
        "shuffled": _same(names, [shuffled[at] for at in range(len(lines))]),
        "restarted": _same(names, [second.resolve(name) for name in given]),
        "split": _same(names, [split.name(line) for line in lines]),
    }


def _same(one: Sequence[str], other: Sequence[str]) -> float:
    return sum(map(str.__eq__, one, other)) / len(one)


def births(times: Iterable[datetime], types: Iterable[str]) -> int:
    """How many lines are of a type that was not seen in the ten days before.

    Those of the first ten days are not counted: nothing is remembered yet.
    """
    seen: dict[str, datetime] = {}
    count, warm = 0, None
    for time, one in sorted(zip(times, types, strict=True)):
        warm = warm or time + MEMORY
        count += time >= warm and (one not in seen or time - seen[one] >= MEMORY)
        seen[one] = time
    return count


def births_live(sample: Sample) -> int:
    """The births that the bot would see: it mines after ten days and learns at each day's end.

    A message names itself until then; what is remembered is resolved when templates generalise.
    """
    ranked = sorted(zip(sample.times, sample.lines, strict=True))
    warm = ranked[0][0] + MEMORY
    early = [line for time, line in ranked if time < warm]
    templates = Templates().learn(early)
    seen = {templates.name(line): time for time, line in ranked if time < warm}
    count, until, fresh = 0, warm + timedelta(days=1), list[str]()
    for time, line in ranked[len(early) :]:
        if time >= until:
            templates = templates.learn(fresh)
            seen = _resolved(seen, templates)
            until = time + timedelta(days=1)
            fresh = []
        fresh.append(line)
        name = templates.name(line)
        count += name not in seen or time - seen[name] >= MEMORY
        seen[name] = time
    return count


def _resolved(seen: dict[str, datetime], templates: Templates) -> dict[str, datetime]:
    kept: dict[str, datetime] = {}
    for name, time in seen.items():
        now = templates.resolve(name)
        kept[now] = max(time, kept.get(now, time))
    return kept
