"""Slack's Web API: one session, an error with Slack's own code, and when to try again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

TIMEOUT = 10
"""Seconds that one call may take."""
NO_ENTRY = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""Answers that mean: nothing works until somebody mends the app or its token."""
NO_ENTRY_PAUSE = 30.0
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds until the next try of what did not reach Slack; the last one repeats."""


class SlackError(Exception):
    """Slack said no; `code` is its word for why."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack: {method}: {code}")
        self.method = method
        self.code = code


class LaterError(SlackError):
    """Not now, but perhaps in `seconds`: a rate limit, no connection, or no entry at present."""

    def __init__(self, method: str, code: str, seconds: float) -> None:
        super().__init__(method, code)
        self.seconds = seconds


class Api:
    """Calls of one bot token. `open` it inside the running loop, `close` it at the end."""

    def __init__(self, token: str, url: str, *, fresh: Callable[[], str] | None = None) -> None:
        """`fresh` tells the token before each call, where a reload may bring a new one."""
        self._fresh = fresh
        self.url = url if url.endswith("/") else f"{url}/"
        # The library's own second try of a post may post twice.
        self.client = AsyncWebClient(
            token=token, base_url=self.url, timeout=TIMEOUT, retry_handlers=[]
        )
        self.trouble = ""
        """Why nothing works at present; empty when the last call did."""
        self._failed = 0
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the one session that all calls share."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        # Without a proxy the environment is not asked at each call: that reads a file in a thread.
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=bool(getproxies()))
        self.client.session = self._session

    async def close(self) -> None:
        """Give back connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def write(self, method: str, **body: object) -> Mapping[str, Any]:
        """Call a method that changes something. Raises SlackError; LaterError when worth it."""
        return await self._call(method, json=body)

    async def read(self, method: str, **query: str) -> Mapping[str, Any]:
        """Call a method that only looks; those take forms, not JSON. Raises as `write` does."""
        return await self._call(method, data=query)

    async def scopes(self) -> tuple[Mapping[str, Any], frozenset[str]]:
        """Who the token belongs to, and what it may do (empty where Slack does not say)."""
        answer = await self._answer("auth.test", data={})
        headers = {str(name).lower(): value for name, value in answer.headers.items()}
        granted = str(headers.get("x-oauth-scopes", ""))
        return answer.data, frozenset(s.strip() for s in granted.split(",") if s.strip())

    async def respond(self, url: str, body: Mapping[str, object]) -> bool:
        """Answer through a response_url; False when it leads elsewhere or is used up."""
        if not self._ours(url) or self._session is None:
            return False
        try:
            async with self._session.post(url, json=body, allow_redirects=False) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _ours(self, url: str) -> bool:
        """Only Slack itself is answered, whatever a request says."""
        try:
            asked, api = urlsplit(url), urlsplit(self.url)
            same = (asked.scheme, asked.hostname, asked.port) == (
                api.scheme,
                api.hostname,
                api.port,
            )
        except ValueError:
            return False
        if same:
            return True
        hook = asked.hostname == "hooks.slack.com" and asked.port in {None, 443}
        return asked.scheme == "https" and hook

    async def _call(self, method: str, **how: Any) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", (await self._answer(method, **how)).data)

    async def _answer(self, method: str, **how: Any) -> Any:
        if self._fresh is not None:
            self.client.token = self._fresh()
        try:
            answer = await self.client.api_call(method, **how)
        except SlackApiError as error:
            raise self._refused(method, error) from None
        except UnicodeError:
            # Half a character, which nobody has in a name or an id: it cannot even be sent.
            raise SlackError(method, "invalid_arguments") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(method, type(error).__name__) from None
        self._failed, self.trouble = 0, ""
        return answer

    def _refused(self, method: str, error: SlackApiError) -> SlackError:
        answer = error.response
        status = getattr(answer, "status_code", 0) or getattr(answer, "status", 0)
        headers = {str(k).lower(): v for k, v in (getattr(answer, "headers", None) or {}).items()}
        data = getattr(answer, "data", None)
        code = str(data.get("error", "")) if isinstance(data, Mapping) else ""
        if status == 429 or code == "ratelimited":
            return LaterError(method, "ratelimited", _seconds(headers.get("retry-after")))
        if code in NO_ENTRY:
            self.trouble = f"{method}: {code}"
            return LaterError(method, code, NO_ENTRY_PAUSE)
        if status >= 500 or not code or code in {"internal_error", "fatal_error"}:
            return self._unreachable(method, code or f"status {status}")
        return SlackError(method, code)

    def _unreachable(self, method: str, why: str) -> LaterError:
        pause = PAUSES[min(self._failed, len(PAUSES) - 1)]
        self._failed += 1
        self.trouble = f"{method}: {why}"
        return LaterError(method, why, pause)


def _seconds(said: object) -> float:
    try:
        return min(max(float(str(said)), 1.0), 3600.0)
    except ValueError:
        return PAUSES[0]
