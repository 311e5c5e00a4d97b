"""The desk acknowledges within Slack's three seconds, however slow the store is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.chat.slack.desk import SILENT, Desk, Taken
from bot.chat.slack.inbound import Heard
from bot.chat.slack.people import People
from bot.chat.slack.workspace import Workspace
from bot.core.card import Card
from bot.store.errors import StoreError
from tests.support.releases import T0
from tests.support.slack_limits import limit

HEARD = Heard(dedupe="slack:command:1", user="U1", team="T1", channel="C1", text="pause #1")


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer: nothing here takes any real time."""

    def __init__(self) -> None:
        self._jumped = 0.0
        super().__init__()

    def time(self) -> float:
        """Seconds since the beginning, as timers were set."""
        return self._jumped

    def _run_once(self) -> None:
        waiting = cast("Any", self)
        if not waiting._ready and waiting._scheduled:
            self._jumped = max(self._jumped, waiting._scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]  # asyncio's own


@dataclass
class Sick:
    """A store that records only after so many seconds, or refuses after them."""

    seconds: float
    refuses: bool = False

    async def record(self, _inbound: object) -> None:
        """Take the time."""
        await asyncio.sleep(self.seconds)
        if self.refuses:
            raise StoreError("store.locked")


@dataclass
class Answers:
    """What the person was told, and when."""

    told: list[tuple[float, str]] = field(default_factory=list)

    async def tell(self, _heard: Heard, _room: str, card: Card) -> None:
        """Keep it."""
        self.told.append((asyncio.get_running_loop().time(), card.title.key))


class _Services:
    def now(self) -> object:
        return T0


class _Ground:
    def __init__(self, intake: Sick) -> None:
        self.intake = intake


class _Workspace:
    def __init__(self, intake: Sick) -> None:
        self.ground, self.services = _Ground(intake), _Services()


def _taken(store: Sick, *, again: bool) -> tuple[Taken, float, list[tuple[float, str]]]:
    """What `take` answered, after how many seconds, and what the person was told."""

    async def run() -> tuple[Taken, float, list[tuple[float, str]]]:
        desk = Desk(cast("Workspace", _Workspace(store)), cast("People", None))
        answers = Answers()
        desk.answers = cast("Any", answers)
        desk._inbound = cast("Any", lambda heard: heard)  # type: ignore[method-assign]
        desk.room = cast("Any", lambda _: "room")  # type: ignore[method-assign]
        taken = await desk.take(HEARD, again=again)
        answered = asyncio.get_running_loop().time()
        await asyncio.sleep(store.seconds + 1)
        await desk.stop(1)
        return taken, answered, answers.told

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(run())


@pytest.mark.scenario(73)
@pytest.mark.parametrize("seconds", [0.0, 1.9, 2.1, 30.0])
@pytest.mark.parametrize("again", [True, False])
def test_a_slow_store_never_makes_it_late(seconds: float, *, again: bool) -> None:
    """What is not recorded in time is said to be, and what is recorded needs no word."""
    taken, answered, told = _taken(Sick(seconds), again=again)
    late = seconds > 2

    assert answered <= limit("ack_seconds") - 0.5
    assert taken is (Taken.NOT_YET if late else Taken.RECORDED)
    expected = ["slack.not_recorded_yet"] if late and not again else []
    assert [key for _, key in told] == expected
    assert all(when < limit("ack_seconds") for when, _ in told)


@pytest.mark.scenario(73)
def test_what_failed_after_all_is_said() -> None:
    """First that it is not recorded yet, then that it will not be; never for what comes again."""
    _, _, told = _taken(Sick(5, refuses=True), again=False)
    _, _, comes_again = _taken(Sick(5, refuses=True), again=True)

    assert [key for _, key in told] == ["slack.not_recorded_yet", "slack.not_recorded"]
    assert comes_again == []


def test_whoever_decided_hears_of_it_in_time() -> None:
    """That it is recorded and at work is said before three seconds have passed."""
    assert limit("ack_seconds") > SILENT
