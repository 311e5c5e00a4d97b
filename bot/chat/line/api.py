"""The Messaging API, as far as the bot calls it: replies, pushes, quota, members, endpoints."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import aiohttp
from linebot.v3.messaging import (  # type: ignore[import-untyped] # it has no types
    AsyncApiClient,
    AsyncMessagingApi,
    Configuration,
    PushMessageRequest,
    QuotaType,
    ReplyMessageRequest,
    TestWebhookEndpointRequest,
)
from linebot.v3.messaging.exceptions import (  # type: ignore[import-untyped] # it has no types
    ApiException,
)

from bot.chat.line.limits import Message

TIMEOUT = 8.0
"""Seconds that one call may take; the library's own limit is five minutes."""
ACCEPTED = 200
"""The status of an error where LINE did what was asked and answered in an unknown shape."""
BUSY, LONGEST = 5.0, 300.0
"""Seconds until a call that came too fast is repeated, and the longest that is waited."""
_MONTHLY = "monthly limit"
"""What the text of a 429 holds when the quota is used up; otherwise calls come too fast."""


class LineError(Exception):
    """A call failed: `status` as LINE answered it, 0 where no answer came.

    `asked`: seconds after which LINE wants to be called again; None where it does not say.
    """

    def __init__(self, status: int, said: str, asked: float | None = None) -> None:
        super().__init__(f"LINE answered {status}: {said}" if status else f"LINE: {said}")
        self.status = status
        self.said = said
        self.asked = asked

    @property
    def wait(self) -> float:
        """Seconds until the call may be repeated."""
        return BUSY if self.asked is None else self.asked

    @property
    def exhausted(self) -> bool:
        """Whether this month's messages are used up."""
        return self.status == 429 and _MONTHLY in self.said.lower()

    @property
    def busy(self) -> bool:
        """Whether calls come too fast, so that this very one is wanted later."""
        return self.status == 429 and not self.exhausted

    @property
    def unsure(self) -> bool:
        """Whether LINE may have done all the same what it was asked."""
        return self.status == 0 or self.status >= 500


