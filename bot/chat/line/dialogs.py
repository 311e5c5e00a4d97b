"""Dialogs in front of a decision: a confirm template, or a reason by tap or by message."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.chat.line import fresh
from bot.chat.line.events import Heard
from bot.chat.line.limits import ALT_TEXT, CONFIRM_TEXT, QUICK_REPLIES, Message, cut, shown
from bot.chat.line.pieces import WAKE, postback
from bot.chat.line.render import Renderer, plain, say_it
from bot.chat.line.taps import DECIDE, DROP, PICK, Tap
from bot.chat.texts import Words
from bot.core import button
from bot.core.card import Action, Confirm
from bot.core.inbound import Inbound
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import authority, cards, decisions
from bot.engine.cards import SAY
from bot.engine.decisions import Decision
from bot.engine.services import Services

WITHIN = timedelta(minutes=2)
"""How long the next message of a person counts as the reason that was asked for."""
_ASKED = "line:reason:"
_OFFERED: dict[str, tuple[str, ...]] = {
    Verb.OVERRIDE: ("known", "checked"),
    Verb.SKIP: ("known", "checked"),
    Verb.START: ("known", "checked"),
}
_USUAL = ("logs", "version", "moment")


class Dialogs:
    """Asks before it is done; what was asked is stored, so that any process hears the answer."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def needed(self, tap: Tap, inbound: Inbound) -> Action | None:
        """The action whose dialog comes first; None: press it, to be done or to be refused."""
        if tap.verb == SAY:
            return cards.needing_reason(tap.value, authority.names(self._services))
        value, decision = button.read(tap.value), Decision.clicked(inbound)
        release = await fresh.stored(self._services, value.release) if value else None
        if value is None or release is None or decision is None:
            return None
        action = fresh.offered(release, tap.verb, value)
        if action is None or action.confirm is None:
            return None
        if authority.wrong_room(self._services, inbound, release.target) is not None:
            return None
        trial = decision.model_copy(update={"reason": "?"})
        foreseen = decisions.foreseen(self._services, inbound, trial, release)
        return action if foreseen is None else None

    async def ask(self, heard: Heard, action: Action, say: Words) -> list[Message]:
        """The dialog as messages; a reason may be tapped, or be the next message."""
        confirm = action.confirm
        if confirm is None:
            return []
        if not confirm.reason:
            return [_template(action, confirm, say)]
        await self._await(heard, action)
        usual = _OFFERED.get(action.verb, _USUAL)
        taps = [
            postback(
                say(text(f"reason.{code}")),
                Tap(kind=DECIDE, verb=action.verb, reason=code, value=action.value),
            )
            for code in usual
        ]
        items = [*taps, postback(say(text("button.keep")), _drop(action))]
        asked = f"{say(confirm.title)}\n{say(confirm.body)}\n{say(text('line.reason'))}"
        quick = {"items": [{"type": "action", "action": item} for item in items]}
        return [plain(asked) | {"quickReply": quick}]

    async def _await(self, heard: Heard, action: Action) -> None:
        now = self._services.now()
        body = json.dumps({"verb": action.verb, "value": action.value, "at": now.isoformat()})
        await self._services.store.transact(lambda tx: tx.put_value(_key(heard), body, now))

    async def awaited(self, heard: Heard) -> Tap | None:
        """What this person was asked a reason for here a moment ago."""
        if not heard.user:
            return None
        found = await self._services.store.read(lambda tx: tx.value(_key(heard)))
        asked = json.loads(found) if found else None
        if asked is None or self._services.now() - datetime.fromisoformat(asked["at"]) > WITHIN:
            return None
        return Tap(kind=DECIDE, verb=asked["verb"], value=asked["value"])

    async def settled(self, heard: Heard) -> None:
        """Nothing more is asked of this person here."""
        if heard.user:
            await self._services.store.transact(lambda tx: tx.drop_value(_key(heard)))


def _key(heard: Heard) -> str:
    return f"{_ASKED}{heard.chat}:{heard.user}"


def _drop(action: Action) -> Tap:
    return Tap(kind=DROP, verb=action.verb, value=action.value)


def _template(action: Action, confirm: Confirm, say: Words) -> Message:
    """LINE's confirm template: two buttons under a text of 240 units."""
    title, body = say(confirm.title), say(confirm.body)
    decide = Tap(kind=DECIDE, verb=action.verb, value=action.value)
    return {
        "type": "template",
        "altText": shown(title, ALT_TEXT),
        "template": {
            "type": "confirm",
            "text": cut(f"{title}\n{body}", CONFIRM_TEXT),
            "actions": [
                postback(Renderer(say).label(action), decide),
                postback(say(text("button.keep")), _drop(action)),
            ],
        },
    }


def picker(say: Words, first: str = "") -> Message:
    """A quick reply that asks for a moment; LINE's picker knows no zone."""
    label = say(text("line.until" if first else "line.from"))
    tap = Tap(kind=PICK, verb=str(Verb.ERRORS), value=first)
    action: Message = {"type": "datetimepicker", "label": label, "data": tap.write()}
    return {"type": "action", "action": action | {"mode": "datetime"}}


def zoned(picked: str, zone: str) -> str:
    """A picked moment with the offset of the room's zone; empty for what is none."""
    try:
        moment = datetime.fromisoformat(picked)
    except ValueError:
        return ""
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return local.isoformat(timespec="minutes")


def choose_target(targets: Sequence[str], say: Words) -> Message:
    """The targets that are started from here, each to be said by one tap."""
    if not targets:
        return plain(say(text("slack.start.none")))
    items = [say_it(name, f"{WAKE} start {name}") for name in targets[:QUICK_REPLIES]]
    left = targets[QUICK_REPLIES:]
    more = ["", *(f"{WAKE} start {name}" for name in left)] if left else []
    asked = "\n".join([say(text("button.form")), *more])
    return plain(asked) | {"quickReply": {"items": items}}


def ask_end(first: str, say: Words) -> Message:
    """The second question of *errors between*: until when."""
    line = f"release errors since {first}"
    items = [picker(say, first), say_it(say(text("line.until_now")), line)]
    return plain(say(text("line.picked", at=first))) | {"quickReply": {"items": items}}
