"""Slack Bolt's listeners: each hands on what it hears and says when it may be acknowledged."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.slack import inbound, modals
from bot.chat.slack.desk import After, Desk, Taken
from bot.chat.slack.dialogs import Dialogs
from bot.chat.slack.inbound import Payload
from bot.chat.slack.render import ASK, PRESS
from bot.chat.slack.workspace import Workspace
from bot.core.inbound import Outcome
from bot.core.value import text
from bot.engine.cards import FORM

log = structlog.get_logger("release_master.slack")

COMMAND = "/release"
MISSHAPEN = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the library raises while it reads a body of another shape than Slack's."""
EVENTS = ("app_home_opened", "app_mention", "message")
START_SHORTCUT, NOTE_SHORTCUT = "start_release", "note_in_release"
AGAIN = 503
"""The answer to an event that is not recorded: Slack sends it again."""
_REFUSED = frozenset(Outcome) - {Outcome.ACCEPTED, Outcome.ANSWERED, Outcome.LATER}


class Listeners:
    """All that is heard from Slack, over a socket or over HTTP."""

    def __init__(self, desk: Desk, dialogs: Dialogs) -> None:
        self._desk = desk
        self._dialogs = dialogs

    def app(self, client: AsyncWebClient, logger: Any) -> AsyncApp:
        """The Bolt app. It answers only when a listener has returned, so acknowledging waits.

        Signatures are checked before it is asked, on the raw body.
        """
        app = AsyncApp(
            name="release-master",
            client=client,
            logger=logger,
            authorize=_authorized(self._desk.workspace),
            process_before_response=True,
            request_verification_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.error(self.failed)
        app.command(COMMAND)(self.command)
        for name in EVENTS:
            app.event(name)(self.home if name == "app_home_opened" else self.event)
        app.action(re.compile(rf"({ASK}|{PRESS})\..+"))(self.click)
        app.action(re.compile(r"open\..+"))(self.looked)
        app.view(modals.REASON)(self.reason)
        app.view(modals.TARGET)(self.target)
        app.view(modals.START)(self.start)
        app.view(modals.NOTE)(self.note)
        app.global_shortcut(START_SHORTCUT)(self.start_shortcut)
        app.message_shortcut(NOTE_SHORTCUT)(self.note_shortcut)
        return app

    async def failed(self, error: Exception) -> BoltResponse:
        """What could not be handled: a body that the library cannot read, or an error of ours."""
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, MISSHAPEN) and not _is_ours(error):
            log.warning("slack_request_not_read", error=said)
            return BoltResponse(status=400, body="")
        self._desk.workspace.services.watch.request_failed("slack")
        log.error("slack_request_failed", error=said, exc_info=error)
        return BoltResponse(status=500, body="")

    async def command(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """`/release …`; without a target, `start` opens its dialog."""
        heard = inbound.command(body)
        if self._dialogs.misses_target(heard.text):
            self._desk.beside(self._dialogs.ask_start(heard))
            return await ack()
        taken = await self._desk.take(heard, again=False)
        if taken is Taken.RECORDED and self._desk.is_late(heard.text):
            words = self._desk.workspace.words(self._desk.room(heard))
            return await ack(words(text("slack.queued")), response_type="ephemeral")
        return await ack()

    async def event(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """A mention or a direct message; one that is not recorded comes again."""
        heard = inbound.line(body)
        if heard is None:
            return await ack()
        taken = await self._desk.take(heard, again=True)
        return await ack() if taken is Taken.RECORDED else BoltResponse(status=AGAIN, body="")

    async def home(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """Somebody looks at the App Home."""
        event = body.get("event") or {}
        if event.get("tab") == "home":
            self._desk.beside(self._dialogs.show_home(str(event.get("user")), _team(body)))
        return await ack()

    async def click(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """A pressed button."""
        heard = inbound.click(body)
        if heard is None:
            return await ack()
        if heard.verb == FORM:
            self._desk.beside(self._dialogs.ask_start(inbound.typed(heard, "")))
        elif heard.asks:
            self._desk.beside(self._dialogs.ask_reason(heard))
        else:
            await self._desk.take(heard, again=False, after=self._at_home(heard))
        return await ack()

    def _at_home(self, heard: inbound.Heard) -> After | None:
        """What brings the App Home up to date behind a click on it."""
        if not heard.home:
            return None
        return lambda: self._dialogs.show_home(heard.user, heard.team)

    async def looked(self, ack: AsyncAck) -> BoltResponse:
        """A button that is a link: Slack opens it, there is nothing to do."""
        return await ack()

    async def reason(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """The reason of a decision; a refusal stays in the dialog."""
        heard = inbound.submitted(body, modals.secret_of(body["view"]))
        said = inbound.values(body).get("reason", "")
        return await self._sent(inbound.with_reason(heard, said), ack, "reason")

    async def start(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """A release put together in the dialog."""
        return await self._sent(self._dialogs.started(body), ack, "note")

    async def note(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """A message kept as a note."""
        heard = await self._dialogs.noted(body)
        return await self._sent(heard, ack, "note")

    async def target(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """The target of a start; the dialog goes on with its versions."""
        following = await self._dialogs.target_chosen(body)
        if following is None:
            room = str(modals.secret_of(body["view"]).get("room", ""))
            said = self._desk.workspace.words(room)(text("slack.start.gone"))
            return await ack(response_action="errors", errors={"target": said})
        return await ack(response_action="update", view=following)

    async def start_shortcut(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """The shortcut that starts a release from anywhere."""
        self._desk.beside(self._dialogs.ask_start(inbound.shortcut(body)))
        return await ack()

    async def note_shortcut(self, body: Payload, ack: AsyncAck) -> BoltResponse:
        """The shortcut of a message."""
        self._desk.beside(self._dialogs.ask_note(inbound.shortcut(body)))
        return await ack()

    async def _sent(self, heard: inbound.Heard, ack: AsyncAck, block: str) -> BoltResponse:
        reply = await self._desk.decide(heard)
        if reply is None or reply.card is None or reply.outcome not in _REFUSED:
            if reply is not None:
                room = self._desk.room(heard)
                self._desk.beside(self._desk.answers.reply(heard, room, reply))
            return await ack()
        words = self._desk.workspace.words(self._desk.room(heard))
        said = " ".join(dict.fromkeys(_lines(reply.card.lines, words) or [words(reply.card.text)]))
        return await ack(response_action="errors", errors={block: said[:MOST]})


def _is_ours(error: Exception) -> bool:
    """Whether it was raised in code of the bot, or by what that called."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(f.f_globals.get("__name__")).startswith(_OURS) for f, _ in frames)


_OURS = __name__.partition(".")[0] + "."


def _authorized(workspace: Workspace) -> Callable[..., Awaitable[AuthorizeResult]]:
    """One workspace, one token; who may do what is looked up elsewhere. Bolt wants a function."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=workspace.user,
            bot_token=workspace.api.client.token,
        )

    return authorize


MOST = 1000
"""Characters of a refusal in a dialog."""


def _lines(cells: Any, words: Any) -> list[str]:
    return [cell if isinstance(cell, str) else words(cell) for cell in cells]


def _team(body: Mapping[str, Any]) -> str:
    return str(body.get("team_id") or "")
