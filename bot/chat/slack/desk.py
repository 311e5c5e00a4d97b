"""The desk: takes what was heard, has it recorded before it is acknowledged, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum, auto, unique
from typing import Any

import structlog

from bot.chat.slack.answers import Answers, notice
from bot.chat.slack.inbound import Heard
from bot.chat.slack.people import People, StrangerError, UnknownError
from bot.chat.slack.workspace import Workspace
from bot.core import access, button, intent
from bot.core.command import Command
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.normalise import normalise
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import authority
from bot.engine.transition import load, note
from bot.store import Tx
from bot.store.errors import StoreError
from bot.store.rows import BOT

log = structlog.get_logger("release_master.slack")

After = Callable[[], Awaitable[None]]

WITHIN = 2.0
"""Seconds in which something must be recorded; Slack wants its acknowledgement within three."""


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
        def note_it() -> None:
            if not recorded.done():
                recorded.set_result(Taken.RECORDED)

        late, room = False, ""
        try:
            reply, room = await self._submit(heard, note_it)
        except StoreError as error:
            late = True
            log.warning("not_recorded", code=error.code)
            reply = None
        if late and not recorded.done():
            recorded.set_result(Taken.NOT_YET)
        if reply is not None:
            note_it()
            await self.answers.reply(heard, room, reply)
        elif not again:
            await self._say(heard, "slack.not_recorded")

    async def _decided(self, heard: Heard, ended: asyncio.Future[Reply]) -> None:
        room = self.room(heard)
        try:
            reply, room = await self._submit(heard, lambda: None)
        except StoreError:
            said = notice(text("slack.not_recorded"))
            reply = Reply(outcome=Outcome.REFUSED, card=said)
        if not ended.done():
            ended.set_result(reply)
        else:
            await self.answers.reply(heard, room, reply)

    async def _say(self, heard: Heard, key: str) -> None:
        await self.answers.tell(heard, self.room(heard), notice(text(key)))

    async def _submit(self, heard: Heard, recorded: Callable[[], None]) -> tuple[Reply, str]:
        """The answer, and the room in whose language it is given."""
        said, verb = await self._meant(heard)
        try:
            person = await self.people.person(
                heard.user, heard.team, fresh=verb is None or verb in access.FRESH
            )
        except UnknownError:
            return _refusal("refused.slack_unknown"), self.room(heard)
        except StrangerError:
            await self._noted(await self._inbound(heard, said, ""), heard)
            return _refusal("refused.slack_stranger"), self.room(heard)
        inbound = await self._inbound(heard, said, person)
        reply = await self.workspace.ground.intake.submit(inbound, recorded)
        return reply, f"{DIRECT}{person}" if inbound.room == DIRECT else inbound.room

    async def _inbound(self, heard: Heard, said: str, person: str) -> Inbound:
        return Inbound(
            dedupe=heard.dedupe,
            surface="slack",
            room=await self.place(heard),
            person=person,
            # Without a person the engine would look one up, past the user groups.
            identity=f"slack:{heard.user}" if person else "",
            at=self.workspace.services.now(),
            text=said,
            verb=heard.verb,
            value=heard.value,
            reason=heard.reason,
        )

    async def _meant(self, heard: Heard) -> tuple[str, Verb | None]:
        """The line in plain form, with the release of its thread, and its verb.

        None where the verb cannot be told; then as much care is taken as for a decision.
        """
        if heard.verb:
            return "", Verb(heard.verb) if heard.verb in set(Verb) else None
        line = self.plain(heard.text)
        meant = intent.parse(
            line,
            wake=intent.Wake(required=False),
            names=authority.names(self.workspace.services),
        )
        if not isinstance(meant, Command):
            return line or "help", Verb.HELP
        release = await self.workspace.release_of(self.room(heard), heard.thread)
        named = meant.release is not None or meant.bare or meant.target
        if release is not None and not named and meant.verb in OF_RELEASE:
            line = intent.spell(meant.model_copy(update={"release": release}))
        return line, meant.verb

    def plain(self, line: str) -> str:
        """A line without Slack's escapes, and without the mention that called the bot."""
        plain = normalise(line[:MOST], slack=True)
        me = f"@{self.workspace.user}"
        if self.workspace.user:
            plain = plain.removeprefix(me).removesuffix(me)
        return plain.strip(" ,:")

    def room(self, heard: Heard) -> str:
        """The key of the room in which it was said; empty where that is no room."""
        found = heard.room or self.workspace.room_of(heard.channel)
        return found or (DIRECT if heard.direct else "")

    async def place(self, heard: Heard) -> str:
        """The room that a click counts for; on the App Home that of its release."""
        if not heard.home:
            return self.room(heard)
        value = button.read(heard.value)
        if value is None:
            return ""
        wanted = value.release
        release = await self.workspace.services.store.read(lambda tx: load(tx, wanted))
        return self.workspace.home_of(release) if release is not None else ""

    async def _noted(self, inbound: Inbound, heard: Heard) -> None:
        """Somebody from elsewhere tried to use the bot: the journal keeps that, once."""
        services = self.workspace.services
        value = button.read(heard.value)
        said = heard.verb or inbound.text
        fact = text("fact.slack_stranger", user=heard.user, team=heard.team, said=said[:100])

        def work(tx: Tx) -> None:
            body, now = inbound.model_dump_json(), services.now()
            row = tx.record(inbound.dedupe, inbound.surface, body, now)
            if row is None:
                return
            tx.settle(row, Reply(outcome=Outcome.REFUSED).model_dump_json(), now)
            known = value is not None and load(tx, value.release) is not None
            number = value.release if value is not None and known else BOT
            note(tx, number, "refused_stranger", (fact,), now=now, actor=heard.user)

        await services.store.transact(work)


MOST = 4001
"""Characters of a line that are looked at; the grammar refuses what is longer than half of it."""
OF_RELEASE = frozenset(
    {
        Verb.STATUS,
        Verb.APPROVE,
        Verb.REJECT,
        Verb.GO,
        Verb.CONFIRM,
        Verb.PAUSE,
        Verb.RESUME,
        Verb.ABORT,
        Verb.RETRY,
        Verb.SKIP,
        Verb.CHECK,
        Verb.OVERRIDE,
        Verb.ROLLBACK,
        Verb.NOTE,
    }
)
"""Verbs that mean the release of the thread in which they are said."""


def _refusal(key: str) -> Reply:
    said = text(key)
    card_ = notice(said).model_copy(update={"kind": "refusal", "state": "refused"})
    return Reply(outcome=Outcome.REFUSED, card=card_)
