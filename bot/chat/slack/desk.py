"""The desk: takes what was heard, has it recorded before it is acknowledged, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum, auto, unique
from typing import Any

import structlog

from bot.chat.slack.answers import Answers, notice
from bot.chat.slack.inbound import Heard, address, restored
from bot.chat.slack.people import People
from bot.chat.slack.reading import Reading
from bot.chat.slack.workspace import Workspace
from bot.core.command import Command
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.value import text
from bot.engine.submission import Submission
from bot.engine.turns import Lane, lane
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.slack")

After = Callable[[], Awaitable[None]]

WITHIN = 2.0
"""Seconds in which something must be recorded; Slack wants its acknowledgement within three."""
SILENT = 2.5
"""Seconds after which whoever decided something hears that it is recorded and still at work."""

Tell = Callable[[Heard, str, Reply], Awaitable[None]]
"""Tells somebody how it ended, in the language of a room."""


@unique
class Taken(Enum):
    """How far something came before it must be acknowledged."""

    RECORDED = auto()
    """It is stored, or refused for good: it needs no second delivery."""
    NOT_YET = auto()
    """It is not stored, and may never be."""


class Desk:
    """One for the process. What is under way is finished by `stop`."""

    def __init__(self, workspace: Workspace, people: People) -> None:
        self.workspace = workspace
        self.people = people
        self.answers = Answers(workspace)
        self._reading = Reading(workspace, people)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, heard: Heard, *, again: bool, after: After | None = None) -> Taken:
        """Have it done, and return as soon as it is recorded, or after two seconds.

        `again`: Slack delivers it again when it is not acknowledged, so nothing is said of that.
        `after` is called when it is done and answered.
        """
        recorded: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self.beside(self._done(self._do(heard, recorded, again=again), after))
        try:
            async with asyncio.timeout(WITHIN):
                return await asyncio.shield(recorded)
        except TimeoutError:
            if not again:
                self.beside(self._say(heard, "slack.not_recorded_yet"))
            return Taken.NOT_YET

    async def decide(self, heard: Heard) -> Reply | None:
        """Have it done and return how it ended; None when that takes longer than two seconds.

        Then the answer is given as to everything else. For dialogs, which show a refusal.
        """
        ended: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.beside(self._decided(heard, ended))
        try:
            async with asyncio.timeout(WITHIN):
                return await asyncio.shield(ended)
        except TimeoutError:
            ended.cancel()
            return None

    async def finish(self, recorded: Submission) -> None:
        """Do and answer something that was recorded, also by a killed process.

        Raises StoreError, and ValueError for what this version cannot read.
        """
        heard = restored(recorded.inbound)
        await self._finish(heard, recorded, self.answers.reply)

    def is_late(self, line: str) -> bool:
        """Whether so many look at something now that the answer to this line comes late."""
        if self.workspace.ground.intake.delay(Lane.LOOK) <= WITHIN:
            return False
        meant = self._reading.parsed(self.plain(line))
        return lane(meant.verb if isinstance(meant, Command) else None) is Lane.LOOK

    def plain(self, line: str) -> str:
        """A line without Slack's escapes, and without the mention that called the bot."""
        return self._reading.plain(line)

    def room(self, heard: Heard) -> str:
        """The key of the room in which it was said; empty where that is no room."""
        return self._reading.room(heard)

    async def place(self, heard: Heard) -> str:
        """The room that a click counts for; on the App Home that of its release."""
        return await self._reading.place(heard)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the acknowledgement, and keep it until it ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, seconds: float) -> None:
        """Let what is under way end; what is recorded is done after the next start anyway."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _done(self, work: Coroutine[Any, Any, None], after: After | None) -> None:
        await work
        if after is not None:
            await after()

    async def _do(self, heard: Heard, recorded: asyncio.Future[Taken], *, again: bool) -> None:
        try:
            kept = await self.workspace.ground.intake.record(self._inbound(heard))
        except StoreError as error:
            log.warning("not_recorded", code=error.code)
            if not recorded.done():
                recorded.set_result(Taken.NOT_YET)
            if not again:
                await self._say(heard, "slack.not_recorded")
            return
        if not recorded.done():
            recorded.set_result(Taken.RECORDED)
        if kept is None:
            # The first delivery of it is answered, or was.
            return
        try:
            await self._finish(heard, kept, self.answers.reply)
        except StoreError as error:
            # It is done and answered as soon as the store works again.
            log.warning("done_later", code=error.code)
            await self._say(heard, "slack.later")

    async def _decided(self, heard: Heard, ended: asyncio.Future[Reply]) -> None:
        async def tell(heard: Heard, room: str, reply: Reply) -> None:
            if not ended.done():
                ended.set_result(reply)
            else:
                await self.answers.reply(heard, room, reply)

        intake, inbound = self.workspace.ground.intake, self._inbound(heard)
        failed = Reply(outcome=Outcome.REFUSED, card=notice(text("slack.not_recorded")))
        try:
            kept = await intake.record(inbound)
            # From here on it is done and answered as soon as the store works again.
            failed = Reply(outcome=Outcome.LATER)
            if kept is not None:
                await self._finish(heard, kept, tell)
            else:
                await tell(heard, inbound.room, await intake.repeated(inbound))
        except StoreError as error:
            log.warning("not_decided_yet", code=error.code)
            await tell(heard, inbound.room, failed)

    async def _say(self, heard: Heard, key: str) -> None:
        await self.answers.tell(heard, self.room(heard), notice(text(key)))

    async def _finish(self, heard: Heard, kept: Submission, tell: Tell) -> None:
        """Find out who it was, do it, and tell the answer."""
        intake = self.workspace.ground.intake
        said, verb = self._reading.meant(kept.inbound)
        lane_ = lane(verb) if said else Lane.DECIDE
        if lane_ is Lane.LOOK and intake.is_full:
            # It waits in the inbox, and is taken up as if another process had left it.
            return
        soon = asyncio.get_running_loop().call_later(SILENT, self._at_work, heard, lane_)

        async def told(reply: Reply) -> None:
            soon.cancel()
            await tell(heard, kept.inbound.room, reply)

        try:
            async with intake.turn(kept, lane_):
                if kept.reply is None:
                    await self._reading.identify(heard, kept, said, verb)
                await intake.process(kept, told)
        finally:
            soon.cancel()

    def _at_work(self, heard: Heard, lane_: Lane) -> None:
        """No decision is silent; who only looks was told when it was acknowledged."""
        if lane_ is not Lane.LOOK:
            self.beside(self._say(heard, "slack.later"))

    def _inbound(self, heard: Heard) -> Inbound:
        """What is recorded. Who it was is found out afterwards: until then it is nobody."""
        return Inbound(
            dedupe=heard.dedupe,
            surface="slack",
            room=self.room(heard),
            at=self.workspace.services.now(),
            text="" if heard.verb else self.plain(heard.text),
            verb=heard.verb,
            value=heard.value,
            reason=heard.reason,
            address=address(heard),
        )
