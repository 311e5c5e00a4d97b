"""Logs with release ids, numbers for Prometheus, and a watch on how late the event loop runs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum, unique
from typing import NoReturn, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from structlog.typing import EventDict, Processor, WrappedLogger

_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LAG_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Libraries that tell of each request or tick: their warnings are enough.
_CHATTY = ("aiohttp.access", "apscheduler", "asyncio")

Redact = Callable[[str], str]


@unique
class LogStyle(StrEnum):
    """How a log line looks: for people, or one JSON object a line for machines."""

    CONSOLE = "console"
    JSON = "json"


def configure_logging(
    style: LogStyle,
    level: str = "INFO",
    *,
    redact: Redact = str,
    stream: TextIO | None = None,
) -> None:
    """Send every log line, of this bot and of its libraries, to the stream (stderr).

    Times are UTC. `redact` sees every text of a line, tracebacks included, before it is written.
    `level` is a name of the standard library's levels; ValueError if it is none. Calling it again
    replaces what was configured before.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"{level!r} is not a log level: use DEBUG, INFO, WARNING or ERROR")
    output = stream or sys.stderr
    handler = logging.StreamHandler(output)
    handler.setFormatter(_formatter(style, redact, colours=output.isatty()))
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def release_context(release: int | str, **ids: int | str) -> AbstractContextManager[None]:
    """Name the release (and step, room, ...) in every log line written inside the context.

    Tasks that are started inside it inherit the names; other tasks are not touched.
    """
    return structlog.contextvars.bound_contextvars(release=release, **ids)


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]


def _formatter(style: LogStyle, redact: Redact, *, colours: bool) -> logging.Formatter:
    console = structlog.dev.ConsoleRenderer(
        colors=colours,
        # A line break in a value must not look like another log line.
        repr_native_str=True,
    )
    as_json = structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Plain tracebacks: prettier ones print local variables, secrets among them.
            structlog.processors.format_exc_info,
            _Redactor(redact),
            console if style is LogStyle.CONSOLE else as_json,
        ],
    )


class _Redactor:
    """A structlog processor that takes secrets out of every text of a line."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        return {key: self._clean(value) for key, value in line.items()}

    def _clean(self, value: object) -> object:
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._redact(value)
            case Mapping():
                return {str(key): self._clean(inner) for key, inner in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._clean(inner) for inner in value]
            case _:
                return self._redact(str(value))


class Metrics:
    """The numbers of one bot process, on a registry of its own; the engine's `Watch`.

    Labels take words of the bot (kinds, states, names from release.yml), never text that people
    or other systems sent: each value makes a time series that lasts.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._releases = self._counter("releases", "Releases that ended.", "outcome")
        self._steps = self._counter("steps", "Steps that came to rest.", "kind", "state")
        self._verdicts = self._counter("verdicts", "Rounds of checks.", "value")
        self._inbox = self._counter("inbox", "Messages and clicks answered.", "outcome")
        self._undelivered = self._counter("deliveries_failed", "Cards not delivered.", "room")
        self._broken = self._counter("requests_failed", "Requests that we broke.", "platform")
        self._forged = self._counter("signature_failures", "Requests refused.", "platform")
        self._calls = Histogram(
            "release_master_executor_seconds",
            "How long calls of executors take.",
            ("executor", "call"),
            registry=self.registry,
            buckets=_CALL_SECONDS,
        )
        self._outbox_age = Gauge(
            "release_master_outbox_age_seconds",
            "How long the oldest due effect has been waiting; 0 without one.",
            registry=self.registry,
        )
        self._missing_days = self._baseline_gauge("missing_days", "Days of it yet to be read.")
        self._baseline_age = self._baseline_gauge("age_seconds", "Age of its newest minute.")
        self._lag = Histogram(
            "release_master_loop_lag_seconds",
            "How late the event loop wakes up.",
            registry=self.registry,
            buckets=_LAG_SECONDS,
        )
        self._last_lag = Gauge(
            "release_master_loop_lag_last_seconds",
            "How late the event loop woke up the last time.",
            registry=self.registry,
        )

    def release_ended(self, phase: str) -> None:
        """Count a release that came into this terminal phase."""
        self._releases.labels(phase).inc()

    def step_ended(self, kind: str, state: str) -> None:
        """Count a step that came to rest in this state."""
        self._steps.labels(kind, state).inc()

    def executor_call(self, executor: str, call: str, seconds: float) -> None:
        """Record how long a call (start, find, look, stop, ...) took, answered or not."""
        self._calls.labels(executor, call).observe(seconds)

    def verdict(self, result: str) -> None:
        """Count the result of one round of a check."""
        self._verdicts.labels(result).inc()

    def outbox_waits(self, seconds: float) -> None:
        """Say how long the oldest due effect has been waiting, 0 if none is due."""
        self._outbox_age.set(max(0.0, seconds))

    def baseline(self, log_store: str, component: str, *, missing: int, age: float) -> None:
        """Say how far a minute baseline is: days yet to be read, seconds since its last minute."""
        self._missing_days.labels(log_store, component).set(missing)
        self._baseline_age.labels(log_store, component).set(age)

    def forget_baselines(self) -> None:
        """Show none any more, until it is said again."""
        self._missing_days.clear()
        self._baseline_age.clear()

    def inbound(self, outcome: str) -> None:
        """Count something that a person said or clicked, by how it was answered."""
        self._inbox.labels(outcome).inc()

    def delivery_failed(self, room: str) -> None:
        """Count a delivery that a room did not take; the next try counts again."""
        self._undelivered.labels(room).inc()

    def signature_failed(self, platform: str) -> None:
        """Count a request whose signature or token was missing or wrong."""
        self._forged.labels(platform).inc()

    def request_failed(self, platform: str) -> None:
        """Count a request of a platform that failed by an error of the bot's own."""
        self._broken.labels(platform).inc()

    def loop_lagged(self, seconds: float) -> None:
        """Record how late the event loop woke up."""
        self._lag.observe(seconds)
        self._last_lag.set(seconds)

    def _baseline_gauge(self, name: str, text: str) -> Gauge:
        return Gauge(
            f"release_master_baseline_{name}",
            f"A minute baseline: {text[0].lower()}{text[1:]}",
            ("log_store", "component"),
            registry=self.registry,
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"release_master_{name}", text, labels, registry=self.registry)


class LoopLag:
    """Measures how late the event loop wakes up: something blocks it when that is long.

    `monotonic` returns seconds of a clock that never jumps; `sleep` waits that many seconds.
    """

    def __init__(
        self,
        observe: Callable[[float], None],
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        every: float = 0.5,
    ) -> None:
        self._observe = observe
        self._monotonic = monotonic
        self._sleep = sleep
        self._every = every

    async def run(self) -> NoReturn:
        """Measure until cancelled, once each `every` seconds."""
        while True:
            await self.measure()

    async def measure(self) -> float:
        """Wait once, hand the lateness in seconds to the observer and return it."""
        before = self._monotonic()
        await self._sleep(self._every)
        late = max(0.0, self._monotonic() - before - self._every)
        self._observe(late)
        return late
