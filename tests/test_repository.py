"""Keeps the repository in order: its top level, lock files, links, manifest and promises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.links import all_dead_links, dead_links
from tests.support.source import ROOT, modules, tracked_files

TOP_LEVEL = {
    ".ci", ".env.example", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
    "adapters", "bench", "bot", "docs", "examples", "manifest.yml", "pyproject.toml",
    "requirements-dev.lock", "requirements.lock", "tests",
}  # fmt: skip

# The promises (numbers of the list of faults) that this version keeps; each has a test.
PROMISES = {
    *range(1, 36), 37, *range(39, 43), *range(44, 58), 63, 64, *range(67, 83), 87,
    *range(89, 94),
}  # fmt: skip

_LOCKS = ("requirements.lock", "requirements-dev.lock")
_TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".lock", ".html", ".js", ".css", ".service", ".sh"}
# Split, so that this file does not name what it forbids.
_MACHINE_PATHS = re.compile("/" + r"(work/|root/|home/(?!release)\w+/|Users/\w+/)")


def test_top_level_holds_what_was_agreed() -> None:
    """The top level of the repository is exactly the agreed list."""
    found = {path.relative_to(ROOT).parts[0] for path in tracked_files()}

    assert found == TOP_LEVEL


@pytest.mark.parametrize("name", _LOCKS)
def test_lock_files_carry_no_addresses(name: str) -> None:
    """A lock file works with any package index because it names none."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("name", _LOCKS)
def test_lock_files_pin_every_package_with_hashes(name: str) -> None:
    """Each package of a lock file has one exact version and at least one hash."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line.strip()]

    assert len(packages) > 20
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


def test_no_file_names_a_machine() -> None:
    """No tracked text names a folder that exists on one machine only."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in tracked_files()
        if path.suffix in _TEXT or path.name in {"Makefile", "Dockerfile", "run", "setup"}
        for match in [_MACHINE_PATHS.search(path.read_text(encoding="utf-8"))]
        if match
    ]

    assert found == []


def test_links_lead_somewhere() -> None:
    """Every relative link and picture of the documentation exists, headings included."""
    assert all_dead_links() == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    """A missing file, picture or heading is reported; code and other machines are not."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Right here\n[ok](#right-here) [web](https://example.com) `[code](nowhere.md)`\n"
        "[gone](gone.md) ![picture](gone.png) [heading](#wrong)\n<img src='gone.svg'>\n"
        "```\n[fenced](nowhere.md)\n```\n[ref]: missing.md\n",
        encoding="utf-8",
    )

    found = [complaint.split(": ")[1].split()[0] for complaint in dead_links(page)]

    assert found == ["gone.md", "gone.png", "#wrong", "missing.md", "gone.svg"]


def test_every_promise_has_a_test() -> None:
    """Each promised fault of the list is named by the `scenario` mark of at least one test."""
    marked = {
        argument.value
        for module in modules("tests")
        for name, call in module.calls()
        if name.endswith("mark.scenario")
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }

    assert sorted(PROMISES - marked) == []
