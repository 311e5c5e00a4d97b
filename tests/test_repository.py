"""Keeps the repository in order: its top level, lock files, links, manifest and promises."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.links import all_dead_links, dead_links
from tests.support.source import ROOT, modules, tracked_files

TOP_LEVEL = {
    ".ci", ".env.example", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
    "adapters", "bench", "bot", "docs", "examples", "manifest.yml", "pyproject.toml",
    "requirements-dev.lock", "requirements.lock", "tests",
}  # fmt: skip

# The promises (numbers of the list of faults) that this version keeps; each has a test.
PROMISES = {
    *range(2, 6), *range(10, 17), 18, 20, 21, *range(22, 27), 30, 31, 34, 35, *range(39, 43),
    *range(44, 58), *range(68, 71), 87, *range(89, 94),
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


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The Slack app manifest."""
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_manifest_keeps_the_limits_of_its_texts(manifest: dict[str, Any]) -> None:
    """Names and descriptions are as long as Slack accepts, and no key is unknown to it."""
    about = manifest["display_information"]
    bot = manifest["features"]["bot_user"]

    assert set(manifest) == {
        "_metadata", "display_information", "features", "oauth_config", "settings",
    }  # fmt: skip
    assert set(about) <= {"name", "description", "long_description", "background_color"}
    assert 1 <= len(about["name"]) <= 35
    assert 1 <= len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000
    assert re.fullmatch(r"#[0-9a-fA-F]{6}", about["background_color"])
    assert 1 <= len(bot["display_name"]) <= 80


def test_manifest_offers_one_escaped_command(manifest: dict[str, Any]) -> None:
    """`/release` is the only command, within Slack's limits, and mentions arrive escaped."""
    commands = manifest["features"]["slash_commands"]

    assert [command["command"] for command in commands] == ["/release"]
    for command in commands:
        assert set(command) == {"command", "description", "usage_hint", "should_escape"}
        assert len(command["command"]) <= 32
        assert 1 <= len(command["description"]) <= 2000
        assert 1 <= len(command["usage_hint"]) <= 1000
        assert command["should_escape"] is True


def test_manifest_asks_for_no_more_than_it_needs(manifest: dict[str, Any]) -> None:
    """The scopes are those of a slash command and of posting; buttons work over a socket."""
    settings = manifest["settings"]

    assert manifest["oauth_config"]["scopes"] == {"bot": ["commands", "chat:write"]}
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["socket_mode_enabled"] is True
    assert settings["org_deploy_enabled"] is False


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
