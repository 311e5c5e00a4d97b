"""What is said of a look and a contrast: a verdict with lines, counts and what stayed unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite, log, log10

import numpy as np

from bot.core.calibrated.concurrent import Contrast, detection_limits
from bot.core.calibrated.observed import Observed
from bot.core.calibrated.prior import Prior
from bot.core.counts import Counts
from bot.core.minutes import moment_of
from bot.core.value import Text, text
from bot.core.verdict.calibrated import canary, evidence
from bot.core.verdict.calibrated.evidence import new_line
from bot.core.verdict.calibrated.judgement import Judgement
from bot.core.verdict.calibrated.look import Look
from bot.core.verdict.calibrated.rituals import is_ritual
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Finding, Rule, TypeLine, Verdict

__all__ = ["Shown", "new_line", "verdict", "with_contrast"]

TYPES_SHOWN = 20
LINES_KEPT = 50
ON_CANARY = "canary "
"""Before the type in `Verdict.rarities`: the canary's own test."""
_RULES = {"calibrated.new": Rule.NEW, "calibrated.gone": Rule.GONE}
_RULES |= {"calibrated.canary_gone": Rule.GONE}


@dataclass(frozen=True)
class Shown:
    """Everything that a verdict is made of."""

    situation: Situation
    counts: Counts
    prior: Prior
    seen: Observed
    look: Look | None
    contrast: Contrast | None


def with_contrast(
    found: Judgement, contrast: Contrast, rituals: Mapping[str, tuple[float, ...]]
) -> Judgement:
    """Add what the canary's own test says; it needs neither calibration nor a complete window."""
    alarms: list[Text] = []
    watch: list[Text] = []
    told = {str(line.params.get("type")) for line in found.alarms}
    for key in _strongest(contrast):
        if key in told:
            continue
        (watch if _is_ritual(key, contrast, rituals) else alarms).append(_line(key, contrast))
    watch += [_line(key, contrast) for key in contrast.watched]
    alarms += [
        _gone_line(key, contrast) for key in (contrast.gone.alarmed if contrast.gone else ())
    ]
    reasons = found.reasons
    if contrast.evidence.missing and not any(r.key == _MISSING for r in reasons):
        reasons = (*reasons, text(_MISSING, count=contrast.evidence.missing))
    said = {str(line.params.get("type")) for line in (*alarms, *watch)}
    others = [line for line in found.watch if str(line.params.get("type")) not in said]
    return replace(
        found,
        alarms=(*alarms, *found.alarms),
        watch=(*watch, *others),
        quiet=_quiet(contrast),
        reasons=reasons,
    )


