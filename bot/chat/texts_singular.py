"""What English says otherwise when there is only one: message key to count and template.

Translations have as many forms as their language; the count chooses among them.
"""

from __future__ import annotations

from typing import NamedTuple


class One(NamedTuple):
    """The template for one, and the parameter that is counted."""

    counted: str
    template: str


ONE: dict[str, One] = {
    "tally": One(
        "operations",
        "{operations} operation: {sharing} sharing, {deployment} deployment, "
        "{monitoring} monitoring; {people} by people",
    ),
    "question.votes": One("needed", "{votes} of {needed} approval"),
    "plan.title": One("steps", "Plan of {target}: {steps} step"),
    "check.numbers": One(
        "documents",
        "{documents} log line of any level since {since:time}; rule B sees a known error only "
        "when its rate is {multiple} times as high",
    ),
    "gap.unreadable": One("lines", "{lines} line of {file} cannot be read ({share:percent})"),
    "gap.unmapped": One(
        "documents",
        "{documents} log line in {index} cannot be counted by {field}: the mapping lacks it",
    ),
    "errors.title": One(
        "types", "Errors of {target} since {since:time} (#{release}): {types} type, {new} new"
    ),
    "errors.title_unreleased": One(
        "types", "Errors of {target} since {since:time}: {types} type, {new} new"
    ),
    "share.start.digest": One(
        "count", "{target}: release #{release} of {count} component begins ({components})"
    ),
    "step.failed": One("hosts", "{step}: {failed} of {hosts} host not done ({names}). {detail}"),
    "fact.planned": One("steps", "planned {target}: {steps} step"),
}
