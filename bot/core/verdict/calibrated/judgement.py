"""The outcome of one look: fail on proof, pass only on complete data, otherwise inconclusive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10

from bot.core.value import Text, text
from bot.core.verdict.calibrated import evidence
from bot.core.verdict.calibrated.births import NewType
from bot.core.verdict.calibrated.calibration import (
    FEWEST_BOUNDED,
    FEWEST_PSEUDO,
    Calibration,
)
from bot.core.verdict.calibrated.canary import Evidence, Split
from bot.core.verdict.calibrated.look import Alarm, Look
from bot.core.verdict.calibrated.rituals import is_ritual
from bot.core.verdict.calibrated.scores import WINDOW
from bot.core.verdict.verdict import Result


@dataclass(frozen=True)
class Judgement:
    """What is said of one look."""

    result: Result
    alarms: tuple[Text, ...]
    """One line a type that failed, the least probable first."""
    watch: tuple[Text, ...]
    """Types that are suspicious, new or rising by ritual, and a rise common to all."""
    quiet: Text | None
    """How the other types were and what would have been seen; None where nothing could be."""
    reasons: tuple[Text, ...]
    """Why it may not pass."""


@dataclass(frozen=True)
class Seen:
    """Everything else that was seen beside the counts of known types."""

    gaps: tuple[Text, ...] = ()
    """What the log store could not count, lines under way, silent hosts: no pass with any."""
    new: Sequence[NewType] = ()
    canary: Evidence | None = None
    split: Split | None = None
    rituals: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """key -> its rarity in the last healthy releases."""


NOTHING_ELSE = Seen()


def judge(calibration: Calibration, look: Look, seen: Seen = NOTHING_ELSE) -> Judgement:
    """Put a look and what else was seen together.

    Late or missing lines could only add events: an alarm on them stands, a pass does not. A
    calibration on less than two days gives no alarm of its own; the canary's test and
    new types do not need it. A young one judges by a bound and is said to.
    """
    alarms: list[Text] = []
    watch: list[Text] = []
    for alarm in _one_a_type(look.alarms):
        ritual = _ritual(calibration, alarm, seen.rituals)
        proven = alarm.proven and calibration.usable and not ritual
        line = evidence.alarm_line(alarm, look, calibration)
        (alarms if proven else watch).append(line)
    alarms += _canary_lines(seen)
    for new in seen.new:
        (alarms if new.alarm else watch).append(evidence.new_line(new))
    if calibration.bounded:
        moments, wanted = calibration.pseudo_deploys, FEWEST_PSEUDO
        watch.append(text("calibrated.bounded", moments=moments, wanted=wanted))
    if look.common > 1:
        watch.append(text("calibrated.common", factor=round(look.common, 1)))
    reasons = (*seen.gaps, *_reasons(calibration, look, seen))
    result = Result.FAIL if alarms else Result.INCONCLUSIVE if reasons else Result.PASS
    quiet = evidence.quiet_line(calibration, look) if calibration.tails else None
    return Judgement(result, tuple(alarms), tuple(watch), quiet, reasons)


def _one_a_type(alarms: Sequence[Alarm]) -> list[Alarm]:
    # They come in order of weight: what two scores saw is told once.
    first: dict[str, Alarm] = {}
    for alarm in alarms:
        first.setdefault(alarm.key, alarm)
    return list(first.values())


def _ritual(calibration: Calibration, alarm: Alarm, past: Mapping[str, Sequence[float]]) -> bool:
    cut = -log10(calibration.alphas[alarm.score])
    return is_ritual(alarm.key, alarm.rarity, past, cut=cut)


def _canary_lines(seen: Seen) -> list[Text]:
    found, split = seen.canary, seen.split
    if found is None or split is None or not found.alarmed:
        return []
    keys = sorted({*found.alarmed, *found.flagged}, key=found.keys.index)
    return [
        evidence.canary_line(key, found, float(split.share[split.keys.index(key)])) for key in keys
    ]


def _reasons(calibration: Calibration, look: Look, seen: Seen) -> list[Text]:
    found: list[Text] = []
    if not calibration.usable:
        found.append(
            text(
                "calibrated.short_baseline",
                days=round(calibration.days, 1),
                needed=2,
                moments=calibration.pseudo_deploys,
                moments_needed=FEWEST_BOUNDED,
            )
        )
    if look.elapsed < WINDOW:
        found.append(text("calibrated.window_open", minutes=look.elapsed, needed=WINDOW))
    missing = look.missing + (seen.canary.missing if seen.canary else 0)
    if missing:
        found.append(text("calibrated.missing_minutes", count=missing))
    return found
