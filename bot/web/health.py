"""Whether the bot lives, whether it is ready, and its figures."""

from __future__ import annotations

import hmac

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.web.body import problem
from bot.web.security import is_loopback
from bot.web.session import person_of_token
from bot.web.site import BACKEND, PERSON, SITE, Mode


async def healthz(_request: web.Request) -> web.Response:
    """GET /healthz: `ok` as long as the process answers."""
    return web.Response(text="ok\n")


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: `ready`, or `unready` with 503; the reasons only for those who may know."""
    parts = await request.app[BACKEND].facts.ready()
    ready = not any(parts.values())
    word, status = ("ready", 200) if ready else ("unready", 503)
    if not _may_know(request):
        return web.Response(text=word + "\n", status=status)
    return web.json_response({"status": word, "parts": dict(parts)}, status=status)


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: the figures in the Prometheus text format."""
    if not _may_know(request):
        return problem(
            401, "send Authorization: Bearer with a token", {"WWW-Authenticate": "Bearer"}
        )
    body = generate_latest(request.app[SITE].registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


def bearer(request: web.Request) -> str:
    """Read the bearer token of a request; empty when it carries none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def same(given: str, right: str) -> bool:
    """Compare tokens in constant time; an empty right one is never met."""
    known = bool(right)
    return hmac.compare_digest(given.encode(errors="replace"), right.encode()) and known


def _may_know(request: web.Request) -> bool:
    site = request.app[SITE]
    if site.mode is Mode.TRY:
        return is_loopback(request.remote or "")
    if PERSON in request:
        return True
    token = bearer(request)
    people = request.app[BACKEND].facts.people()
    return same(token, site.metrics_token) or person_of_token(token, people) is not None
