"""What is said of a look and a contrast: a verdict with lines, counts and what stayed unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from math import isfinite, log, log10

from bot.core.baseline import lasting
from bot.core.calibrated.concurrent import Contrast, detection_limits
from bot.core.calibrated.table import Shown, largest, type_lines
from bot.core.level import level_name
from bot.core.minutes import moment_of
from bot.core.value import Text, text
from bot.core.verdict.calibrated import canary, evidence
from bot.core.verdict.calibrated.evidence import new_line
from bot.core.verdict.calibrated.judgement import Judgement
from bot.core.verdict.calibrated.rituals import is_ritual
from bot.core.verdict.verdict import Finding, Rule, TypeLine, Verdict

__all__ = ["Shown", "new_line", "verdict", "with_contrast"]

LINES_KEPT = 50
ON_CANARY = "canary "
"""Before the type in `Verdict.rarities`: the canary's own test."""
_NEW = frozenset({"calibrated.new", "calibrated.new_watch", "calibrated.variant"})
_RULES = {"calibrated.new": Rule.NEW, "calibrated.gone": Rule.GONE}
_RULES |= {"calibrated.canary_gone": Rule.GONE, "calibrated.gone_bounded": Rule.GONE}


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
    # How young the baseline is matters to nobody where the control is the expectation.
    others = [
        line
        for line in found.watch
        if str(line.params.get("type")) not in said and line.key != "calibrated.bounded"
    ]
    return replace(
        found,
        alarms=(*alarms, *found.alarms),
        watch=(*watch, *others),
        quiet=_quiet(contrast, {_key(line) for line in (*alarms, *found.alarms)}),
        reasons=reasons,
    )


def _quiet(contrast: Contrast, alarmed: Collection[str]) -> Text:
    """How the canary's other types were, and the rises that would have been alarms by now."""
    seen, share = contrast.evidence, contrast.split.share
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
    told = (*found.alarms, *found.watch)
    lines = type_lines(shown, {_key(line) for line in told if line.key in _NEW})
    say = names(shown)
    fresh = [a for a in found.alarms if say(_key(a)) not in situation.reported]
    limits = [line.limit for line in lines.values() if line.limit is not None]
    baseline = situation.policy.baseline / situation.time_scale
    start = situation.deploy_started - baseline
    end = situation.deploy_started
    if calibration is not None:
        start = moment_of(calibration.start, situation.minute)
        end = moment_of(calibration.end, situation.minute)
    newest, lag = shown.counts.newest, lasting(shown.counts.ingest_lag, situation.time_scale)
    return Verdict(
        comparison="calibrated",
        result=found.result,
        findings=tuple(_finding(line, shown, lines, say) for line in fresh[:LINES_KEPT]),
        reasons=found.reasons,
        baseline_start=start,
        baseline_end=end,
        observed_start=situation.restart_started,
        observed_end=situation.now,
        needed_multiple=min(limits, default=0.0),
        types=tuple(
            line.model_copy(update={"error_type": say(line.error_type)})
            for line in largest(lines, [_key(alarm) for alarm in found.alarms])
        ),
        documents=sum(shown.counts.windows[0].documents.values()),
        lag_seconds=(situation.now - newest).total_seconds() if newest else None,
        ingest_lag=lag.total_seconds() if lag else None,
        link=shown.counts.link,
        alarms=tuple(_said(line, say) for line in fresh[:LINES_KEPT]),
        watch=tuple(_said(line, say) for line in found.watch[:LINES_KEPT]),
        quiet=_said(found.quiet, say) if found.quiet else None,
        rarities=_rarities(shown),
    )


def names(shown: Shown) -> Callable[[str], str]:
    """How people know a type: without its level, where that is one of trouble and the only one."""
    calibration, policy = shown.prior.calibration, shown.situation.policy
    keys = {*shown.seen.keys, *(calibration.keys if calibration else ())}
    times = Counter(key.partition(" ")[2] for key in keys)
    trouble = {level_name(word) for word in policy.levels}

    def name(key: str) -> str:
        level, _, kind = key.partition(" ")
        return kind if level in trouble and times[kind] <= 1 else f"{kind} ({level})"

    return name


def _key(line: Text) -> str:
    return str(line.params.get("type", ""))


def _said(line: Text, say: Callable[[str], str]) -> Text:
    """The same line with names instead of keys."""
    keys = {name: str(line.params[name]) for name in ("type", "known") if line.params.get(name)}
    return line.model_copy(
        update={"params": {**line.params, **{name: say(key) for name, key in keys.items()}}}
    )


def _finding(
    line: Text, shown: Shown, lines: Mapping[str, TypeLine], say: Callable[[str], str]
) -> Finding:
    key = _key(line)
    name = key.partition(" ")[2]
    of_type = lines.get(key)
    window = shown.counts.windows[0]
    hosts = {row.host for row in window.types if row.error_type == name}
    sample = next((one.message for one in window.samples if one.error_type == name), "")
    return Finding(
        rule=_RULES.get(line.key, Rule.RISE),
        error_type=say(key),
        before=of_type.before if of_type else 0,
        after=int(line.params.get("seen") or 0),
        hosts=tuple(sorted(hosts)),
        sample=sample,
    )


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
