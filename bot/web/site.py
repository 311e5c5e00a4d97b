"""How the web application is set up, and the keys under which its parts find each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum, unique

from aiohttp import web
from prometheus_client import CollectorRegistry

from bot.chat.render import Say
from bot.web.backend import Backend


@unique
class Mode(StrEnum):
    """try: the actor is chosen in the page; serve: nothing without a person's token."""

    TRY = "try"
    SERVE = "serve"


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The settings of the web application."""

    mode: Mode
    hosts: frozenset[str]
    """The values of the Host header that are answered; see `security.allowed_hosts`."""
    words: Callable[[str], Say]
    """room key -> what turns message keys into sentences of that room's language."""
    registry: CollectorRegistry = field(repr=False)
    """What `/metrics` shows."""
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    """The present, with a zone."""
    time_scale: float = 1.0
    """Shown on the page when it is not 1."""
    on_fail: str = ""
    """What a failed check leads to (ask, roll_back, observe), shown on the page; empty: not."""
    alerts_token: str = field(default="", repr=False)
    """The bearer token of `/hooks/alerts`; empty: the hook is closed."""
    alerts_label: str = "component"
    """The label of an alert that names the component."""
    metrics_token: str = field(default="", repr=False)
    """A bearer token for `/metrics` and the details of `/readyz`; a person's token will do, too."""
    secure_cookie: bool = False
    """Whether people come by https: the session cookie then never goes over http."""
    heartbeat: float = 15.0
    """Seconds between signs of life of a stream with nothing to say."""


SITE: web.AppKey[Site] = web.AppKey("site", Site)
BACKEND: web.AppKey[Backend] = web.AppKey("backend", Backend)
PERSON = web.RequestKey("person", str)
"""The key of the person whose session the request carries; absent without one."""
