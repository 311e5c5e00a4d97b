"""The card of a check: its rounds so far, the verdict, and the evidence as table and bars."""

from __future__ import annotations

from datetime import timedelta

from bot.core.card import Card, Cell, Chart, Row, Series, Table
from bot.core.release import Release, Round, Step, StepKind, StepState
from bot.core.value import Text, spell, text
from bot.core.verdict.verdict import Finding, Result, Rule, TypeLine, Verdict
from bot.core.view.marks import NOTHING, times

BARS = 8
WATCH_LINES = 5


def check(release: Release, step: Step) -> Card:
    """One check, brought up to date round by round."""
    word = check_word(step)
    return Card(
        kind="verdict",
        release=release.id,
        state=word or str(step.state),
        title=text("check.title", release=release.id, step=step.id, component=step.component),
        text=text(
            "check.running" if word == "running" else "check.text",
            release=release.id,
            step=step.id,
            result=f"verdict.word.{word or 'waiting'}",
            round=step.round,
            rounds=release.config.policies[step.component].rounds,
        ),
        lines=tuple(_lines(release, step)),
        fields=tuple(_links(step)),
        table=_evidence(step.rounds[-1].verdict) if step.rounds else None,
        chart=verdict_chart(step.rounds[-1].verdict) if step.rounds else None,
        at=step.rounds[-1].ran_at if step.rounds else step.started_at,
        footer=_numbers(step.rounds[-1].verdict) if step.rounds else None,
    )


def _links(step: Step) -> list[tuple[Text, Cell]]:
    link = step.rounds[-1].verdict.link if step.rounds else ""
    return [(text("check.link"), link)] if link else []


def check_word(step: Step) -> str:
    """How a check stands: only one whose rounds all passed says pass; empty before it began."""
    if step.kind is not StepKind.CHECK or step.state is StepState.WAITING:
        return ""
    if step.state is StepState.RUNNING and step.result is not Result.FAIL:
        return "running"
    if step.state is StepState.UNSURE:
        return str(Result.INCONCLUSIVE)
    if step.state in {StepState.RUNNING, StepState.DONE, StepState.FAILED}:
        return str(step.result)
    return str(step.state)


def _lines(release: Release, step: Step) -> list[Cell]:
    policy = release.config.policies[step.component]
    lines: list[Cell] = []
    # A round that was repeated is told once, as it was the last time.
    for item in {r.number: r for r in step.rounds}.values():
        # That a window was still open is no failed measurement.
        waits = sum(r.number == item.number and bool(r.verdict.open_until) for r in step.rounds)
        repeats = item.repeat - (waits if item.verdict.open_until is None else item.repeat)
        lines.append(_round(item, policy.rounds, repeats))
        lines += found_lines(item.verdict)
        if item.verdict.open_until is None or item.number == step.rounds[-1].number:
            lines += list(item.verdict.reasons)
    if step.rounds:
        lines += _beside(step.rounds[-1].verdict)
    if step.state is StepState.DONE and step.result is Result.PASS:
        watch = len(step.rounds[-1].verdict.watch)
        key = "check.finished_watch" if watch else "check.finished"
        lines.append(text(key, step=step.id, count=watch))
    if step.state is StepState.UNSURE and step.detail and step.detail not in lines:
        lines.append(step.detail)
    if step.state is StepState.CANCELLED:
        lines.append(text("check.cancelled", step=step.id))
    if step.next_at:
        at = step.next_at.isoformat()
        lines.append(text("check.next", round=step.round, rounds=policy.rounds, at=at))
    return lines


def found_lines(verdict: Verdict) -> list[Cell]:
    """What a round found, a line a type, with one message of each."""
    if not verdict.alarms:
        return [_finding(found) for found in verdict.findings]
    samples = [
        text("finding.sample", type=found.error_type, sample=found.sample)
        for found in verdict.findings
        if found.sample
    ]
    return [*verdict.alarms, *samples]


def _beside(verdict: Verdict) -> list[Cell]:
    """What is no alarm: types worth a look, how all others were, and how late lines are."""
    lines: list[Cell] = list(verdict.watch[:WATCH_LINES])
    if verdict.ingest_lag:
        lines.insert(0, text("check.late", lag=spell(timedelta(seconds=verdict.ingest_lag))))
    more = len(verdict.watch) - WATCH_LINES
    if more > 0:
        lines.append(text("check.more_watch", count=more))
    return lines + ([verdict.quiet] if verdict.quiet else [])


