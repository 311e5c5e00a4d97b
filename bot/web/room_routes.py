"""The web room: who I am, what I say and click, and what the start dialog and the journal show."""

from __future__ import annotations

import asyncio
import json
from functools import partial

from aiohttp import web
from pydantic import Field

from bot.chat.render import card_json
from bot.core.config import Target, WebRoom
from bot.core.inbound import Inbound
from bot.core.operation import ExecutorError
from bot.core.value import Value
from bot.web.body import BadRequestError, problem, read_json
from bot.web.site import BACKEND, PERSON, SITE, Mode

BODY_BYTES_MAX = 32 * 1024
CANDIDATES_TIMEOUT = 15.0


class Sent(Value):
    """What both bodies have; `id` is made by the page, a repeat has the same."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")
    as_: str = Field(default="", alias="as", max_length=100)


class Said(Sent):
    """A typed line."""

    text: str = Field(min_length=1, max_length=4000)


class Acted(Sent):
    """A click."""

    verb: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,39}$")
    value: str = Field(default="", max_length=500)
    reason: str = Field(default="", max_length=2000)


async def me(request: web.Request) -> web.Response:
    """GET /api/me: who looks, who may be acted as, the rooms and the targets."""
    site, facts = request.app[SITE], request.app[BACKEND].facts
    people = [
        {"key": key, "name": person.name, "role": person.role.value}
        for key, person in facts.people().items()
    ]
    rooms = [
        {"key": key, "name": room.name or key, "language": room.language.value}
        for key, room in facts.rooms().items()
        if isinstance(room, WebRoom)
    ]
    return web.json_response(
        {
            "mode": site.mode.value,
            "person": request.get(PERSON, ""),
            "people": people,
            "rooms": rooms,
            "targets": [_target(key, target) for key, target in facts.targets().items()],
            "time_scale": site.time_scale,
            "on_fail": site.on_fail,
        }
    )


def _target(key: str, target: Target) -> dict[str, object]:
    return {
        "key": key,
        "title": target.title or key,
        "rooms": list(target.rooms),
        "components": list(target.components),
        "confirm": target.confirm.value,
        "production": target.production,
    }


async def say(request: web.Request) -> web.Response:
    """POST /api/rooms/{room}/say: a typed line, and what comes back to its writer only."""
    room = room_of(request)
    said = await read_json(request, Said, BODY_BYTES_MAX)
    return await _submit(
        request, _inbound(request, room, said).model_copy(update={"text": said.text})
    )


async def act(request: web.Request) -> web.Response:
    """POST /api/rooms/{room}/act: a click, and what comes back to its maker only."""
    room = room_of(request)
    acted = await read_json(request, Acted, BODY_BYTES_MAX)
    click = {"verb": acted.verb, "value": acted.value, "reason": acted.reason}
    return await _submit(request, _inbound(request, room, acted).model_copy(update=click))


def room_of(request: web.Request) -> str:
    """Find the web room that the address names."""
    room = request.match_info["room"]
    if not isinstance(request.app[BACKEND].facts.rooms().get(room), WebRoom):
        raise BadRequestError("there is no such room", 404)
    return room


def _inbound(request: web.Request, room: str, sent: Sent) -> Inbound:
    person = _actor(request, sent.as_)
    return Inbound(
        dedupe=f"{room}:{person}:{sent.id}",
        surface="web",
        room=room,
        person=person,
        at=request.app[SITE].now(),
    )


def _actor(request: web.Request, chosen: str) -> str:
    if request.app[SITE].mode is Mode.SERVE:
        return request[PERSON]
    if chosen not in request.app[BACKEND].facts.people():
        raise BadRequestError("as: choose one of the people in release.yml")
    return chosen


async def _submit(request: web.Request, inbound: Inbound) -> web.Response:
    reply = await request.app[BACKEND].intake.submit(inbound)
    card = reply.card and card_json(reply.card, request.app[SITE].words(inbound.room))
    return web.json_response(
        {"outcome": reply.outcome.value, "card": card, "release": reply.release}
    )


async def candidates(request: web.Request) -> web.Response:
    """GET /api/targets/{target}/candidates: what could be released, by component."""
    target, facts = request.match_info["target"], request.app[BACKEND].facts
    if target not in facts.targets():
        raise BadRequestError("there is no such target", 404)
    try:
        async with asyncio.timeout(CANDIDATES_TIMEOUT):
            found = await facts.candidates(target)
    except ExecutorError as error:
        return problem(502, f"the versions could not be listed: {error}")
    except TimeoutError:
        return problem(504, f"the versions could not be listed within {CANDIDATES_TIMEOUT:g} s")
    listed = {
        name: [{"version": c.version, "title": c.title} for c in some]
        for name, some in found.items()
    }
    return web.json_response({"components": listed})


async def journal(request: web.Request) -> web.Response:
    """GET /api/releases/{id}/journal: the events of a release, oldest first."""
    try:
        events = await request.app[BACKEND].facts.journal(int(request.match_info["id"]))
    except LookupError:
        raise BadRequestError("there is no such release", 404) from None
    return web.json_response({"events": events}, dumps=partial(json.dumps, default=str))
