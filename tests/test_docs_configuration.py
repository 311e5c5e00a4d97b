"""Keeps docs/configuration.md and .env.example true: keys, defaults, and the small example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.core.config.release_file import ReleaseFile
from bot.environment import PREFIX, Environment
from bot.settings import SettingsError, load
from docs.generate_configuration import PAGE, generate, models
from tests.support.source import ROOT

PAGE_TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```yaml\n(.*?)```", PAGE_TEXT, re.DOTALL)[0]
DOTENV = re.findall(r"```sh\n(.*?)```", PAGE_TEXT, re.DOTALL)[0]


def test_key_tables_are_up_to_date() -> None:
    """Writing the tables anew changes nothing; else run python -m docs.generate_configuration."""
    assert generate(PAGE_TEXT) == PAGE_TEXT


def test_an_old_table_is_replaced() -> None:
    """What stands between the marks is written anew, and what stands around them stays."""
    old = PAGE_TEXT.replace("`RELEASE_MASTER_PORT` |", "`RELEASE_MASTER_PROT` |")

    assert old != PAGE_TEXT
    assert generate(old) == PAGE_TEXT


@pytest.mark.parametrize("model", [Environment, *models(ReleaseFile)], ids=lambda m: m.__name__)
def test_every_key_is_documented(model: type[ReleaseFile]) -> None:
    """Each key of the environment and of release.yml has a row."""
    prefix = PREFIX if model.__name__ == "Environment" else ""
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE_TEXT, re.MULTILINE))
    keys = {prefix + (name.upper() if prefix else name) for name in model.model_fields}

    assert keys - rows == set()


def test_the_small_example_is_valid(tmp_path: Path) -> None:
    """The example of the page loads with the secret that the page names, without a warning."""
    (tmp_path / "release.yml").write_text(EXAMPLE, encoding="utf-8")
    (tmp_path / ".env").write_text(DOTENV, encoding="utf-8")

    settings = load(tmp_path / "release.yml", {}, dotenv=tmp_path / ".env")

    assert settings.summary().startswith("1 target, 2 components, 2 people")
    assert settings.secret("PMC_TOKEN") == "the-token-of-the-deployment-api"


def test_the_messages_on_the_page_are_the_real_ones(tmp_path: Path) -> None:
    """Each message that the page shows is what the bot says of the example with that mistake."""
    shown = re.findall(r"```text\n(.*?)```", PAGE_TEXT, re.DOTALL)[0].splitlines()
    mistakes = (
        ("depends_on: [storage]", "depends_on: [storag]"),
        ("    logs: files\n", "    logs: files\n    paralel: 2\n"),
        ("    logs: files\n", "    logs: files\n    expires: 5 hours\n"),
    )
    said = []
    for right, wrong in mistakes:
        (tmp_path / "release.yml").write_text(EXAMPLE.replace(right, wrong), encoding="utf-8")
        with pytest.raises(SettingsError) as caught:
            load(tmp_path / "release.yml", {"PMC_TOKEN": "t"})
        said.append(str(caught.value))

    assert said == shown


def _env_example() -> list[str]:
    return (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()


def test_env_example_lists_every_key_with_a_comment() -> None:
    """The keys of .env.example are those of the environment, each under a line of explanation."""
    lines = _env_example()
    keys = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    above = [lines[index - 1] for index, line in enumerate(lines) if line.startswith(PREFIX)]

    assert keys == [f"{PREFIX}{name.upper()}" for name in Environment.model_fields]
    assert [line for line in above if not re.fullmatch(r"# .{10,}", line)] == []


def test_env_example_holds_the_defaults(tmp_path: Path) -> None:
    """A copy of .env.example changes nothing."""
    (tmp_path / "release.yml").write_text(EXAMPLE, encoding="utf-8")

    copied = load(tmp_path / "release.yml", {"PMC_TOKEN": "t"}, dotenv=ROOT / ".env.example")

    assert copied.environment == Environment()
