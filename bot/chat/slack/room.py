"""A channel as a room (the Room port): one board edited in place, everything else in its thread."""

from __future__ import annotations

from typing import Any

from bot.chat.slack import render
from bot.chat.slack.api import LaterError, SlackError
from bot.chat.slack.people import People
from bot.chat.slack.workspace import Workspace
from bot.core.card import Card
from bot.core.effect import EffectKind
from bot.ports import RoomBusyError, RoomError
from bot.store import Tx

GONE = frozenset(
    {
        "cant_update_message",
        "edit_window_closed",
        "message_not_found",
        "no_text",
        "thread_not_found",
    }
)
"""Answers to an edit after which the card needs a new message."""
NO_THREAD = frozenset({"message_not_found", "thread_not_found", "cannot_reply_to_message"})
URGENT = frozenset({"question", "result"})
"""Kinds of cards whose edits go before those of boards and checks."""
BROADCAST = frozenset({"question", "result"})
"""Kinds of cards that the channel hears beside the thread."""
BOARD_WAITS = 2.0
"""Seconds until a card looks again for the board that it hangs on, while that has its troubles."""
SOON, SOON_TRIES = 0.05, 5
"""How soon, and how often, a card looks for the board that was made in the same moment."""
_STOPPED = {
    "channel_not_found": "does not exist, or the bot is not in it",
    "is_archived": "is archived",
    "not_in_channel": "has not invited the bot",
    "restricted_action": "lets only some people write",
}


class Channel:
    """One channel by its key in release.yml, or the chat with one person (a user id is enough)."""

    def __init__(self, key: str, channel: str, *, workspace: Workspace, people: People) -> None:
        self._key = key
        self._channel = channel
        self._workspace = workspace
        self._people = people
        self._early: dict[int, int] = {}

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Post or edit the card. Raises RoomBusyError when Slack wants it later, else RoomError."""
        slot = key.partition(":")[2].partition(":")[2]
        try:
            body = await self._body(card)
            if ref is not None and self._is_here(ref) and await self._edit(ref, card, body):
                return ref
            return await self._post(slot, card, body)
        except LaterError as error:
            if error.code == "ratelimited":
                self._workspace.pace.limited(error.seconds)
            raise RoomBusyError(self._why(error), error.seconds) from error
        except SlackError as error:
            raise RoomError(self._why(error)) from error

    async def close(self) -> None:
        """Nothing to give back: the connections are the platform's."""

    def _is_here(self, ref: str) -> bool:
        """Whether the message is in this room; a channel may have been changed in release.yml."""
        channel = ref.partition(":")[0]
        # A message to a person is kept in a chat whose id Slack makes.
        return channel == self._channel or (self._channel[0] in "UW" and channel[0] == "D")

    async def _body(self, card: Card) -> dict[str, Any]:
        mentioned = await self._people.ids(card.mentions)
        return render.message(card, self._workspace.words(self._key), mentioned)

    async def _edit(self, ref: str, card: Card, body: dict[str, Any]) -> bool:
        """Bring the message up to date; False when there is none any more."""
        channel, _, moment = ref.partition(":")
        pace = self._workspace.pace
        wait = pace.wait(ref, urgent=_is_urgent(card))
        if wait > 0:
            raise RoomBusyError("the newest state is shown in a moment", wait)
        pace.edited(ref)
        try:
            await self._workspace.api.write("chat.update", channel=channel, ts=moment, **body)
        except LaterError:
            raise
        except SlackError as error:
            if error.code in GONE:
                return False
            raise
        return True

    async def _post(self, slot: str, card: Card, body: dict[str, Any]) -> str:
        thread = await self._thread(slot, card)
        if thread:
            body = {**body, "thread_ts": thread}
            if _is_for_all(slot, card):
                body["reply_broadcast"] = True
        api = self._workspace.api
        try:
            answer = await api.write("chat.postMessage", channel=self._channel, **body, **_QUIET)
        except SlackError as error:
            if not thread or error.code not in NO_THREAD:
                raise
            alone = {k: v for k, v in body.items() if k not in {"thread_ts", "reply_broadcast"}}
            answer = await api.write("chat.postMessage", channel=self._channel, **alone, **_QUIET)
        return f"{answer.get('channel', self._channel)}:{answer['ts']}"

    async def _thread(self, slot: str, card: Card) -> str:
        """The board that a card hangs on; empty for the board, and where a room has none.

        Raises RoomBusyError while the board is still on its way.
        """
        number = card.release
        if slot == "board" or number is None:
            return ""

        def work(tx: Tx) -> tuple[str, bool]:
            post = tx.post(self._key, number, "board")
            errand = f"{EffectKind.SHOW}:board@{self._key}"
            coming = post is None and any(row.key == errand for row in tx.effects(number))
            return post.ref if post else "", coming

        ref, coming = await self._workspace.services.store.read(work)
        if coming:
            raise RoomBusyError(f"room {self._key}: the board comes first", self._patience(number))
        channel, _, moment = ref.partition(":")
        return moment if channel == self._channel else ""

    def _patience(self, release: int) -> float:
        """Mostly both were made in one moment; only when Slack is ill it takes longer."""
        early = self._early.get(release, 0)
        self._early = {release: early + 1}
        return SOON if early < SOON_TRIES else BOARD_WAITS

    def _why(self, error: SlackError) -> str:
        return f"room {self._key} {_STOPPED.get(error.code, error.code)} (Slack: {error.method})"


def _is_for_all(slot: str, card: Card) -> bool:
    """Whether the channel hears it beside the thread; of reminders only the escalation.

    A pause is told only where there is no board, and so no thread.
    """
    escalation = card.kind == "reminder" and bool(card.mentions)
    return card.kind in BROADCAST or escalation or slot.startswith(("override:", "expired:"))


def _is_urgent(card: Card) -> bool:
    """Whether an edit takes buttons away: nobody shall press what means nothing any more."""
    return card.kind in URGENT or (card.kind == "board" and not card.actions)


_QUIET = {"unfurl_links": False, "unfurl_media": False}
"""Links in a card bring no pictures of strangers along."""