def _round(item: Round, rounds: int, repeats: int) -> Text:
    again = "check.round_repeated" if repeats > 0 else "check.round"
    return text(
        "check.round_late" if item.late else again,
        round=item.number,
        rounds=rounds,
        repeat=max(repeats, 0),
        result=f"result.{'open' if item.verdict.open_until else item.verdict.result}",
        at=item.ran_at.isoformat(),
    )


def _finding(found: Finding) -> Text:
    key = "finding.new" if found.rule is Rule.NEW else "finding.rise"
    return text(
        key,
        type=found.error_type,
        before=found.before,
        after=found.after,
        sample=found.sample,
    )


def _numbers(verdict: Verdict) -> Text:
    key = "check.numbers"
    if verdict.comparison != "seed-2020":
        canary = any(line.control is not None for line in verdict.types)
        key = "check.numbers_canary" if canary else "check.numbers_calibrated"
    return text(
        key,
        documents=verdict.documents,
        multiple=round(verdict.needed_multiple),
        since=verdict.observed_start.isoformat(),
        until=verdict.observed_end.isoformat(),
        start=verdict.baseline_start.isoformat(),
    )


def _evidence(verdict: Verdict) -> Table:
    """The table of a round: what broke a rule is marked, whichever rule it was."""
    if verdict.comparison != "seed-2020":
        return expected_table(verdict)
    return types_table(verdict.types, frozenset(f.error_type for f in verdict.findings))


def types_table(types: tuple[TypeLine, ...], failed: frozenset[str] = frozenset()) -> Table:
    """Counts by error type: before, after, and how many times the rate is."""
    header = ("column.type", "column.before", "column.after", "column.multiple")
    return Table(
        caption=text("check.table"),
        header=tuple(text(key) for key in header),
        rows=tuple(
            Row(
                cells=(
                    t.error_type,
                    str(t.before),
                    str(t.after),
                    times(t.multiple),
                ),
                state=_mark(t, failed),
            )
            for t in types
        ),
    )


def expected_table(verdict: Verdict) -> Table:
    """Counts against what was expected, with the range that fits them, and the control's."""
    canary = any(line.control is not None for line in verdict.types)
    columns = ["type", "expected", "seen", "multiple", "range", *(["control"] if canary else [])]
    failed = {found.error_type for found in verdict.findings}
    return Table(
        caption=text("check.table"),
        header=tuple(text(f"column.{name}") for name in columns),
        rows=tuple(
            Row(cells=_cells(line, canary=canary), state=_mark(line, frozenset(failed)))
            for line in verdict.types
        ),
    )


def _cells(line: TypeLine, *, canary: bool) -> tuple[Cell, ...]:
    known = line.expected is not None and line.low is not None and line.high is not None
    cells: tuple[Cell, ...] = (
        line.error_type,
        f"{line.expected:.1f}" if line.expected is not None else NOTHING,
        str(line.after),
        times(line.multiple),
        f"{times(line.low)} \N{EN DASH} {times(line.high)}" if known else NOTHING,
    )
    control = NOTHING if line.control is None else str(line.control)
    return (*cells, control) if canary else cells


def _mark(line: TypeLine, failed: frozenset[str]) -> str:
    if line.error_type in failed:
        return str(Result.FAIL)
    return "new" if not line.before and line.after and not line.expected else ""


def verdict_chart(verdict: Verdict) -> Chart | None:
    """Bars of a round: before and after, or what was expected and what was seen."""
    if verdict.comparison == "seed-2020":
        return types_chart(verdict.types)
    shown = verdict.types[:BARS]
    if not shown:
        return None
    expected = tuple(round(t.expected or 0.0, 1) for t in shown)
    return Chart(
        title=text("check.chart_expected"),
        categories=tuple(t.error_type for t in shown),
        series=(
            Series(name=text("column.expected"), values=expected),
            Series(name=text("column.seen"), values=tuple(float(t.after) for t in shown)),
        ),
    )


def types_chart(types: tuple[TypeLine, ...]) -> Chart | None:
    """Bars of the largest types, before and after; None where there is nothing to draw."""
    shown = types[:BARS]
    if not shown:
        return None
    return Chart(
        title=text("check.chart"),
        categories=tuple(t.error_type for t in shown),
        series=(
            Series(name=text("column.before"), values=tuple(float(t.before) for t in shown)),
            Series(name=text("column.after"), values=tuple(float(t.after) for t in shown)),
        ),
    )
