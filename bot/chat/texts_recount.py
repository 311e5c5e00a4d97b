"""What the bot says about counting again: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "help.recount": "count again what verdicts rest on: what arrived or expired since",
    "recount.title": "#{release}: what its verdicts rest on, counted again",
    "recount.counting": "Counting again; the answer will stand here",
    "recount.changed": (
        "{step}, round {round}, counted {at:day}: since then +{arrived} arrived, -{expired} expired"
    ),
    "recount.same": "{step}, round {round}, counted {at:day}: nothing has changed since",
    "recount.trouble": "{step}, round {round}, counted {at:day}: cannot be counted again: {detail}",
    "recount.old": "{step}, round {round}: what it counted was kept by another version of the bot",
    "recount.gap": "{step}: the new count is incomplete",
    "recount.nothing": "No check of #{release} has counted anything yet",
    "recount.no_check": "{step} is no check of #{release} that has counted; those are {checks}",
    "recount.more": "Smaller changes that are not shown: {count}",
    "recount.table": "What has changed, the largest difference first",
    "recount.window": "{start:day} to {end:day}",
    "column.window": "Window",
    "column.then": "Then",
    "column.now": "Now",
    "column.difference": "Difference",
}
