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
    "backtest.cases": One("real", "{real} release ({bad} bad) and {pseudo} pseudo-releases"),
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
    "check.round_repeated": One(
        "repeat", "Round {round} of {rounds} at {at:time}, after {repeat} repeat: {result:text}"
    ),
    "errors.title": One(
        "rows",
        "Errors of {subject} since {since:day} ({releases}): "
        "{rows} error type by component, {new} new",
    ),
    "errors.title_each": One(
        "rows",
        "Errors of {subject} since the last deployment of each component ({releases}): "
        "{rows} error type by component, {new} new",
    ),
    "errors.title_since": One(
        "rows",
        "Errors of {subject} since {since:day}: {rows} error type by component, {new} new",
    ),
    "errors.title_between": One(
        "rows",
        "Errors of {subject} from {since:day} to {until:day}: "
        "{rows} error type by component, {new} new",
    ),
    "share.start.digest": One(
        "count", "{target}: release #{release} of {count} component begins ({components})"
    ),
    "step.failed": One("hosts", "{step}: {failed} of {hosts} host not done ({names}). {detail}"),
    "slack.start.more": One(
        "count", "Version of {count} more component: write component=VERSION in a line."
    ),
    "line.need": One(
        "pushes",
        "LINE: at most {pushes} push; messages to all members: {messages}; "
        "left this month: {left} of {limit}",
    ),
    "line.need_too_many": One(
        "pushes",
        "LINE: up to {pushes} push; messages to all members: {messages}, but left this month: "
        "{left} of {limit}. The end and the shares may not be sent; ask for the status",
    ),
    "line.need_unlimited": One(
        "pushes", "LINE: at most {pushes} push; messages to all members: {messages}"
    ),
    "event.step_progressed": One("hosts", "{step}: {state:state}, {done} of {hosts} host done"),
    "calibrated.new": One(
        "hosts",
        "NEW {type}: {seen} on {hosts} host, never seen before; 1 in {odds} healthy releases",
    ),
    "calibrated.new_watch": One(
        "hosts",
        "new, watch {type}: {seen} on {hosts} host; 1 in {odds} healthy releases shows such a one",
    ),
    "calibrated.variant": One("hosts", "new variant of {known}: {type}, {seen} on {hosts} host"),
    "fact.planned": One("steps", "planned {target}: {steps} step"),
}
