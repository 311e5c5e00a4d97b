"""Signing in with a person's token: sessions in memory, and a brake on guessing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from aiohttp import web

from bot.core.config import Person
from bot.web.body import BadRequestError, read_limited
from bot.web.pages import page
from bot.web.site import BACKEND, SITE, Mode

LIFETIME = timedelta(hours=12)
SESSIONS_MAX = 10_000
FORM_BYTES_MAX = 4096


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def person_of_token(token: str, people: Mapping[str, Person]) -> str | None:
    """Find whose token this is; every hash is compared, so the time tells nothing."""
    digest = _sha256(token)
    found = None
    for key, person in people.items():
        if person.token_sha256 and hmac.compare_digest(digest, person.token_sha256):
            found = key
    return found if token else None


@dataclass(frozen=True, slots=True)
class _Session:
    person: str
    token_sha256: str
    ends: datetime


class Sessions:
    """Who is signed in. Ends after 12 h, with the person's token, or with the process."""

    def __init__(self, *, secure: bool) -> None:
        self._secure = secure
        # The prefix makes browsers refuse the cookie from anywhere but this very https host.
        self._cookie = "__Host-release_session" if secure else "release_session"
        self._open: dict[str, _Session] = {}

    def begin(
        self, response: web.StreamResponse, person: str, token_sha256: str, now: datetime
    ) -> None:
        """Open a session and hand its cookie to the browser; only its hash is kept."""
        if len(self._open) >= SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        ident = secrets.token_urlsafe(32)
        self._open[_sha256(ident)] = _Session(person, token_sha256, now + LIFETIME)
        response.set_cookie(
            self._cookie,
            ident,
            max_age=int(LIFETIME.total_seconds()),
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            path="/",
        )

    def who(self, request: web.Request, people: Mapping[str, Person], now: datetime) -> str | None:
        """Say whose session the request carries; a changed or removed token ends it."""
        key = _sha256(request.cookies.get(self._cookie, ""))
        session = self._open.get(key)
        if session is None:
            return None
        person = people.get(session.person)
        if now >= session.ends or person is None or person.token_sha256 != session.token_sha256:
            del self._open[key]
            return None
        return session.person

    def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """Close the session of the request, if it has one."""
        self._open.pop(_sha256(request.cookies.get(self._cookie, "")), None)
        response.del_cookie(self._cookie, path="/", secure=self._secure, httponly=True)


class Throttle:
    """At most `limit` failures a window for each address, and ten times that for all together."""

    def __init__(self, *, limit: int = 10, window: timedelta = timedelta(minutes=1)) -> None:
        self._limit = limit
        self._window = window
        self._failures: deque[tuple[datetime, str]] = deque(maxlen=10 * limit)

    def blocked(self, address: str, now: datetime) -> bool:
        """Say whether this address must wait before it may try again."""
        while self._failures and now - self._failures[0][0] >= self._window:
            self._failures.popleft()
        own = sum(1 for _, who in self._failures if who == address)
        return own >= self._limit or len(self._failures) == self._failures.maxlen

    def failed(self, address: str, now: datetime) -> None:
        """Count a failure."""
        self._failures.append((now, address))


SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions", Sessions)
THROTTLE: web.AppKey[Throttle] = web.AppKey("throttle", Throttle)


async def login_page(request: web.Request) -> web.Response:
    """GET /login: the form; the try-out needs none."""
    if request.app[SITE].mode is Mode.TRY:
        raise web.HTTPSeeOther("/")
    return page("login.html")


async def login(request: web.Request) -> web.Response:
    """POST /login: a token against a session cookie; too many wrong ones have to wait."""
    now, throttle = request.app[SITE].now(), request.app[THROTTLE]
    address = request.remote or ""
    if throttle.blocked(address, now):
        wait = "Too many wrong tokens: wait a minute, then try again."
        return page("login.html", status=429, problem=wait)
    people = request.app[BACKEND].facts.people()
    person = person_of_token(await _token(request), people)
    if person is None:
        throttle.failed(address, now)
        return page("login.html", status=401, problem="Nobody has this token.")
    response = web.Response(status=303, headers={"Location": "/"})
    request.app[SESSIONS].end(request, response)
    request.app[SESSIONS].begin(response, person, people[person].token_sha256, now)
    return response


async def _token(request: web.Request) -> str:
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequestError("send the form of /login", 415)
    try:
        raw = (await read_limited(request, FORM_BYTES_MAX)).decode()
        form = parse_qs(raw, max_num_fields=5)
    except ValueError as error:
        raise BadRequestError("the form cannot be read") from error
    return form.get("token", [""])[0].strip()


async def logout(request: web.Request) -> web.Response:
    """POST /logout: the session ends here and in the browser."""
    response = web.Response(status=204)
    request.app[SESSIONS].end(request, response)
    return response
