"""How a chat is told something: by a reply token where one is left, else by a push."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.chat.line.api import LineApi, LineError
from bot.chat.line.limits import MESSAGES, Message
from bot.chat.line.quota import Quota
from bot.chat.line.tokens import Tokens
from bot.chat.line.worth import Worth
from bot.ports import RoomBusyError, RoomError
from bot.store import Store, Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.line")

KEPT = "line:push:"
"""Kept values under this prefix: a push with its retry key, until LINE has long accepted it."""
FORGOTTEN = timedelta(days=2)
"""LINE knows a retry key for one day."""
AGAIN = (0.5, 2.0)
"""Seconds before a reply is tried again."""
LIVES = 40.0
"""Seconds that a reply may have to wait; its token lives for about a minute."""
REPLIED, PUSHED, DROPPED = "replied", "pushed", "dropped"
"""How a chat was told; dropped: the quota is too low for what it was worth."""


class Speaker:
    """Says things in chats. Raises RoomError when something could not be said."""

    def __init__(
        self,
        api: LineApi,
        quota: Quota,
        tokens: Tokens,
        *,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self.api = api
        self.quota = quota
        self.tokens = tokens
        self._store = store
        self._now = now
        self._forgot_at = now()

    async def answer(self, token: str, messages: Sequence[Message]) -> bool:
        """Reply to what somebody said; False when the token was too old or used.

        A reply has no retry key, but its token is good for one: where LINE did not say whether
        it took a reply, and then does not know the token any more, it did.
        """
        unsure = False
        for wait in (*AGAIN, None) if token else ():
            try:
                await self.api.reply(token, messages[:MESSAGES])
            except LineError as error:
                if unsure and error.status == 400:
                    return True
                log.warning("line_reply_failed", error=str(error))
                unsure = unsure or error.unsure
                asked = (error.asked or 0.0) if error.busy else 0.0
                if wait is None or asked > LIVES or not (error.unsure or error.busy):
                    return False
                await asyncio.sleep(max(wait, asked))
            else:
                return True
        return False

    async def tell(self, chat: str, key: str, worth: Worth, messages: Sequence[Message]) -> str:
        """Tell a chat something by itself; returns how. The same key is told once."""
        await self.tokens.expected(chat)
        kept = await self._kept(key)
        if kept is None:
            ticket = self.tokens.take(chat, self._now())
            preface = await ticket.preface() if ticket and ticket.preface else []
            if ticket and await self.answer(ticket.token, [*preface, *messages]):
                return REPLIED
            if not await self.quota.allows(worth):
                log.warning("line_push_dropped", key=key, worth=worth.name)
                return DROPPED
        await self._push(chat, key, messages, kept)
        return PUSHED

    async def told(self, key: str) -> None:
        """Everybody in the chat has just seen this: it needs no push any more."""
        if await self._kept(key) is None:
            await self._keep(key, {"key": "", "messages": [], "sent": True})

    async def _push(
        self, chat: str, key: str, messages: Sequence[Message], kept: dict[str, object] | None
    ) -> None:
        """Send under a key that is stored before; a repeat has the same key and body."""
        if kept is None:
            kept = {"key": str(uuid.uuid4()), "messages": list(messages[:MESSAGES]), "sent": False}
            await self._keep(key, kept)
        if kept["sent"]:
            return
        stored = kept["messages"]
        body = stored if isinstance(stored, list) else []
        cost = await self.quota.cost(chat)
        try:
            await self.api.push(chat, body, str(kept["key"]))
        except LineError as error:
            await self._refused(key, error)
            bare = [message for message in body if message["type"] != "textV2"]
            if error.status == 400 and 0 < len(bare) < len(body):
                # Whoever left the group cannot be mentioned; the others must hear it all the same.
                await self._push(chat, key, bare, None)
                return
            if error.busy:
                raise RoomBusyError(str(error), error.wait) from error
            raise RoomError(str(error)) from error
        self.quota.spent(cost)
        await self._keep(key, {"key": kept["key"], "messages": [], "sent": True})
        if self._now() - self._forgot_at >= FORGOTTEN:
            # A process may live for months.
            await self.forget()

    async def _refused(self, key: str, error: LineError) -> None:
        if error.exhausted:
            self.quota.exhausted()
        if error.status in {400, 429}:
            # Certainly not delivered, so that a reply token may serve it, or a better body.
            await self._store.transact(lambda tx: tx.drop_value(KEPT + key))

    async def _kept(self, key: str) -> dict[str, object] | None:
        try:
            found = await self._store.read(lambda tx: tx.value(KEPT + key))
        except StoreError as error:
            raise RoomError(str(error)) from error
        body: dict[str, object] | None = json.loads(found) if found else None
        return body

    async def _keep(self, key: str, body: dict[str, object]) -> None:
        now, said = self._now(), json.dumps(body, ensure_ascii=False)
        try:
            await self._store.transact(lambda tx: tx.put_value(KEPT + key, said, now))
        except StoreError as error:
            raise RoomError(str(error)) from error

    async def forget(self) -> None:
        """Forget pushes that LINE would not know either."""
        self._forgot_at = self._now()
        before = self._forgot_at - FORGOTTEN

        def work(tx: Tx) -> None:
            for row in tx.values(KEPT):
                if row.at < before:
                    tx.drop_value(row.key)

        await self._store.transact(work)
