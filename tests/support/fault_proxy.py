"""A proxy between a log store and a real server, which spoils chosen answers."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import ClientSession, TCPConnector, web

from tests.support.keeper import Server

Spoil = Callable[[web.Request, Any], Any]
"""Gets a request and the true answer's JSON; returns another JSON, or a response, or CUT."""

CUT = object()
"""The connection is cut instead of an answer."""

_WHY = "unable to authenticate with provided credentials"
_REFUSAL = {"error": {"type": "security_exception", "reason": _WHY}, "status": 401}
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
        self.known: dict[str, str] | None = None
        """Authorization -> what the server gets instead of it; others are refused. None: all pass.
        """

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.requests.append(f"{request.method} {request.path}")
        await self.silent.wait()
        body = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        if self.known is not None:
            given = headers.pop("Authorization", "")
            if given not in self.known:
                return self.answer(_REFUSAL, status=401)
            headers["Authorization"] = self.known[given]
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
        return self.answer(said, status=status, kind=kind)

    def answer(
        self, body: Any, *, status: int = 200, kind: str = "application/json"
    ) -> web.Response:
        """An answer as the server gives it."""
        headers = {"Content-Type": kind}
        if self._server.kind == "elasticsearch":
            headers["X-Elastic-Product"] = "Elasticsearch"
        return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)


@asynccontextmanager
async def fault_proxy(
    server: Server, *, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Server, FaultProxy]]:
    """A server in front of the true one, and what spoils its answers; TLS is that of `context`."""
    trust = ssl.create_default_context(cafile=server.ca_file or None)
    async with ClientSession(connector=TCPConnector(ssl=trust)) as session:
        proxy = FaultProxy(server, session)
        app = web.Application(client_max_size=1 << 26)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        try:
            scheme = "https" if context else "http"
            yield replace(server, url=f"{scheme}://127.0.0.1:{port}", ca_file=""), proxy
        finally:
            proxy.silent.set()
            await runner.cleanup()
