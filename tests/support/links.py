"""Finds links of Markdown files that lead nowhere inside the repository.

Run as `python -m tests.support.links`; addresses on other machines are not looked at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.support.source import ROOT, tracked_files

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_INLINE = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\s*\)")
_REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)", re.MULTILINE)
_HTML = re.compile(r"<(?:img|a|source)\b[^>]*?\b(?:src|href|srcset)=[\"']([^\"']+)[\"']")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
_ANCHOR = re.compile(r"<a\s+(?:id|name)=[\"']([^\"']+)[\"']")


def dead_links(page: Path) -> Iterator[str]:
    """Yield a sentence for each relative link of the page that has no file or heading."""
    text = _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    for pattern in (_INLINE, _REFERENCE, _HTML):
        for match in pattern.finditer(text):
            complaint = _complaint(page, match.group(1))
            if complaint:
                yield complaint


def headings(page: Path) -> set[str]:
    """Return the anchors that the page's headings and anchor tags make."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    anchors: set[str] = set(_ANCHOR.findall(text))
    for title in _HEADING.findall(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        words = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
        repeats = sum(anchor == words or anchor.startswith(f"{words}-") for anchor in anchors)
        anchors.add(f"{words}-{repeats}" if words in anchors else words)
    return anchors


def _complaint(page: Path, link: str) -> str | None:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    base = ROOT if parts.path.startswith("/") else page.parent
    path = base / unquote(parts.path).lstrip("/") if parts.path else page
    where = page.relative_to(ROOT) if page.is_relative_to(ROOT) else page
    if not path.exists():
        return f"{where}: {link} leads nowhere"
    if parts.fragment and path.suffix == ".md" and unquote(parts.fragment) not in headings(path):
        return f"{where}: {link} names a heading that is not there"
    return None


def all_dead_links() -> list[str]:
    """Return the complaints about every Markdown file of the repository."""
    pages = [path for path in tracked_files() if path.suffix == ".md"]
    return [complaint for page in pages for complaint in dead_links(page)]


if __name__ == "__main__":
    found = all_dead_links()
    sys.stderr.write("".join(f"{line}\n" for line in found))
    sys.exit(1 if found else 0)
