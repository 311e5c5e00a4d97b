"""The outgoing HTTP room: each new card is sent once to any URL as any JSON body."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp

from bot.core.card import Card
from bot.core.config import HttpRoom
from bot.core.value import Text
from bot.ports import RoomError

_PLACE = re.compile(r"\{(text|title|release|kind|room|key)\}")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def fill(template: object, values: Mapping[str, str | int | None]) -> object:
    """Fill placeholders in every string of a JSON value, once: filled-in text is not read again.

    A string that is exactly `{release}` becomes the number (null where there is none).
    """
    if isinstance(template, dict):
        return {str(name): fill(value, values) for name, value in template.items()}
    if isinstance(template, (list, tuple)):
        return [fill(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if template == "{release}":
        return values["release"]
    return _PLACE.sub(lambda place: str(values[place[1]] or ""), template)


def signature(secret: str, body: bytes, moment: datetime) -> str:
    """Sign `<unix seconds>.<body>` with HMAC-SHA256: the value of `X-Release-Signature`."""
    seconds = int(moment.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class HttpRoomSender:
    """Sends cards by POST (the Room port). It cannot edit: edits of a sent card send nothing.

    `headers` and `secret` are values, not names of variables. Raises RoomError on anything but
    2xx in time; its text names host and status only, as path and answer may hold secrets.
    """

    def __init__(
        self,
        key: str,
        config: HttpRoom,
        *,
        headers: Mapping[str, str],
        secret: str,
        say: Callable[[Text], str],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        if any(re.search(r"[\r\n\0]", value) for value in headers.values()):
            msg = f"rooms.{key}.headers_env: a header value holds a line break"
            raise ValueError(msg)
        self._key = key
        self._config = config
        self._headers = dict(headers)
        self._secret = secret
        self._say = say
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def show(self, key: str, card: Card, ref: str | None) -> str:
        """Send a new card and return its key; with a `ref` nothing is sent and it comes back."""
        if ref is not None:
            return ref
        body = json.dumps(self._body(key, card), ensure_ascii=False).encode()
        headers = self._headers | {"Content-Type": "application/json", "Idempotency-Key": key}
        if self._secret:
            headers["X-Release-Signature"] = signature(self._secret, body, self._now())
        await self._post(body, headers)
        return key

    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _body(self, key: str, card: Card) -> object:
        values = {
            "text": self._text(card),
            "title": self._say(card.title),
            "release": card.release,
            "kind": card.kind,
            "room": self._config.name or self._key,
            "key": key,
        }
        return fill(self._config.body, values)

    def _text(self, card: Card) -> str:
        """The one sentence of a card; behind a notice the lines that say why or what to do."""
        lines = [line for line in card.lines if line != card.text] if card.kind == "notice" else []
        said = (line if isinstance(line, str) else self._say(line) for line in lines)
        return "\n".join((self._say(card.text), *said))

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> None:
        where = f"room {self._key} at {urlsplit(self._config.url).hostname}"
        try:
            async with self._client().post(
                self._config.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except TimeoutError as error:
            seconds = self._config.timeout.total_seconds()
            raise RoomError(f"{where}: no answer within {seconds:g} s") from error
        except aiohttp.ClientError as error:
            # The library's own text names the whole address, which may hold a secret.
            raise RoomError(f"{where}: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise RoomError(f"{where}: answered {status}")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._config.timeout.total_seconds())
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        return self._session
