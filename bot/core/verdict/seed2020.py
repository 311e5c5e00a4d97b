"""Policy `seed-2020`: the rule of the OpenChat team's talk of 2020, faithful and nearly blind.

With T0 the start of the component's deploy, ERROR and WARN are counted by type over
[T0 - 10 d, T0) and [T0, now). Trouble is A) a type with 0 before and 1 or more after, and B) a
type with more after than before (raw totals of windows of unequal length, on purpose).
Source: the procedure in docs/architecture.md; rule B needs a rise of baseline / observation,
14,400 minutes over the minutes elapsed, before it sees anything: each verdict prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.core.config.policy import Policy
from bot.core.counts import CountRequest, Counts, Window, WindowCounts
from bot.core.value import Text, spell, text
from bot.core.verdict.verdict import Finding, Result, Rule, TypeLine, Verdict

TYPES_SHOWN = 20
FINDINGS_KEPT = 50
UNDER_WAY = "check.under_way"
"""The reason of a round whose last lines have not arrived yet."""


def request(
    policy: Policy,
    component: str,
    *,
    deploy_started: datetime,
    restart_ended: datetime,
    now: datetime,
    time_scale: float,
) -> CountRequest:
    """The windows of a round: baseline, everything since the deploy, and since the restart.

    The last one tells whether the restarted hosts are alive; it takes no part in the comparison.
    """
    baseline = policy.baseline / time_scale
    return CountRequest(
        component=component,
        windows=(
            Window(start=deploy_started - baseline, end=deploy_started),
            Window(start=deploy_started, end=now),
            Window(start=min(restart_ended, now), end=now),
        ),
        levels=policy.levels,
        samples=True,
    )


def totals(counts: WindowCounts) -> dict[str, int]:
    """Documents by error type, all hosts and levels together."""
    by_type: dict[str, int] = {}
    for row in counts.types:
        by_type[row.error_type] = by_type.get(row.error_type, 0) + row.count
    return by_type


def findings(
    before: Mapping[str, int], after: Mapping[str, int], reported: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Rules A and B over raw totals, without the types that were reported already."""
    known = set(reported)
    found: list[Finding] = []
    for name in sorted(after):
        count, base = after[name], before.get(name, 0)
        if count < 1 or name in known or count <= base:
            continue
        rule = Rule.NEW if base == 0 else Rule.RISE
        found.append(Finding(rule=rule, error_type=name, before=base, after=count))
    return tuple(found)


def multiple(before: int, after: int, *, baseline: timedelta, observed: timedelta) -> float | None:
    """Rate after / rate before; None when nothing was counted before or no time has passed."""
    if before == 0 or not observed:
        return None
    return (after / observed.total_seconds()) / (before / baseline.total_seconds())


def judge(
    counts: Counts, *, reported: Iterable[str] = (), reasons: tuple[Text, ...] = ()
) -> Verdict:
    """One round: fail beats inconclusive, since missing documents could only add findings.

    `reasons` are what the honesty rules found wrong with the counts beforehand.
    """
    base, seen = counts.windows[:2]
    before, after = totals(base), totals(seen)
    found = tuple(_with_evidence(f, seen) for f in findings(before, after, reported))
    result = Result.FAIL if found else Result.INCONCLUSIVE if reasons else Result.PASS
    newest = counts.newest
    return Verdict(
        result=result,
        findings=found[:FINDINGS_KEPT],
        reasons=reasons,
        baseline_start=base.window.start,
        baseline_end=base.window.end,
        observed_start=seen.window.start,
        observed_end=seen.window.end,
        needed_multiple=_needed(base.window, seen.window),
        types=_lines(before, after, base.window, seen.window),
        documents=sum(seen.documents.values()),
        lag_seconds=(seen.window.end - newest).total_seconds() if newest else None,
        link=counts.link,
    )


def awaited(verdict: Verdict, *, ends: datetime, lag: timedelta) -> Verdict:
    """The verdict of a log store whose documents are so late: the window ends so much later.

    `ends` is when the window of the round is over. A fail stands, as what is still under way
    could only add to it; a pass is none until all of the window has arrived.
    """
    late = verdict.model_copy(update={"ingest_lag": lag.total_seconds()})
    if verdict.result is not Result.PASS or verdict.observed_end >= ends + lag:
        return late
    reason = text(UNDER_WAY, lag=spell(lag), at=(verdict.observed_end - lag).isoformat())
    changed = {"open_until": ends + lag, "reasons": (reason,), "result": Result.INCONCLUSIVE}
    return late.model_copy(update=changed)


def _needed(baseline: Window, observed: Window) -> float:
    seconds = observed.length.total_seconds()
    return baseline.length.total_seconds() / seconds if seconds else 0.0


def _with_evidence(finding: Finding, seen: WindowCounts) -> Finding:
    hosts = sorted({r.host for r in seen.types if r.error_type == finding.error_type})
    sample = next((s.message for s in seen.samples if s.error_type == finding.error_type), "")
    return finding.model_copy(update={"hosts": tuple(hosts), "sample": sample})


def _lines(
    before: Mapping[str, int], after: Mapping[str, int], baseline: Window, observed: Window
) -> tuple[TypeLine, ...]:
    names = sorted(set(before) | set(after), key=lambda n: (-after.get(n, 0), -before.get(n, 0), n))
    return tuple(
        TypeLine(
            error_type=name,
            before=before.get(name, 0),
            after=after.get(name, 0),
            multiple=multiple(
                before.get(name, 0),
                after.get(name, 0),
                baseline=baseline.length,
                observed=observed.length,
            ),
        )
        for name in names[:TYPES_SHOWN]
    )


def no_evidence(
    reason: Text, *, policy: Policy, deploy_started: datetime, now: datetime
) -> Verdict:
    """The verdict of a round that could not count: inconclusive, with the reason."""
    return Verdict(
        result=Result.INCONCLUSIVE,
        reasons=(reason,),
        baseline_start=deploy_started - policy.baseline,
        baseline_end=deploy_started,
        observed_start=deploy_started,
        observed_end=now,
        needed_multiple=0.0,
    )


def summary(verdict: Verdict) -> Text:
    """One line about a verdict for boards and journals."""
    if verdict.result is Result.FAIL and verdict.findings:
        first = verdict.findings[0]
        return text(
            "verdict.fail",
            count=len(verdict.findings),
            type=first.error_type,
            before=first.before,
            after=first.after,
        )
    if verdict.result is Result.PASS:
        return text("verdict.pass", multiple=round(verdict.needed_multiple))
    return verdict.reasons[0] if verdict.reasons else text("verdict.unexplained")
