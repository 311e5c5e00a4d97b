"""The tables of the verdict's specification, section 4, printed anew from the JSON object."""

from __future__ import annotations

from typing import Any

from bench.judging.figures import CLASSES

Row = dict[str, Any]


def table(result: dict[str, Any], *, goals: bool = True) -> str:
    """Everything that was measured, for people; without `goals` a part of it."""
    lines = list(result["missing"])
    for name, background in result["backgrounds"].items():
        lines += _background(name, background)
    lines += (
        _newborn(result["new_types"]) + _defects(result["defects"]) + _robust(result["robustness"])
    )
    if result["speed"]:
        lines += ["", "CPU seconds (wanted at most)"]
        for name, row in result["speed"].items():
            lines.append(f"  {name:<16} {row['seconds']:8.3f}  ({row['limit']})")
    if not goals:
        return "\n".join(lines)
    lines += ["", "Goals"]
    for name, goal in result["goals"].items():
        word = {True: "met", False: "NOT met", None: "not judged"}[goal["met"]]
        value = "" if goal["value"] is None else f"{goal['value']:.4f} (n {goal['n']})"
        lines.append(f"  {name:<4} {word:<11} {value} {goal.get('reason', '')}".rstrip())
    return "\n".join(lines)


def _background(name: str, background: Row) -> list[str]:
    lines = ["", f"{name}: false alarms per healthy release (95 %)"]
    for method, row in background["methods"].items():
        lines.append(f"  {method:<28} {_share(row['false'])}")
    lines += ["", f"{name}: recall / median minutes by expected events in 15 minutes"]
    lines.append(f"  {'':<34}" + "".join(f"{size:>10}" for size in CLASSES))
    for method, row in background["methods"].items():
        lines += _recalls(method, row["recall"])
        if "slower" in row:
            lines += _recalls(f"{method}, {row['slower_is']}", row["slower"])
    if background["odds"]:
        lines += ["", f"{name}: printed odds, and how often healthy releases print them"]
        lines += [f"  1 in {1 / float(k):<6.0f} {_share(v)}" for k, v in background["odds"].items()]
    return lines


def _recalls(label: str, rises: Row) -> list[str]:
    return [
        f"  {label:<28} {rise:>4} " + "".join(f"{_cell(cells.get(size)):>10}" for size in CLASSES)
        for rise, cells in rises.items()
    ]


def _share(row: Row) -> str:
    return f"{row['value']:.4f}  {row['low']:.4f}-{row['high']:.4f}  n {row['n']}"


def _cell(cell: Row | None) -> str:
    if cell is None:
        return "-"
    minutes = "" if cell["minutes"] is None else f"/{cell['minutes']:.0f}"
    return f"{cell['value']:.2f}{minutes}"


def _newborn(found: Row | None) -> list[str]:
    if not found:
        return []
    lines = ["", f"S3: false alarms by new types  {_share(found['false'])}"]
    lines.append(f"S3: single events listed       {_share(found['watched'])}")
    return lines + [f"  {name:<24} {_share(row)}" for name, row in found["recall"].items()]


def _defects(ways: Row | None) -> list[str]:
    if not ways:
        return []
    heads = ("defects found (95 %)", "after", "false a window", "shown before", "others blamed")
    lines = ["", "S4: {:<14}{:>28} {:>8} {:>20} {:>13} {:>14}".format("", *heads)]
    for name, row in ways.items():
        wrong = f"{row['false_services_a_window']:.2f}, n {row['windows']}"
        after = "-" if row["seconds"] is None else f"{row['seconds']:.0f} s"
        lines.append(
            f"  {name:<16}{_share(row['found']):>28} {after:>8} {wrong:>20}"
            f" {row['found_before']['value']:>13.2f} {row['other_services_a_defect']:>14.2f}"
        )
    return [*lines, "  By requests is measured here only: no policy reads them."]


def _robust(found: Row | None) -> list[str]:
    if not found:
        return []
    lines = ["", f"S6: {'':<30} {'passed':>8} {'false':>8} {'10x found':>10}"]
    for name, row in found.items():
        figures = (row["passed"]["value"], row["false"]["value"], row["failed"]["value"])
        usable = "" if row["usable"] else "  not usable: none may pass"
        lines.append(f"  {name:<32} {figures[0]:8.2f} {figures[1]:8.2f} {figures[2]:10.2f}{usable}")
    return lines
