"""The verbs of the grammar, the same on every surface."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Verb(StrEnum):
    """What people can ask for."""

    START = "start"
    PLAN = "plan"
    STATUS = "status"
    APPROVE = "approve"
    REJECT = "reject"
    GO = "go"
    CONFIRM = "confirm"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    RETRY = "retry"
    SKIP = "skip"
    CHECK = "check"
    OVERRIDE = "override"
    ROLLBACK = "rollback"
    UNLOCK = "unlock"
    ERRORS = "errors"
    HISTORY = "history"
    RECOUNT = "recount"
    BACKTEST = "backtest"
    NOTE = "note"
    WATCH = "watch"
    UNWATCH = "unwatch"
    LINK = "link"
    UNLINK = "unlink"
    WHOAMI = "whoami"
    PERMISSIONS = "permissions"
    HELP = "help"


STEPWISE = frozenset(
    {
        Verb.APPROVE,
        Verb.REJECT,
        Verb.GO,
        Verb.RETRY,
        Verb.SKIP,
        Verb.CHECK,
        Verb.OVERRIDE,
        Verb.RECOUNT,
    }
)
"""Behind these a number alone is a step; behind others it is a release, where one can stand."""
