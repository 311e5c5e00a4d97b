"""Adapters and rooms of one process: made from their configuration, kept, and given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.chat.http import HttpRoomSender
from bot.chat.platform import Platform
from bot.chat.render import ViewerWords
from bot.chat.room import RoomLog, WebRoom
from bot.chat.texts import Words
from bot.clock import SteadyClock
from bot.core.config import ExecutorConfig, HttpRoom, LogStoreConfig, RoomConfig
from bot.core.config import WebRoom as WebRoomConfig
from bot.core.release import Release
from bot.core.spoken import spoken
from bot.core.value import Text
from bot.engine.mined import MinedStore
from bot.ports import Executor, LogStore, Room, RoomError
from bot.settings import Settings
from bot.store import Store


class Factory(Protocol):
    """Makes adapters from their configuration; the composition root has the real one."""

    def executor(self, config: ExecutorConfig, settings: Settings) -> Executor:
        """A new executor."""
        ...

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> LogStore:
        """A new log store."""
        ...


class Resources:
    """Adapters by their configuration: a release keeps the ones it was planned with."""

    def __init__(
        self, factory: Factory, settings: Callable[[], Settings], clock: SteadyClock
    ) -> None:
        self._factory = factory
        self._settings = settings
        self._clock = clock
        self._executors: dict[str, Executor] = {}
        self._log_stores: dict[str, LogStore] = {}
        self._rooms: dict[str, tuple[RoomConfig, str, Room]] = {}
        self._replaced: list[Room] = []
        """Rooms whose messages may still be on their way."""
        self._direct: dict[tuple[str, str], Room] = {}
        self.room_log: RoomLog | None = None
        self.store: Store | None = None
        """Where templates of messages are kept; without one types are masked messages."""
        self.platforms: tuple[Platform, ...] = ()
        """Each makes the rooms of its own kind."""

    def executor(self, config: ExecutorConfig) -> Executor:
        """The executor of this configuration."""
        key = self._key(config)
        if key not in self._executors:
            self._executors[key] = self._factory.executor(config, self._settings())
        return self._executors[key]

    def log_store(self, config: LogStoreConfig) -> LogStore:
        """The log store of this configuration."""
        key = self._key(config)
        if key not in self._log_stores:
            made = self._factory.log_store(config, self._settings(), now=self._clock.now)
            if config.error_type_from == "message" and self.store is not None:
                made = MinedStore(made, config, self.store, self._clock.now)
            self._log_stores[key] = made
        return self._log_stores[key]

    def _key(self, config: ExecutorConfig | LogStoreConfig) -> str:
        # A reload may bring a new secret under the same name.
        return f"{self._settings().secrets_digest} {config.model_dump_json()}"

    def room(self, key: str) -> Room | None:
        """The room as release.yml has it now."""
        config = self._settings().file.rooms.get(key)
        if config is None:
            return None
        now = (config, self._settings().secrets_digest)
        known = self._rooms.get(key)
        if known is None or known[:2] != now:
            if known is not None:
                self._replaced.append(known[2])
            known = (*now, self._make_room(key, config))
            self._rooms[key] = known
        return known[2]

    def direct(self, key: str, identity: str) -> Room | None:
        """The chat with one person alone, on the platform of that account."""
        for platform in self.platforms:
            if (key, identity) in self._direct:
                break
            made = platform.direct(key, identity)
            if made is not None:
                self._direct[key, identity] = made
        return self._direct.get((key, identity))

    def notes(self, release: Release) -> tuple[Text, ...]:
        """What each platform has to say before this release starts."""
        return tuple(note for platform in self.platforms for note in platform.notes(release))

    def words(self, room: str) -> Words:
        """The sentences of a room or of a person (`@PERSON`), in their language and zone."""
        return Words(*spoken(self._settings().file, room))

    def viewer_words(self, room: str) -> ViewerWords:
        """The sentences of a room in the browser, in its language; each page has its own zone."""
        return ViewerWords(*spoken(self._settings().file, room)).on("web")

    def _make_room(self, key: str, config: RoomConfig) -> Room:
        settings = self._settings()
        for platform in self.platforms:
            made = platform.room(key, config)
            if made is not None:
                return made
        if isinstance(config, HttpRoom):
            return HttpRoomSender(
                key,
                config,
                headers={n: settings.secret(v) for n, v in config.headers_env.items()},
                secret=settings.secret(config.secret_env) if config.secret_env else "",
                say=self.words(key).on(config.kind),
                now=self._clock.now,
            )
        if not isinstance(config, WebRoomConfig):
            raise RoomError(f"the secrets of {config.kind} are not set")
        if self.room_log is None:
            raise RoomError("the room's log is not open")
        return WebRoom(key, self.room_log, now=self._clock.now)

    async def close(self) -> None:
        """Give back everything."""
        for executor in self._executors.values():
            await executor.close()
        for log_store in self._log_stores.values():
            await log_store.close()
        for _, _, room in self._rooms.values():
            await room.close()
        for room in (*self._replaced, *self._direct.values()):
            await room.close()
