"""What is done with each event of LINE's: recorded first, then answered beside the webhook."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import structlog

from bot.chat.line import events, more, taps
from bot.chat.line.dialogs import Dialogs, ask_end, choose_target, picker, zoned
from bot.chat.line.events import Heard, Kind
from bot.chat.line.pieces import WAKE
from bot.chat.line.replies import PLAINLY, Manner, Replies
from bot.chat.line.tokens import Ticket, Tokens
from bot.chat.platform import Ground
from bot.core import intent, link_code
from bot.core.config import LineRoom
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import authority, cards, identity, linking
from bot.engine.cards import FORM, SAY
from bot.engine.submission import Submission
from bot.store import Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.line")

UNREAD = "unread"
"""The surface of inbox rows that hold what the bot does nothing about."""
_ELSEWHERE = {"text", "data", "picked"}
"""What an address needs not hold; a typed code is recorded nowhere."""
NO_BUTTON = "no_button"
"""The verb of a press whose data the bot never wrote; the intake calls it stale."""

_WOKEN = re.compile(rf"^\s*/?{WAKE}\s+", re.IGNORECASE)


class Ear:
    """Takes events, one after the other. Raises StoreError for what could not be recorded."""

    def __init__(self, ground: Ground, replies: Replies, tokens: Tokens) -> None:
        self._ground = ground
        self._services = ground.services
        self._replies = replies
        self._tokens = tokens
        self._dialogs = Dialogs(ground.services)

    async def take(self, event: dict[str, Any]) -> None:
        """Record what it asks for, and begin to do it."""
        heard = events.read(event)
        if heard is None or heard.kind is Kind.OTHER:
            await self.keep(json.dumps(_bare(event)), _id(event))
        elif heard.kind is Kind.JOINED:
            if await self.keep(json.dumps(event), heard.id):
                self._aside(self._replies.say(heard, "", text("line.hello", chat=heard.chat)))
        elif heard.kind is Kind.TEXT:
            await self._text(heard)
        else:
            await self._tap(heard, event)

    async def keep(self, raw: str, name: str = "") -> bool:
        """Keep what nothing is done about; False when it was kept before."""
        now = self._services.now()
        dedupe = f"line:{name or hashlib.sha256(raw.encode()).hexdigest()}"

        def work(tx: Tx) -> bool:
            number = tx.record(dedupe, UNREAD, raw, now)
            if number is not None:
                tx.settle(number, Reply(outcome=Outcome.ANSWERED).model_dump_json(), now)
            return number is not None

        return await self._services.store.transact(work)

    def _room(self, heard: Heard) -> str:
        """The key of the chat in release.yml; empty for a group that is not there."""
        for key, config in self._services.file().rooms.items():
            if isinstance(config, LineRoom) and config.chat == heard.chat:
                return key
        return DIRECT if heard.alone else ""

    async def _text(self, heard: Heard) -> None:
        room = self._room(heard)
        code = _WOKEN.sub("", heard.text, count=1).strip()
        if link_code.hash_in(code):
            # Never a reason, and never talk: the intake takes it, or makes it void in a group.
            await self._submit(heard, self._inbound(heard, room, text=code))
            return
        asked = await self._dialogs.awaited(heard)
        names = authority.names(self._services)
        called = heard.called or _for_us(heard.text, names)
        if asked is not None and not called:
            await self._submit(heard, self._inbound(heard, room, **_fields(asked, heard.text)))
            await self._dialogs.settled(heard)
            return
        if not (called or heard.alone):
            # People talk with each other; their token may carry what the chat is told next.
            self._tokens.offer(heard.chat, Ticket(token=heard.token, at=self._services.now()))
            return
        if not room:
            await self._unknown(heard)
            return
        meant = intent.parse(heard.text, wake=intent.Wake(required=False), names=names)
        wants_time = isinstance(meant, intent.Misunderstood) and meant.verb is Verb.ERRORS
        quick = [picker(self._ground.words(room))] if wants_time else []
        await self._submit(heard, self._inbound(heard, room, text=heard.text), Manner(quick=quick))

    async def _tap(self, heard: Heard, event: dict[str, Any]) -> None:
        tap, room = taps.read(heard.data), self._room(heard)
        if tap is None:
            await self._stale(heard, room)
        elif tap.kind == taps.PICK:
            await self._picked(heard, tap, room, event)
        elif tap.kind == taps.MORE:
            await self._more(heard, tap, room, event)
        elif tap.kind == taps.DROP:
            if await self.keep(json.dumps(event), heard.id):
                await self._dialogs.settled(heard)
                self._aside(self._replies.say(heard, room, text("draft.kept")))
        elif tap.verb == FORM:
            if await self.keep(json.dumps(event), heard.id):
                choice = choose_target(await self._targets(heard, room), self._ground.words(room))
                self._aside(self._replies.send(heard, [choice]))
        else:
            await self._pressed(heard, tap, room, event)

    async def _stale(self, heard: Heard, room: str) -> None:
        stale = self._inbound(heard, room, verb=NO_BUTTON, value=heard.data[:200])
        await self._submit(heard, stale)

    async def _unknown(self, heard: Heard) -> None:
        """Say the id of a chat that release.yml does not know."""
        if await self.keep(json.dumps({"chat": heard.chat}), heard.id):
            told = text("line.unknown_chat", chat=heard.chat)
            self._aside(self._replies.say(heard, "", told))

    async def _targets(self, heard: Heard, room: str) -> list[str]:
        """What is started from here; a known person starts everything one to one."""
        account = f"line:{heard.user}"
        everything = room == DIRECT and await identity.person_of(self._services, account)
        targets = self._services.file().targets.items()
        return [name for name, t in targets if everything or room in t.rooms]

    async def _pressed(self, heard: Heard, tap: taps.Tap, room: str, event: dict[str, Any]) -> None:
        say = self._ground.words(room)
        reason = say(text(f"reason.{tap.reason}")) if tap.reason else ""
        inbound = self._inbound(heard, room, **_fields(tap, reason))
        known = await identity.known(self._services, inbound)
        action = await self._dialogs.needed(tap, known) if tap.kind == taps.PRESS else None
        if action is None:
            await self._submit(heard, inbound)
            await self._dialogs.settled(heard)
        elif await self.keep(json.dumps(event), heard.id):
            messages = await self._dialogs.ask(heard, action, say)
            self._aside(self._replies.send(heard, messages))

    async def _picked(self, heard: Heard, tap: taps.Tap, room: str, event: dict[str, Any]) -> None:
        file = self._services.file()
        config = file.rooms.get(room)
        moment = zoned(heard.picked, (config.zone if config else "") or file.zone)
        if moment and tap.value:
            line = f"errors between {tap.value} and {moment}"
            await self._submit(heard, self._inbound(heard, room, text=line))
        elif not moment:
            await self._stale(heard, room)
        elif await self.keep(json.dumps(event), heard.id):
            asked = ask_end(moment, self._ground.words(room))
            self._aside(self._replies.send(heard, [asked]))

    async def _more(self, heard: Heard, tap: taps.Tap, room: str, event: dict[str, Any]) -> None:
        """Show all of something; a line that would change anything was never on such a button."""
        if not room:
            await self._unknown(heard)
        elif tap.verb == SAY and more.asked(tap.value, self._services):
            line = self._inbound(heard, room, text=tap.value)
            await self._submit(heard, line, Manner(whole=True))
        elif tap.verb == more.CARD and (card := await more.card(self._services, tap.value)):
            if await self.keep(json.dumps(event), heard.id):
                self._aside(self._replies.whole(heard, room, card))
        else:
            await self._stale(heard, room)

    def _inbound(self, heard: Heard, room: str, **fields: str) -> Inbound:
        return Inbound(
            dedupe=f"line:{heard.id}",
            surface="line",
            room=room,
            identity=f"line:{heard.user}" if heard.user else "",
            at=heard.at,
            **fields,
        )

    async def _submit(self, heard: Heard, inbound: Inbound, manner: Manner = PLAINLY) -> None:
        address = heard.model_dump_json(exclude=_ELSEWHERE)
        kept = inbound.model_copy(update={"address": address})
        recorded = await self._ground.intake.record(kept)
        if recorded is not None:
            self._aside(self._finish(heard, recorded, manner))

    async def finish(self, recorded: Submission) -> None:
        """Do and answer what a killed process recorded, as long as its reply token lives.

        Raises StoreError. A push is not spent on it: what was decided is shown by its release.
        """
        heard = Heard.model_validate_json(recorded.inbound.address)
        await self._do(heard, recorded, PLAINLY)

    async def _finish(self, heard: Heard, recorded: Submission, manner: Manner) -> None:
        try:
            await self._do(heard, recorded, manner)
        except StoreError as error:
            log.warning("line_later", code=error.code)
            later = Reply(outcome=Outcome.LATER)
            await self._replies.answer(heard, recorded.inbound, later, manner)

    async def _do(self, heard: Heard, recorded: Submission, manner: Manner) -> None:
        intake = self._ground.intake
        lane = intake.lane(recorded.inbound)
        with self._tokens.coming(heard.chat):
            async with intake.turn(recorded, lane):
                named = await self._named(recorded.inbound, heard)

                async def tell(reply: Reply) -> None:
                    await self._replies.answer(heard, named, reply, manner)

                await intake.process(replace(recorded, inbound=named), tell)

    async def _named(self, inbound: Inbound, heard: Heard) -> Inbound:
        """The same with the account's name, where people are to recognise the account by it."""
        linked = inbound.code or inbound.verb in linking.BUTTONS
        if not linked or not heard.user or not heard.alone:
            return inbound
        return inbound.model_copy(update={"display": await self._replies.name(heard.user)})

    def _aside(self, work: Any) -> None:
        self._ground.background(_logged(work), "line")


def _fields(tap: taps.Tap, reason: str) -> dict[str, str]:
    """A press, or the line that it stands for."""
    if tap.verb == SAY:
        return {"text": cards.with_reason(tap.value, reason) if reason else tap.value}
    return {"verb": tap.verb, "value": tap.value, "reason": reason}


async def _logged(work: Any) -> None:
    try:
        await work
    except Exception:
        # What was asked is recorded and done; only its answer is missing.
        log.exception("line_answer_failed")


def _for_us(line: str, names: intent.Names) -> bool:
    meant = intent.parse(line, wake=intent.Wake(), names=names)
    return not isinstance(meant, intent.NotForUs)


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    """An event without what people said in it: nothing is done about it."""
    message = event.get("message")
    if not isinstance(message, dict):
        return event
    return event | {"message": {k: message[k] for k in ("id", "type") if k in message}}


def _id(event: dict[str, Any]) -> str:
    """LINE's own id of an event that could not be read otherwise; empty where there is none."""
    found = event.get("webhookEventId")
    return found[:100] if isinstance(found, str) else ""
