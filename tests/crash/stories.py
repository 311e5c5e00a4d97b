"""The three releases that are killed, and how each of them must end."""

from __future__ import annotations

from tests.crash.journey import End, Kill, Story

_AUTH = ("start", "deploy", "restart", "check", "finish")
_GATEWAY = ("start", "deploy", "restart-canary", "canary", "check-canary", "gate", "restart")
_PASS = ("pass", "pass")


def _steps(states: dict[str, str]) -> dict[str, str]:
    """Every step is done but those that are named."""
    auth = dict.fromkeys((f"auth/{name}" for name in _AUTH), "done")
    gateway = dict.fromkeys((f"gateway/{n}" for n in (*_GATEWAY, "check", "finish")), "done")
    return {**auth, **gateway, **states}


def _cards(questions: int, *others: str) -> frozenset[str]:
    asked = (f"question:{number}" for number in range(1, questions + 1))
    return frozenset(f"release:1:{slot}" for slot in ("board", "result", *asked, *others))


def _shares(*steps: str) -> frozenset[str]:
    return frozenset(f"release:1:each:{step}" for step in steps)


RELEASE = Story(
    name="release",
    line="/release start shop 2.0",
    answers={"start": "mina", "approve": "taro"},
    starts=frozenset(
        {
            "auth/deploy/1",
            "auth/restart/1",
            "gateway/deploy/1",
            "gateway/restart-canary/1",
            "gateway/restart/1",
        }
    ),
    posts=_shares("auth/start", "auth/finish", "gateway/start", "gateway/canary", "gateway/finish"),
    messages=_cards(2, "check:auth/check", "check:gateway/check-canary", "check:gateway/check"),
    end=End(
        phase="done",
        steps=_steps({}),
        attempts=frozenset({1}),
        operations=13,
        people=2,
        rounds={"auth/check": _PASS, "gateway/check-canary": _PASS, "gateway/check": _PASS},
        questions=("start:start", "gate:approve"),
    ),
)
"""Both components, and the canary is approved."""

ROLLBACK = Story(
    name="rollback",
    line="/release start shop 2.0 gateway=3.0-broken",
    answers={"start": "mina", "resume": "mina"},
    starts=frozenset(
        {
            "auth/deploy/1",
            "auth/restart/1",
            "gateway/deploy/1",
            "gateway/restart-canary/1",
            "gateway/undo-deploy/1",
            "gateway/undo-restart/1",
        }
    ),
    posts=_shares("auth/start", "auth/finish", "gateway/start", "gateway/canary")
    | {"release:1:pause:1", "release:1:pause:2"},
    messages=_cards(3, "check:auth/check", "check:gateway/check-canary", "rollback"),
    end=End(
        phase="done",
        steps=_steps(
            {
                "gateway/check-canary": "failed",
                "gateway/gate": "cancelled",
                "gateway/restart": "cancelled",
                "gateway/check": "cancelled",
                "gateway/finish": "cancelled",
                "gateway/undo-deploy": "done",
                "gateway/undo-restart": "done",
                "gateway/undo-verify": "done",
            }
        ),
        attempts=frozenset({1}),
        operations=12,
        people=2,
        rounds={"auth/check": _PASS, "gateway/check-canary": ("fail",)},
        questions=("start:start", "countdown:rollback", "rolled_back:resume"),
    ),
)
"""The canary fails, the countdown ends, the canary goes back, the release goes on without it."""

ABORT = Story(
    name="abort",
    line="/release start shop 2.0 only=gateway",
    answers={"start": "mina"},
    starts=frozenset({"gateway/deploy/1"}),
    posts=_shares("gateway/start") | {"release:1:result"},
    messages=_cards(1),
    end=End(
        phase="aborted",
        steps={
            **{f"gateway/{n}": "cancelled" for n in (*_GATEWAY, "check", "finish")},
            "gateway/start": "done",
        },
        attempts=frozenset({1}),
        operations=1,
        people=2,
        rounds={},
        questions=("start:start",),
    ),
    is_aborted=True,
)
"""A deployment that never ends is aborted."""


def _during(story: Story, call: str, about: str, nth: int = 1) -> Kill:
    return Kill(story, f"during {call} {about}", held=(call, about, nth))


