"""Who may talk to the web application at all: hosts, origins, headers, and the door in front."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.core.config import Person
from bot.web.body import BadRequestError, problem
from bot.web.pages import page
from bot.web.session import SESSIONS
from bot.web.site import BACKEND, PERSON, SITE, Mode

_log = structlog.get_logger(__name__)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer browsers send `Origin: null` with the login form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OPEN = frozenset({"/healthz", "/readyz", "/login", "/static/{name}"})
"""What is answered without a session under serve; /readyz then says one word."""
OWN_DOOR = frozenset({"/hooks/alerts", "/metrics"})
"""Routes that check a token of their own."""
SIGNED = frozenset({"/line/webhook", "/slack/events"})
"""Routes that check a signature over the whole body: no browser can make it, from any site."""


def is_loopback(host: str) -> bool:
    """Whether this address or name can only be reached from this machine."""
    bare = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare.lower() == "localhost"


def check_bind(host: str, people: Mapping[str, Person], *, mode: Mode = Mode.SERVE) -> str | None:
    """Say why this address may not be listened on; None when it may."""
    if is_loopback(host):
        return None
    if mode is Mode.TRY:
        return (
            f"{host} can be reached from other machines, and the try-out lets everybody act as "
            "anybody: listen on 127.0.0.1, or use serve with people's tokens"
        )
    if any(person.token_sha256 for person in people.values()):
        return None
    return (
        f"{host} can be reached from other machines, but nobody could sign in: give at least one "
        "person in release.yml a token_sha256, or listen on 127.0.0.1"
    )


def allowed_hosts(host: str, port: int, public_url: str = "") -> frozenset[str]:
    """List the Host headers to answer: where the bot listens, localhost, and the public address."""
    names = {"localhost", "127.0.0.1", "[::1]"}
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared with, not listened on
        names.add(f"[{host}]" if ":" in host and not host.startswith("[") else host)
    allowed = {f"{name}:{port}".lower() for name in names}
    if port in {80, 443}:
        allowed |= {name.lower() for name in names}
    if public_url:
        parts = urlsplit(public_url)
        allowed.add(parts.netloc.rpartition("@")[2].lower())
        default = {"http": 80, "https": 443}.get(parts.scheme)
        if parts.hostname and parts.port is None and default is not None:
            allowed.add(f"{parts.hostname}:{default}")
    return frozenset(allowed)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer (a signal handler of the application)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into a short JSON answer that tells nothing of the inside."""
    try:
        return await handler(request)
    except BadRequestError as error:
        return problem(error.status, str(error))
    except web.HTTPMethodNotAllowed as error:
        allow = ", ".join(sorted(error.allowed_methods))
        return problem(405, f"{request.method} is not for this address", {"Allow": allow})
    except web.HTTPNotFound:
        return problem(404, "there is nothing at this address")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(error.status, error.reason)
    except Exception:  # noqa: BLE001 - the last line before the client
        _log.exception("web.failed", method=request.method, path=request.path)
        return problem(500, "the bot could not do this; its log says why")


@web.middleware
async def check_source(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other host names (DNS rebinding) and requests that other sites' pages make."""
    if _place(request) in SIGNED:
        return await handler(request)
    hosts = request.app[SITE].hosts
    if request.headers.get("Host", "").lower() not in hosts:
        return problem(403, "this host name is not served here; RELEASE_MASTER_PUBLIC_URL adds one")
    origin = request.headers.get("Origin")
    if origin is not None and not _own_origin(origin, hosts):
        return problem(403, "requests from pages of other sites are refused")
    site = request.headers.get("Sec-Fetch-Site", "none").lower()
    if site not in {"same-origin", "none"} and not _is_visit(request):
        return problem(403, "requests from pages of other sites are refused")
    return await handler(request)


def _place(request: web.Request) -> str | None:
    """The address as it was registered; None where there is nothing."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else None


def _own_origin(origin: str, hosts: frozenset[str]) -> bool:
    scheme, _, host = origin.partition("://")
    return scheme in {"http", "https"} and host.lower() in hosts


def _is_visit(request: web.Request) -> bool:
    """Following a link from another site to the page is fine: it shows, it changes nothing."""
    return (
        request.method == "GET"
        and request.path in {"/", "/login"}
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
    )


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let nobody in without a session under serve, except where `OPEN` or `OWN_DOOR` says so."""
    site = request.app[SITE]
    person = request.app[SESSIONS].who(request, request.app[BACKEND].facts.people(), site.now())
    if person is not None:
        request[PERSON] = person
    place = _place(request)
    if site.mode is Mode.TRY or person is not None or place is None:
        return await handler(request)
    if place in OPEN | OWN_DOOR | SIGNED:
        return await handler(request)
    if place == "/":
        return _door(request)
    return problem(401, "sign in first")


def _door(request: web.Request) -> web.Response:
    # A link on another site brings no SameSite=Strict cookie, a step of our own page does.
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and not request.query_string:
        return page("bounce.html", status=401)
    return page("login.html", status=401)