class LineApi:
    """One client of a process; it connects with the first call, inside the running loop."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._client: AsyncApiClient | None = None
        self._is_closed = False
        self.trouble = ""
        """Why nothing can be said at all; empty as soon as a call succeeds."""

    async def reply(self, token: str, messages: Sequence[Message]) -> None:
        """Answer with a reply token: free, once, and within about a minute."""
        body = _request(ReplyMessageRequest, {"replyToken": token, "messages": list(messages)})
        await self._send(lambda api, **o: api.reply_message(body, **o))

    async def push(self, chat: str, messages: Sequence[Message], key: str) -> None:
        """Send to a chat; costs one message a member. The same key is delivered once a day."""
        body = _request(PushMessageRequest, {"to": chat, "messages": list(messages)})
        try:
            await self._send(lambda api, **o: api.push_message(body, x_line_retry_key=key, **o))
        except LineError as error:
            # The first attempt with this key was accepted, whatever we heard of it.
            if error.status != 409:
                raise

    async def _send(self, call: Callable[..., Awaitable[Any]]) -> None:
        try:
            await self._call(call)
        except LineError as error:
            # What was accepted is said, also where the answer's shape is a new one.
            if error.status != ACCEPTED:
                raise

    async def quota(self) -> tuple[int | None, int]:
        """The messages of this month, 0 or more, and those used; None: as many as wanted."""
        limit = await self._call(lambda api, **o: api.get_message_quota(**o))
        used = await self._call(lambda api, **o: api.get_message_quota_consumption(**o))
        limited = limit.type == QuotaType.LIMITED
        return (limit.value or 0) if limited else None, used.total_usage

    async def members(self, chat: str) -> int:
        """How many people a push to this chat reaches."""
        if chat.startswith("U"):
            return 1
        if chat.startswith("R"):
            found = await self._call(lambda api, **o: api.get_room_member_count(chat, **o))
        else:
            found = await self._call(lambda api, **o: api.get_group_member_count(chat, **o))
        return int(found.count)

    async def name(self, user: str) -> str:
        """The name that somebody has in LINE: chosen freely, so it proves nothing."""
        found = await self._call(lambda api, **o: api.get_profile(user, **o))
        return str(found.display_name)

    async def bot(self) -> tuple[str, str]:
        """The account's name and its id, `@…`."""
        found = await self._call(lambda api, **o: api.get_bot_info(**o))
        return str(found.display_name), str(found.basic_id)

    async def endpoint(self) -> tuple[str, bool]:
        """Where LINE sends webhooks, and whether that is switched on."""
        found = await self._call(lambda api, **o: api.get_webhook_endpoint(**o))
        return str(found.endpoint), bool(found.active)

    async def test_endpoint(self) -> tuple[bool, str]:
        """Let LINE call the webhook now: whether that worked, and what it saw."""
        asked = TestWebhookEndpointRequest()
        found = await self._call(
            lambda api, **o: api.test_webhook_endpoint(test_webhook_endpoint_request=asked, **o)
        )
        return bool(found.success), f"{found.status_code} {found.reason} {found.detail}".strip()

    async def close(self) -> None:
        """Give back connections, for good: what is sent from now on is refused."""
        self._is_closed = True
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _call(self, call: Callable[..., Awaitable[Any]]) -> Any:
        if self._is_closed:
            # Another session would be nobody's to close.
            raise LineError(0, "the connection was closed")
        if self._client is None:
            options = Configuration(host=self._url, access_token=self._token)
            self._client = AsyncApiClient(options)
        limit = aiohttp.ClientTimeout(total=TIMEOUT)
        try:
            answer = await call(AsyncMessagingApi(self._client), _request_timeout=limit)
        except ApiException as error:
            if error.status == 401:
                self.trouble = "LINE refuses the channel access token"
            asked = _asked(error.headers)
            raise LineError(int(error.status or 0), _said(error.body), asked) from error
        except (RuntimeError, AssertionError) as error:
            # The bot stops: the session of this call was closed behind it, which aiohttp finds out
            # by an error of its own or, between connecting and sending, by an assertion.
            raise LineError(0, "the connection was closed") from error
        except (TimeoutError, aiohttp.ClientError) as error:
            raise LineError(0, f"no answer ({type(error).__name__})") from error
        except (ValueError, TypeError, AttributeError) as error:
            refused = error.__context__
            if isinstance(refused, ApiException):
                # The library cannot read the body of this error.
                raise LineError(int(refused.status or 0), "unreadable") from error
            # The library's models refuse an answer that they do not know.
            said = f"not understood ({type(error).__name__})"
            raise LineError(ACCEPTED, said) from error
        self.trouble = ""
        return answer


def _request(model: Any, body: Message) -> Any:
    """The body as the library's model; what it refuses, LINE would refuse as well."""
    try:
        return model.from_dict(body)
    except ValueError as error:
        raise LineError(400, f"the message is malformed ({type(error).__name__})") from error


def _asked(headers: Mapping[str, str] | None) -> float | None:
    """The seconds of `Retry-After`; None where there are none."""
    try:
        return min(max(float((headers or {})["Retry-After"]), 0.0), LONGEST)
    except (KeyError, ValueError):
        return None


def _said(body: object) -> str:
    """The message of an error's body; the body itself where it is none of LINE's."""
    raw = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    try:
        found = json.loads(raw)
    except ValueError:
        return raw[:200]
    if not isinstance(found, dict):
        return raw[:200]
    details = found.get("details") or ()
    parts = [f"{d.get('property')}: {d.get('message')}" for d in details if isinstance(d, dict)]
    return "; ".join([str(found.get("message", "")), *parts])[:400]
