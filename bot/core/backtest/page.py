"""A backtest as one HTML file that needs nothing else: tables, intervals, every case in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from bot.core.backtest.case import Label
from bot.core.backtest.plots import intervals, timeline, waits
from bot.core.backtest.score import FEWEST, Replayed, Score, Share, cases, parts
from bot.core.value import Moment, Value
from bot.core.verdict.verdict import Result

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #656d76; --line: #d0d7de;
  --paper: #fff; --pass: #2da44e; --fail: #cf222e; --inconclusive: #bf8700 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #8d96a0; --line: #3d444d;
  --paper: #0d1117; --pass: #3fb950; --fail: #f85149; --inconclusive: #d29922 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
p.note, figcaption { color: var(--soft) } figure { margin: 1rem 0; overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
td.number { text-align: right } .pass { fill: var(--pass); color: var(--pass) }
.fail { fill: var(--fail); color: var(--fail) }
.inconclusive { fill: var(--inconclusive); color: var(--inconclusive) }
svg { max-width: 100%; min-width: 40rem; height: auto } svg circle { fill: var(--ink) }
svg text { fill: var(--ink); font-size: 12px; white-space: pre;
  paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round }
svg text.figure { fill: var(--soft) } svg text.bound { fill: var(--fail) }
svg .axis { stroke: var(--soft) } svg .grid { stroke: var(--line) }
svg .bar { stroke: var(--ink); stroke-width: 2 }
svg .limit { stroke: var(--fail); stroke-width: 2; stroke-dasharray: 4 3 }
"""


class Subject(Value):
    """What the page is about."""

    target: str
    at: Moment
    """When the backtest was made (UTC)."""
    max_false_fail: float
    """The limit below which the upper 95 % bound must lie."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the data; shown as they are."""


def page(subject: Subject, scores: Sequence[Score], found: Sequence[Replayed]) -> str:
    """Write the page; everything that comes from logs and people is escaped."""
    title = f"Backtest of {escape(subject.target)}"
    limit = f"{subject.max_false_fail:.1%}"
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in subject.notes)
    sections = (
        f"<h1>{title}</h1>",
        f"<p class=note>Made {subject.at:%Y-%m-%d %H:%M} UTC. {_counted(found)}</p>{notes}",
        "<h2>How often it was wrong</h2>",
        _figure(
            intervals(scores, subject.max_false_fail),
            "False fails of good releases, with the 95 % interval (Wilson). A policy may roll back "
            f"by itself when the upper end is below {limit} on {FEWEST} or more.",
        ),
        _scores(scores, subject.max_false_fail),
        "<h2>How soon it saw</h2>",
        _figure(waits(found), "Minutes from the deploy to the fail, by policy."),
        "<h2>Every case</h2>",
        _figure(timeline(found), "Each mark is a case at the time of its deploy."),
        _worth_reading(found),
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        "<meta http-equiv=Content-Security-Policy "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style>{''.join(sections)}</html>\n"
    )


def _counted(found: Sequence[Replayed]) -> str:
    judged = cases(found)
    releases = "release" if judged.releases == 1 else "releases"
    return (
        f"{judged.releases} {releases}, {judged.bad} of them bad, "
        f"and {judged.pseudo} pseudo-releases."
    )


def _figure(drawing: str, caption: str) -> str:
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"


def _scores(scores: Sequence[Score], limit: float) -> str:
    head = (
        "policy", "component", "false fails", "95 % interval", "missed",
        "not measured", "minutes to the fail", "minutes saved", "may roll back",
    )  # fmt: skip
    rows = (
        (
            escape(s.policy),
            escape(s.component or "all"),
            _of(s.false_fails),
            f"{s.false_fails.low:.1%} to {s.false_fails.high:.1%}",
            _of(s.missed),
            _of(s.unmeasured),
            _number(s.minutes),
            _number(s.saved),
            "yes" if all(one.allows(limit) for one in parts(scores, s)) else "no",
        )
        for s in scores
    )
    return _table(head, rows)


def _of(share: Share) -> str:
    return f"{share.count} of {share.of}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _worth_reading(found: Iterable[Replayed]) -> str:
    """The cases where policy and label disagree, or nothing was measured."""
    head = ("component", "case", "began (UTC)", "label", "policy", "result", "why")
    rows = [
        (
            escape(r.case.component),
            escape(r.case.name),
            f"{r.case.began:%Y-%m-%d %H:%M}",
            r.case.label,
            escape(r.policy),
            f"<span class={r.result}>{r.result}</span>",
            escape(", ".join(r.types) or ", ".join(reason.key for reason in r.reasons)),
        )
        for r in found
        if _wrong(r)
    ]
    if not rows:
        return "<p>No case was judged wrongly, and every one could be measured.</p>"
    return f"<h2>Wrong, or not measured ({len(rows)})</h2>{_table(head, rows)}"


def _wrong(found: Replayed) -> bool:
    if found.case.label is Label.GOOD:
        return found.result is not Result.PASS
    return found.result is not Result.FAIL