def _around(story: Story, hook: str, about: str, nth: int = 1) -> list[Kill]:
    return [
        Kill(story, f"{when} {hook} {about}", f"{hook}|{about}|{when}|{nth}")
        for when in ("before", "after")
    ]


def _all(story: Story, call: str, about: str, nth: int = 1) -> list[Kill]:
    return [*_around(story, call, about, nth), _during(story, call, about, nth)]


def _told(story: Story, about: str, nth: int = 1) -> list[Kill]:
    return _around(story, "commit", about, nth)


def _unanswered(story: Story, about: str) -> list[Kill]:
    """After the record and before the transition, with and without people who try again."""
    at = f"commit|inbox:record:{about}|after|1"
    return [
        Kill(story, f"recorded {about}, tried again", at),
        Kill(story, f"recorded {about}", at, repeat=about.startswith("/")),
    ]


SHORT = (Kill(RELEASE, "during count gateway", "count|gateway|during|1"),)
"""A point of each kind that no promise has a test of its own for."""

LONG = (
    Kill(ROLLBACK, "in timer_rang", "commit|journal:timer_rang:countdown|before|1"),
    _during(RELEASE, "share", "each:gateway/canary"),
    Kill(ROLLBACK, "after running gateway", "running|gateway|after|3"),
    *_all(RELEASE, "start", "auth/deploy/1"),
    *_told(RELEASE, "journal:step_started:auth/deploy"),
    *_all(RELEASE, "start", "gateway/restart-canary/1"),
    *_told(RELEASE, "journal:step_started:gateway/restart-canary"),
    *_all(RELEASE, "start", "gateway/restart/1"),
    *_told(RELEASE, "journal:step_started:gateway/restart"),
    *_all(RELEASE, "look", "auth/deploy/1", 2),
    *_told(RELEASE, "journal:step_progressed:auth/deploy", 2),
    *_all(RELEASE, "look", "gateway/restart/1"),
    *_told(RELEASE, "journal:step_progressed:gateway/restart"),
    *_around(RELEASE, "count", "gateway"),
    Kill(RELEASE, "during count gateway", "count|gateway|during|2"),
    *_all(RELEASE, "running", "auth", 2),
    *_told(RELEASE, "journal:checked:auth/check:1"),
    *_told(RELEASE, "journal:checked:gateway/check-canary:2"),
    *_around(RELEASE, "show", "release:1:board", 3),
    *_told(RELEASE, "message:release:1:question:2"),
    *_told(RELEASE, "post:question:2"),
    *_around(RELEASE, "show", "release:1:result"),
    *_told(RELEASE, "post:result"),
    *_all(RELEASE, "share", "each:auth/start"),
    *_all(RELEASE, "share", "each:gateway/finish"),
    *_told(RELEASE, "post:each:gateway/finish"),
    *_told(RELEASE, "inbox:record:/release start"),
    *_unanswered(RELEASE, "/release start"),
    *_told(RELEASE, "journal:planned"),
    *_told(RELEASE, "inbox:record:start"),
    *_unanswered(RELEASE, "start"),
    *_told(RELEASE, "journal:order:start"),
    *_told(RELEASE, "inbox:record:approve"),
    *_unanswered(RELEASE, "approve"),
    *_told(RELEASE, "journal:order:approve"),
    *_told(ROLLBACK, "journal:checked:gateway/check-canary:1"),
    *_told(ROLLBACK, "journal:timer_rang:countdown"),
    *_all(ROLLBACK, "start", "gateway/undo-deploy/1"),
    *_told(ROLLBACK, "journal:step_started:gateway/undo-deploy"),
    *_all(ROLLBACK, "start", "gateway/undo-restart/1"),
    *_all(ROLLBACK, "look", "gateway/undo-restart/1"),
    *_all(ROLLBACK, "running", "gateway", 3),
    *_told(ROLLBACK, "journal:version_read:gateway/undo-verify"),
    *_told(ROLLBACK, "journal:order:resume"),
    *_told(ABORT, "journal:order:abort"),
    *_all(ABORT, "stop", "gateway/deploy/1"),
    *_told(ABORT, "journal:stop_answered:gateway/deploy"),
    *_told(ABORT, "post:result"),
)
"""Before, during and after each kind of effect, and on both sides of its transaction."""