def _quiet(contrast: Contrast) -> Text:
    """How the canary's other types were, and the rises that would have been alarms by now."""
    seen, share = contrast.evidence, contrast.split.share
    alarmed = {*seen.alarmed, *seen.flagged}
    rows = [n for n, key in enumerate(seen.keys) if key not in alarmed]
    mean = seen.control * share / (1 - share)
    ratios = [float(seen.canary[n] / mean[n]) for n in rows if mean[n] >= 2]
    limits = detection_limits(contrast)
    finite = sorted((limit, key) for key, limit in limits.items() if isfinite(limit))
    return text(
        "calibrated.quiet_canary" if finite else "calibrated.quiet_few",
        count=len(rows),
        largest=round(max(ratios, default=0.0), 1),
        limit=round(finite[0][0], 1) if finite else None,
        type=finite[0][1] if finite else "",
        rare=round(finite[len(finite) // 2][0], 1) if finite else None,
    )


_MISSING = "calibrated.missing_minutes"


def _strongest(contrast: Contrast) -> list[str]:
    found = contrast.evidence
    keys = {*found.alarmed, *found.flagged} if found.alarmed else set()
    return sorted(keys, key=lambda key: (-found.log_e[found.keys.index(key)], key))


def _is_ritual(key: str, contrast: Contrast, rituals: Mapping[str, tuple[float, ...]]) -> bool:
    found = contrast.evidence
    cut = log10(len(found.keys) / canary.ALPHA)
    value = float(found.log_e[found.keys.index(key)]) / log(10)
    return is_ritual(f"{ON_CANARY}{key}", value, rituals, cut=cut)


def _line(key: str, contrast: Contrast) -> Text:
    split = contrast.split
    share = float(split.share[split.keys.index(key)])
    return evidence.canary_line(key, contrast.evidence, share)


def _gone_line(key: str, contrast: Contrast) -> Text:
    row = contrast.split.keys.index(key)
    share = float(contrast.split.share[row])
    mine = float(contrast.evidence.canary[row])
    others = float(contrast.evidence.control[row])
    return text(
        "calibrated.canary_gone",
        type=key,
        seen=int(mine),
        mean=round(others * share / (1 - share), 1),
        control=int(others),
        after=contrast.gone.at.get(key, 0) if contrast.gone else 0,
    )


def verdict(shown: Shown, found: Judgement) -> Verdict:
    """The verdict that rooms show and the journal keeps; only what was not reported yet."""
    situation, calibration = shown.situation, shown.prior.calibration
    lines = _canary_types(shown) if shown.contrast else _types(shown)
    fresh = [a for a in found.alarms if str(a.params.get("type")) not in situation.reported]
    limits = [line.limit for line in lines.values() if line.limit is not None]
    baseline = situation.policy.baseline / situation.time_scale
    start = situation.deploy_started - baseline
    end = situation.deploy_started
    if calibration is not None:
        start = moment_of(calibration.start, situation.minute)
        end = moment_of(calibration.end, situation.minute)
    newest = shown.counts.newest
    return Verdict(
        comparison="calibrated",
        result=found.result,
        findings=tuple(_finding(line, shown, lines) for line in fresh[:LINES_KEPT]),
        reasons=found.reasons,
        baseline_start=start,
        baseline_end=end,
        observed_start=situation.restart_started,
        observed_end=situation.now,
        needed_multiple=min(limits, default=0.0),
        types=_largest(lines, [str(a.params.get("type")) for a in found.alarms]),
        documents=sum(shown.counts.windows[0].documents.values()),
        lag_seconds=(situation.now - newest).total_seconds() if newest else None,
        link=shown.counts.link,
        alarms=tuple(fresh[:LINES_KEPT]),
        watch=found.watch[:LINES_KEPT],
        quiet=found.quiet,
        rarities=_rarities(shown),
    )


def _finding(line: Text, shown: Shown, lines: Mapping[str, TypeLine]) -> Finding:
    key = str(line.params["type"])
    name = key.partition(" ")[2]
    of_type = lines.get(key)
    window = shown.counts.windows[0]
    hosts = {row.host for row in window.types if row.error_type == name}
    sample = next((one.message for one in window.samples if one.error_type == name), "")
    return Finding(
        rule=_RULES.get(line.key, Rule.RISE),
        error_type=key,
        before=of_type.before if of_type else 0,
        after=int(line.params.get("seen") or 0),
        hosts=tuple(sorted(hosts)),
        sample=sample,
    )


def _largest(lines: Mapping[str, TypeLine], alarmed: Iterable[str]) -> tuple[TypeLine, ...]:
    first = {key: n for n, key in enumerate(alarmed)}
    order = sorted(
        lines.values(),
        key=lambda t: (first.get(t.error_type, len(first)), -t.after, -t.before, t.error_type),
    )
    return tuple(order[:TYPES_SHOWN])


def _types(shown: Shown) -> dict[str, TypeLine]:
    """All hosts together, since the end of the restart, against the baseline."""
    look, calibration = shown.look, shown.prior.calibration
    lines = _unexpected(shown)
    if look is None or calibration is None:
        return lines
    limits = evidence.detection_limits(calibration, look)
    rows = np.flatnonzero((look.seen > 0) | (look.mean >= 0.05))
    shortest = np.argsort(-np.maximum(look.seen, look.mean)[rows], kind="stable")
    alarmed = {look.keys.index(alarm.key) for alarm in look.alarms}
    for row in {*rows[shortest[:TYPES_SHOWN]].tolist(), *alarmed}:
        key, seen, mean = look.keys[row], float(look.seen[row]), float(look.mean[row])
        low, high = evidence.interval(seen, mean, float(look.over[row]))
        limit = limits[key]
        lines[key] = TypeLine(
            error_type=key,
            before=int(calibration.total[row]),
            after=int(seen),
            multiple=seen / max(mean, 1e-9) if mean > 0 else None,
            expected=round(mean, 2),
            low=round(low, 2),
            high=round(high, 2),
            limit=round(limit, 2) if isfinite(limit) else None,
        )
    return lines


def _canary_types(shown: Shown) -> dict[str, TypeLine]:
    """The canary since its restart, against the same minutes of the control."""
    contrast, found = shown.contrast, _unexpected(shown)
    if contrast is None:
        return found
    seen, share = contrast.evidence, contrast.split.share
    mean = seen.control * share / (1 - share)
    rows = np.argsort(-np.maximum(seen.canary, mean), kind="stable")[:TYPES_SHOWN]
    before, limits = _totals(shown), detection_limits(contrast)
    for row in {*rows.tolist(), *(seen.keys.index(key) for key in seen.flagged)}:
        key, mine, others = seen.keys[row], float(seen.canary[row]), float(seen.control[row])
        # The mean is estimated from the control's own Poisson count.
        over = float(contrast.split.dispersion[row]) / max(others, 0.5)
        low, high = evidence.interval(mine, max(float(mean[row]), 1e-3), over)
        found[key] = TypeLine(
            error_type=key,
            before=before.get(key, 0),
            after=int(mine),
            multiple=mine / float(mean[row]) if mean[row] > 0 else None,
            expected=round(float(mean[row]), 2),
            low=round(low, 2),
            high=round(high, 2),
            limit=round(limits[key], 2) if isfinite(limits[key]) else None,
            control=int(others),
        )
    return found


def _totals(shown: Shown) -> dict[str, int]:
    calibration = shown.prior.calibration
    if calibration is None:
        return {}
    return {key: int(n) for key, n in zip(calibration.keys, calibration.total, strict=True)}


def _unexpected(shown: Shown) -> dict[str, TypeLine]:
    """Types that the baseline does not know."""
    control = set(shown.situation.control)
    known = set(shown.prior.calibration.keys) if shown.prior.calibration else set()
    hosts = [host for host in shown.seen.hosts if host not in control]
    return {
        key: TypeLine(error_type=key, before=0, after=count, multiple=None)
        for key, (count, _) in shown.seen.totals(hosts).items()
        if key not in known
    }


def _rarities(shown: Shown) -> dict[str, float]:
    alarms = shown.look.alarms if shown.look else ()
    found = {alarm.key: round(alarm.rarity, 3) for alarm in alarms}
    contrast = shown.contrast
    if contrast is None:
        return found
    for key in _strongest(contrast):
        value = float(contrast.evidence.log_e[contrast.evidence.keys.index(key)]) / log(10)
        found[f"{ON_CANARY}{key}"] = round(value, 3)
    return found
