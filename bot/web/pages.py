"""The packaged files of the page, read once; only these names are ever served."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_PAGES = {".html": "text/html"}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    etag: str


@cache
def _files() -> dict[str, _File]:
    found = {}
    for path in sorted((Path(__file__).parent / "static").iterdir()):
        content_type = (_TYPES | _PAGES).get(path.suffix)
        if content_type is not None:
            body = path.read_bytes()
            etag = hashlib.sha256(body).hexdigest()[:16]
            found[path.name] = _File(body, content_type, etag)
    return found


def page(name: str, *, status: int = 200, problem: str = "") -> web.Response:
    """Answer with one of the packaged pages; a problem is shown where the page has a place."""
    shown = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
    body = _files()[name].body.replace(b"<!--problem-->", shown.encode())
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


async def index(_request: web.Request) -> web.Response:
    """GET /: the room."""
    return page("index.html")


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/{name}: a script, a style sheet or an image; nothing that knows a release."""
    file = _files().get(request.match_info["name"])
    if file is None or file.content_type not in _TYPES.values():
        raise web.HTTPNotFound
    etag = f'"{file.etag}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=file.body, content_type=file.content_type, charset="utf-8", headers=headers
    )
