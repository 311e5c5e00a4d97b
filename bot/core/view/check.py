"""The card of a check: its rounds so far, the verdict, and the evidence as table and bars."""

from __future__ import annotations

from bot.core.card import Card, Cell, Chart, Row, Series, Table
from bot.core.release import Release, Round, Step, StepKind, StepState
from bot.core.value import Text, text
from bot.core.verdict.verdict import Finding, Result, Rule, TypeLine, Verdict
from bot.core.view.marks import times

BARS = 8


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
        chart=types_chart(step.rounds[-1].verdict.types) if step.rounds else None,
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
        lines.append(_round(item, policy.rounds))
        lines += [_finding(f) for f in item.verdict.findings]
        lines += list(item.verdict.reasons)
    if step.state is StepState.DONE and step.result is Result.PASS:
        lines.append(text("check.finished", step=step.id))
    if step.state is StepState.UNSURE and step.detail and step.detail not in lines:
        lines.append(step.detail)
    if step.state is StepState.CANCELLED:
        lines.append(text("check.cancelled", step=step.id))
    if step.next_at:
        at = step.next_at.isoformat()
        lines.append(text("check.next", round=step.round, rounds=policy.rounds, at=at))
    return lines


def _round(item: Round, rounds: int) -> Text:
    again = "check.round_repeated" if item.repeat else "check.round"
    return text(
        "check.round_late" if item.late else again,
        round=item.number,
        rounds=rounds,
        repeat=item.repeat,
        result=f"result.{item.verdict.result}",
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
    return text(
        "check.numbers",
        documents=verdict.documents,
        multiple=round(verdict.needed_multiple),
        since=verdict.observed_start.isoformat(),
        until=verdict.observed_end.isoformat(),
    )


def _evidence(verdict: Verdict) -> Table:
    """The table of a round: what broke a rule is marked, whichever rule it was."""
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


def _mark(line: TypeLine, failed: frozenset[str]) -> str:
    if line.error_type in failed:
        return str(Result.FAIL)
    return "new" if not line.before and line.after else ""


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
