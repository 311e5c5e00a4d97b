"""Sends one call to a deployment API, within limits, and says whether it can have arrived."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import aiohttp

from adapters.deploy.http.calls import Request
from bot.core.config.executor import HttpExecutor
from bot.core.value import spell

ANSWER_LIMIT = 1_000_000
"""How many bytes of an answer are read."""

_PAUSE_SECONDS = (0.1, 0.2, 0.5, 1.0)


class NotSentError(Exception):
    """Nothing was sent: the API cannot have begun anything."""


class NoAnswerError(Exception):
    """Something may have been sent, and no whole answer came."""


class NotUnderstoodError(Exception):
    """An answer came, and it says nothing that is understood."""


@dataclass(frozen=True)
class Answer:
    """A whole answer, whatever it says."""

    status: int
    text: str

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success; redirects are none, they are not followed."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """Return the body. Raises NotUnderstoodError when it is no JSON."""
        try:
            parsed: object = json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise NotUnderstoodError(self.describe()) from error
        return parsed

    def describe(self) -> str:
        """Say what came, for people; not redacted yet and possibly long."""
        start = self.text.lstrip()[:200].lower()
        what = " HTML" if start.startswith(("<!doctype html", "<html")) else ""
        return f"HTTP {self.status}{what}: {' '.join(self.text.split())}".rstrip(": ")


class Transport:
    """The connection to one API. Made in any place, used in one event loop."""

    def __init__(self, config: HttpExecutor, credential: str) -> None:
        self._config = config
        self._headers = {"Accept": "application/json", "User-Agent": "release-master"}
        if credential.strip():
            self._headers[config.auth_header] = credential.strip()
        self._session: aiohttp.ClientSession | None = None

    async def call(self, request: Request, *, repeat: bool = False) -> Answer:
        """Send the request and return the answer; `repeat` sends it again when that fails.

        Takes at most the configured timeout. Raises NotSentError or NoAnswerError.
        """
        seconds = self._config.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._persist(request, self._config.retries if repeat else 0)
        except TimeoutError as error:
            raise NoAnswerError(f"no answer within {spell(self._config.timeout)}") from error

    async def close(self) -> None:
        """Give back the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _persist(self, request: Request, retries: int) -> Answer:
        for attempt in range(retries):
            try:
                answer = await self._send(request)
            except (NotSentError, NoAnswerError):
                pass
            else:
                if answer.status < 500:
                    return answer
            await asyncio.sleep(_PAUSE_SECONDS[min(attempt, len(_PAUSE_SECONDS) - 1)])
        return await self._send(request)

    async def _send(self, request: Request) -> Answer:
        once = _Once()
        try:
            async with self._open().request(
                request.method,
                self._config.base_url.rstrip("/") + request.path,
                json=request.body,
                allow_redirects=False,
                middlewares=(once,),
            ) as response:
                body = await _read(response.content)
                return Answer(response.status, body.decode(errors="replace"))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(f"cannot connect: {error}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            if not once.sent:
                raise NotSentError(f"cannot be sent: {reason}") from error
            raise NoAnswerError(f"connection lost: {reason}") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Half the time for connecting: then a dead address is known to be one in time.
            connecting = self._config.timeout.total_seconds() / 2
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=connecting),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class _Once:
    """Lets one request out: aiohttp repeats PUT and DELETE by itself when a connection breaks."""

    def __init__(self) -> None:
        self.sent = False

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if self.sent:
            raise aiohttp.ServerDisconnectedError
        self.sent = True
        return await handler(request)


async def _read(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise NoAnswerError(f"the answer is longer than {ANSWER_LIMIT} bytes")
    return bytes(body)
