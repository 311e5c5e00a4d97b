"""The application factory: one aiohttp application with the room, the hooks and health."""

from __future__ import annotations

import socket
from dataclasses import replace

from aiohttp import web

from bot.web.backend import Backend
from bot.web.health import healthz, metrics, readyz
from bot.web.hooks import ALERT_BYTES_MAX, alerts
from bot.web.pages import index, static
from bot.web.room_routes import act, candidates, journal, me, say
from bot.web.security import add_headers, answer_errors, authenticate, check_source
from bot.web.session import SESSIONS, THROTTLE, Sessions, Throttle, login, login_page, logout
from bot.web.site import BACKEND, SITE, Mode, Site
from bot.web.stream import STREAMS, Streams, stream

SHUTDOWN_SECONDS = 5.0
"""How long requests in flight may take to end when the application stops."""


def create_app(site: Site, backend: Backend) -> web.Application:
    """Build the application; nothing is listened on yet, and nothing global is touched."""
    app = web.Application(
        middlewares=[answer_errors, check_source, authenticate], client_max_size=ALERT_BYTES_MAX
    )
    app[SITE] = site
    app[BACKEND] = backend
    app[SESSIONS] = Sessions(secure=site.secure_cookie)
    app[THROTTLE] = Throttle()
    app[STREAMS] = Streams()
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(app[STREAMS].stop)
    app.add_routes(
        [
            web.get("/", index),
            web.get("/static/{name}", static),
            web.get("/login", login_page),
            web.post("/login", login),
            web.post("/logout", logout),
            web.get("/api/me", me),
            web.get("/api/rooms/{room}/stream", stream, allow_head=False),
            web.post("/api/rooms/{room}/say", say),
            web.post("/api/rooms/{room}/act", act),
            web.get("/api/targets/{target}/candidates", candidates),
            web.get(r"/api/releases/{id:\d{1,18}}/journal", journal),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
            web.post("/hooks/alerts", alerts),
        ]
    )
    return app


def create_figures_app(site: Site, backend: Backend) -> web.Application:
    """Health and figures alone, without a token: for a port on the loopback only."""
    app = web.Application(middlewares=[answer_errors, check_source])
    app[SITE] = replace(site, mode=Mode.TRY)
    app[BACKEND] = backend
    app.on_response_prepare.append(add_headers)
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
        ]
    )
    return app


def any_port(host: str) -> socket.socket:
    """Take any free port of this host, so that it is known before the application is built."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, 0), family=family)


async def listen(
    app: web.Application, host: str, port: int, taken: socket.socket | None = None
) -> web.AppRunner:
    """Begin to answer on host and port, or on a socket that is `taken` already.

    `await runner.cleanup()` ends it within seconds, and closes the socket.
    """
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
    await runner.setup()
    site = web.SockSite(runner, taken) if taken else web.TCPSite(runner, host, port)
    await site.start()
    return runner
