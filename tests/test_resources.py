"""Adapters and rooms of one process, and the sentences of each room."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from bot.chat.platform import Platform
from bot.clock import SteadyClock
from bot.core.config import MemoryLogStore, ReleaseFile
from bot.core.value import text
from bot.engine.mined import MinedStore
from bot.environment import Environment
from bot.ports import Room
from bot.resources import Resources
from bot.settings import Settings
from bot.store import Store
from tests.support.bots import Twins, release_yml
from tests.support.engines import RecordingRoom

MOMENT = text("board.paused", at="2026-08-06T12:00:00+00:00")


class Alone:
    """A platform that reaches one account."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.room = RecordingRoom("alone")
        self.made = 0

    def direct(self, key: str, identity: str) -> Room | None:
        """The chat with that account."""
        self.made += 1
        return self.room if identity == self.identity else None


def resources() -> Resources:
    """Resources over a release.yml."""
    file = release_yml()
    file["rooms"]["tokyo"] = {"kind": "web", "language": "ja", "zone": "Asia/Tokyo"}
    file["people"]["mika"] |= {"language": "ko", "zone": "Asia/Seoul"}
    file["zone"] = "Asia/Taipei"
    settings = Settings(Environment(), ReleaseFile.model_validate(file), Path(), "")
    return Resources(Twins(), lambda: settings, SteadyClock())


def test_each_room_has_its_language_and_zone() -> None:
    """A room has its own, a person alone has theirs, and whoever is unknown has the file's."""
    made = resources()

    assert made.words("tokyo")(MOMENT) == "21:00:00 から一時停止中"
    assert made.words("@mika")(MOMENT) == "21:00:00부터 일시 중지"
    assert made.words("release")(MOMENT) == "Paused since 20:00:00"
    assert made.words("@stranger")(MOMENT) == "Paused since 20:00:00"
    assert made.viewer_words("tokyo")(text("errors.windows", zone="")).endswith(
        "時刻は 閲覧者のタイムゾーン。"
    )


async def test_types_are_mined_where_templates_can_be_kept(tmp_path: Path) -> None:
    """Only a log store that tells types by messages is wrapped, and once."""
    made = resources()
    made.store = Store(f"sqlite:///{tmp_path}/bot.sqlite3")
    told = MemoryLogStore(kind="memory", error_type_from="message")

    assert isinstance(made.log_store(told), MinedStore)
    assert made.log_store(told) is made.log_store(told)
    assert not isinstance(made.log_store(MemoryLogStore(kind="memory")), MinedStore)
    await made.close()


def test_a_person_is_reached_on_the_platform_of_the_account() -> None:
    """The chat with one person is made once, by the platform that knows the account."""
    made = resources()
    slack, line = Alone("slack:U1"), Alone("line:U2")
    made.platforms = cast("tuple[Platform, ...]", (slack, line))

    assert made.direct("@mika", "line:U2") is line.room
    assert made.direct("@mika", "line:U2") is line.room
    assert made.direct("@mika", "line:U3") is None
    assert line.made == 2
