"""What the bot says about policy `calibrated`: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "calibrated.bounded": (
        "The baseline is young: {moments} moments to compare with, {wanted} are wanted; until then "
        "only what Bonferroni's bound calls rare is an alarm"
    ),
    "calibrated.up_bounded": (
        "UP x{ratio} ({low}-{high}) {type}: {seen} in {minutes} min, {mean} expected at this hour; "
        "by Bonferroni's bound at most 1 in {odds} healthy releases; since minute {after}"
    ),
    "calibrated.gone_bounded": (
        "GONE x{ratio} ({low}-{high}) {type}: {seen} in {minutes} min, {mean} expected; by "
        "Bonferroni's bound at most 1 in {odds} healthy releases; since minute {after}"
    ),
    "calibrated.canary_gone": (
        "GONE on the canary {type}: {seen}, {mean} expected from {control} on the other hosts; "
        "since minute {after}"
    ),
    "calibrated.canary_together": (
        "UP x{ratio} on the canary {type}: {seen}, {mean} expected from {control} on the other "
        "hosts; proof together with the other types that rose"
    ),
    "calibrated.canary_watch": (
        "up, watch x{ratio} on the canary {type}: {seen}, {mean} expected from {control} on the "
        "other hosts"
    ),
    "calibrated.quiet_canary": (
        "quiet: {count} types within range on the canary, largest x{largest}; we would have seen "
        "x{limit} on {type}, x{rare} on the type in the middle"
    ),
    "calibrated.quiet_few": (
        "quiet: {count} types within range on the canary, largest x{largest}; there were too few "
        "lines to see any rise"
    ),
    "calibrated.untested": "There was nothing to compare the log lines of {component} with",
    "calibration.running": "{component} is being calibrated on its baseline: try again in a minute",
    "calibration.failed": "{component} could not be calibrated on its baseline: {detail}",
    "calibration.too_short": (
        "The baseline of {component} has {minutes} minutes with log lines, too few to calibrate on"
    ),
    "check.numbers_calibrated": (
        "{documents} log lines of any level from {since:time} to {until:time}; compared with the "
        "days since {start:day}"
    ),
    "check.numbers_canary": (
        "{documents} log lines of any level from {since:time} to {until:time}; the canary is "
        "compared with the other hosts in the same minutes"
    ),
    "check.chart_expected": "Documents expected and seen",
    "check.finished_watch": (
        "Monitoring of {step} is finished: no alarm, {count} lines worth a look"
    ),
    "check.more_watch": "and {count} more that are worth a look",
    "column.expected": "Expected",
    "column.seen": "Seen",
    "column.range": "95 % range",
    "column.control": "Control",
    "finding.sample": "{type}: {sample}",
    "result.open": "nothing so far",
    "verdict.pass_calibrated": "pass, with {watch} watch lines",
}
