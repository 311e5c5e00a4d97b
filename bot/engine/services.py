"""What the engine works with: the store, the adapters behind the ports, the rooms, the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.config import ExecutorConfig, LogStoreConfig, ReleaseFile
from bot.core.redact import redact
from bot.core.release import Release
from bot.core.value import Text
from bot.engine.comparison import SEED_ONLY, Comparisons
from bot.engine.lags import Lags
from bot.ports import Executor, LogStore, Room
from bot.store import Store


class Adapters(Protocol):
    """Makes what the ports reach from its configuration, once for each."""

    def executor(self, config: ExecutorConfig) -> Executor:
        """The executor of this configuration."""
        ...

    def log_store(self, config: LogStoreConfig) -> LogStore:
        """The log store of this configuration."""
        ...

    def room(self, key: str) -> Room | None:
        """The room with this key, None when release.yml names none such (any more)."""
        ...

    def direct(self, key: str, identity: str) -> Room | None:
        """The chat with one person alone; None when no platform here reaches that account."""
        ...

    def notes(self, release: Release) -> tuple[Text, ...]:
        """What platforms have to say before this release starts, such as what it will cost."""
        ...


class Watch(Protocol):
    """What is told of things worth measuring; `bot/observability.py` has the real one."""

    def executor_call(self, executor: str, call: str, seconds: float) -> None:
        """One call of an executor took this long."""
        ...

    def verdict(self, result: str) -> None:
        """A round ended with this result."""
        ...

    def release_ended(self, phase: str) -> None:
        """A release ended."""
        ...

    def step_ended(self, kind: str, state: str) -> None:
        """A step came to rest."""
        ...

    def delivery_failed(self, room: str) -> None:
        """A message could not be delivered for now."""
        ...

    def inbound(self, outcome: str) -> None:
        """Something a person said or clicked was answered like this."""
        ...

    def signature_failed(self, platform: str) -> None:
        """A request was refused because its signature was missing or wrong."""
        ...

    def request_failed(self, platform: str) -> None:
        """A request of a platform was not answered because of an error of the bot's own."""
        ...


class Unwatched:
    """Measures nothing (tests, benches)."""

    def executor_call(self, executor: str, call: str, seconds: float) -> None:
        """Nothing."""

    def verdict(self, result: str) -> None:
        """Nothing."""

    def release_ended(self, phase: str) -> None:
        """Nothing."""

    def step_ended(self, kind: str, state: str) -> None:
        """Nothing."""

    def delivery_failed(self, room: str) -> None:
        """Nothing."""

    def inbound(self, outcome: str) -> None:
        """Nothing."""

    def signature_failed(self, platform: str) -> None:
        """Nothing."""

    def request_failed(self, platform: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the engine waits, and how much it does at once."""

    lease: timedelta = timedelta(seconds=5)
    """How long taken work stays taken; renewed while it is at work."""
    coalesce: timedelta = timedelta(milliseconds=25)
    """How long a card waits for further changes before it is shown."""
    find_pause: timedelta = timedelta(seconds=1)
    """Between two looks for an operation that may have been begun."""
    retry: tuple[float, ...] = (1, 2, 5, 10, 30, 60)
    """Seconds before a failed delivery is tried again; the last one repeats."""
    deliveries: int = 20
    """How often a delivery is tried before it is given up."""
    at_once: int = 64
    """Effects at work at one time in this process."""
    answer: timedelta = timedelta(seconds=2.5)
    """After this an answer that is still being counted says so."""
    draft: timedelta = timedelta(seconds=60)
    """How long the preview of a typed destructive command may be confirmed."""
    dead_lock: timedelta = timedelta(minutes=1)
    """After this without renewal the lock of a dead owner is swept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the engine is given; tests give twins."""

    store: Store
    adapters: Adapters
    file: Callable[[], ReleaseFile]
    """release.yml as it is valid now."""
    digest: Callable[[], str]
    """The hash of release.yml as it is valid now."""
    now: Callable[[], datetime]
    """The time, aware, in UTC."""
    seed: Callable[[], str]
    """Fresh random text for the nonces of a release."""
    owner: str
    """Names this process in leases."""
    watch: Watch = field(default_factory=Unwatched)
    limits: Limits = field(default_factory=Limits)
    clean: Callable[[str], str] = redact
    """Takes the secrets that are known here out of a text, and what looks like one."""
    comparisons: Comparisons = field(default_factory=lambda: SEED_ONLY)
    """What compares logs, by the name in `policy.comparison`."""
    lags: Lags = field(default_factory=Lags)
    """How late documents arrive, where a log store does not say."""
    try_out: bool = False
    """Refusals offer to act as somebody who may."""


def people_names(file: ReleaseFile, keys: Mapping[str, object] | tuple[str, ...]) -> str:
    """The names of some people, for a sentence."""
    return ", ".join(file.people[key].name for key in keys if key in file.people)
