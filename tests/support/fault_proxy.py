"""A proxy between a log store and a real server, which spoils chosen answers."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, TCPConnector, web

from tests.support.elasticsearch import Server

Spoil = Callable[[web.Request, Any], Any]
"""Gets a request and the true answer's JSON; returns another JSON, or a response, or CUT."""

CUT = object()
"""The connection is cut instead of an answer."""

_HOP = {"host", "content-length", "transfer-encoding", "content-encoding", "accept-encoding"}


class FaultProxy:
    """Passes requests on to a server, and counts them."""

    def __init__(self, server: Server, session: ClientSession) -> None:
        self._server = server
        self._session = session
        self.spoil: Spoil | None = None
        self.silent = asyncio.Event()
        """Set while the proxy is to answer; cleared: requests wait for ever."""
        self.silent.set()
        self.requests: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.requests.append(f"{request.method} {request.path}")
        await self.silent.wait()
        body = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        async with self._session.request(
            request.method, self._server.url + request.raw_path, data=body, headers=headers
        ) as answer:
            status, kind, true = answer.status, answer.headers["content-type"], await answer.read()
        found = json.loads(true) if true else None
        said = self.spoil(request, found) if self.spoil else found
        if said is CUT and request.transport:
            request.transport.abort()
            return web.Response()
        if isinstance(said, web.StreamResponse):
            return said
        return elastic(said, status=status, kind=kind)


def elastic(body: Any, *, status: int = 200, kind: str = "application/json") -> web.Response:
    """An answer as Elasticsearch gives it."""
    headers = {"X-Elastic-Product": "Elasticsearch", "Content-Type": kind}
    return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)


@asynccontextmanager
async def fault_proxy(server: Server) -> AsyncIterator[tuple[Server, FaultProxy]]:
    """A server without TLS in front of the true one, and what spoils its answers."""
    context = ssl.create_default_context(cafile=server.ca_file)
    async with ClientSession(connector=TCPConnector(ssl=context)) as session:
        proxy = FaultProxy(server, session)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            yield Server(f"http://127.0.0.1:{port}", "", server.passwords), proxy
        finally:
            proxy.silent.set()
            await runner.cleanup()
