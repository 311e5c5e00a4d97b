"""What the bot says about backtests: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "help.backtest": "how often a policy would have been wrong in the past",
    "backtest.running": "Backtest of {target}: {percent} %",
    "backtest.reading": "Reading the logs of {component}: day {day} of {days}",
    "backtest.judging": "Judging {component}: {cases} cases by {policies} policies",
    "backtest.begun": "Backtest of {target}: begun. Progress and result come into the room.",
    "backtest.busy": "A backtest of {target} is under way.",
    "backtest.failed": "Backtest of {target}: came to nothing",
    "backtest.stopped": "The bot was stopped meanwhile; say backtest {target} again.",
    "backtest.no_logs": "No component of {target} is monitored, so there is nothing to judge.",
    "backtest.no_history": (
        "The logs of {component} do not reach back far enough: {days} days, and at least "
        "{needed} are needed."
    ),
    "backtest.log_store": "The logs of {component} cannot be counted: {detail}",
    "backtest.done": "Backtest of {target}",
    "backtest.cases": "{real} releases ({bad} bad) and {pseudo} pseudo-releases",
    "backtest.may": (
        "{policy}: {fails} false fails of {of}, surely under {high}: may roll back by itself"
    ),
    "backtest.may_not": (
        "{policy}: {fails} false fails of {of}, up to {high}: acts as ask (rolling back by itself "
        "needs {fewest} cases and less than {limit})"
    ),
    "backtest.may_some": (
        "{policy}: {fails} false fails of {of}; may roll back by itself without {components}, "
        "which act as ask (rolling back by itself needs {fewest} cases of each and less than "
        "{limit})"
    ),
    "backtest.table": "False fails by policy and component; at most: the 95 % interval's end",
    "backtest.of": "{count} of {all}",
    "backtest.all": "all",
    "backtest.chart": "False fails in per cent",
    "backtest.at_once": (
        "{component}: nobody knows when documents arrived, so each counts from its own time on"
    ),
    "backtest.missing_minutes": "Nothing is known of {count} minutes that were watched",
    "backtest.short_baseline": "Only {share} of the baseline is known",
    "column.policy": "Policy",
    "column.false_fails": "False fails",
    "column.at_most": "At most",
    "column.missed": "Missed",
    "column.unmeasured": "Not measured",
    "column.minutes": "Minutes to the fail",
}
