"""The packaged files: only known names, no inline scripts, nothing from other places."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from bot.web import pages
from tests.support.web_backend import World

_STATIC = Path(pages.__file__).parent / "static"


async def test_files_are_served_and_revalidated(
    trying: World, client: aiohttp.ClientSession
) -> None:
    """A script comes with its type and a tag; with the tag it is not sent again."""
    url = f"{trying.base}/static/main.js"
    async with client.get(url) as answer:
        assert answer.content_type == "text/javascript"
        tag = answer.headers["ETag"]
    async with client.get(url, headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


@pytest.mark.parametrize("name", ["none.js", "index.html", "..%2fapp.py", "%2e%2e/pages.py"])
async def test_other_files_are_not_served(
    trying: World, client: aiohttp.ClientSession, name: str
) -> None:
    """Names that are no packaged script, style or image find nothing."""
    async with client.get(f"{trying.base}/static/{name}") as answer:
        assert answer.status == 404


def test_pages_hold_no_inline_code() -> None:
    """The policy forbids inline scripts, styles and handlers, so the pages have none."""
    for path in _STATIC.glob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", html), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html), path.name


def test_scripts_treat_text_as_text() -> None:
    """No script writes markup, evaluates text or loads anything from another place."""
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    for path in [*_STATIC.glob("*.js"), *_STATIC.glob("*.css"), *_STATIC.glob("*.html")]:
        source = path.read_text(encoding="utf-8")
        assert not re.search(forbidden, source), path.name
        assert not re.search(r"""(src|href|from|import|url)\s*[=(]?\s*["'(]?https?://""", source)


def test_problems_are_escaped() -> None:
    """A problem on a page is text."""
    response = pages.page("login.html", problem="<b>no</b>")

    assert isinstance(response.body, bytes)
    assert b"&lt;b&gt;no&lt;/b&gt;" in response.body
