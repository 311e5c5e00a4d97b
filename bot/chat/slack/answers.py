"""What the one who asked is told, and nobody else: through the response_url, or by the bot."""

from __future__ import annotations

from typing import Any

import structlog

from bot.chat.slack import render
from bot.chat.slack.api import SlackError
from bot.chat.slack.inbound import Heard
from bot.chat.slack.workspace import Workspace
from bot.core.card import Card
from bot.core.inbound import Outcome, Reply
from bot.core.value import Text, text

log = structlog.get_logger("release_master.slack")

SILENT = frozenset({Outcome.REPEATED})
"""Answers that were given before."""


def notice(said: Text) -> Card:
    """One line."""
    return Card(kind="answer", title=said, text=said)


class Answers:
    """Gives private answers; one that cannot be given is logged, never tried for ever."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def reply(self, heard: Heard, room: str, reply: Reply) -> None:
        """Tell how it ended. An accepted click needs no word: its card changes for everybody."""
        if reply.outcome in SILENT:
            return
        card = reply.card
        if card is None and reply.outcome is Outcome.LATER:
            card = notice(text("slack.later"))
        if card is None and heard.verb:
            if heard.private:
                await self._workspace.api.respond(heard.response_url, {"delete_original": True})
            return
        if card is None:
            if reply.outcome is not Outcome.ACCEPTED:
                return
            card = notice(text("slack.accepted", release=reply.release or 0))
        await self.tell(heard, room, card)

    async def tell(self, heard: Heard, room: str, card: Card) -> None:
        """Show a card to this person only; a private card that was clicked gives way to it."""
        body = render.message(card, self._workspace.words(room))
        extra = {"response_type": "ephemeral", "replace_original": heard.private}
        if heard.thread and not heard.private:
            extra["thread_ts"] = heard.thread
        if heard.response_url and await self._workspace.api.respond(
            heard.response_url, {**body, **extra}
        ):
            return
        try:
            await self._by_bot(heard, body)
        except SlackError as error:
            log.warning("answer_not_given", room=room, code=error.code)

    async def _by_bot(self, heard: Heard, body: dict[str, Any]) -> None:
        """In a channel visibly for one person, elsewhere in the chat with the bot."""
        api = self._workspace.api
        if not heard.channel or heard.direct:
            place = heard.channel or heard.user
            thread = {"thread_ts": heard.thread} if heard.thread else {}
            await api.write("chat.postMessage", channel=place, **thread, **body)
            return
        where: dict[str, Any] = {"channel": heard.channel, "user": heard.user}
        if heard.thread:
            where["thread_ts"] = heard.thread
        try:
            await api.write("chat.postEphemeral", **where, **body)
        except SlackError as error:
            if error.code not in _ELSEWHERE:
                raise
            await api.write("chat.postMessage", channel=heard.user, **body)


_ELSEWHERE = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "user_not_in_channel"}
)
