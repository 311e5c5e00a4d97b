"""Observability: log lines name their release and no secret; numbers count what happened."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import generate_latest

from bot.engine.services import Watch
from bot.observability import LogStyle, LoopLag, Metrics, configure_logging, release_context


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def _without_secret(text: str) -> str:
    return text.replace("hunter2", "[redacted]")


def _fail() -> None:
    raise RuntimeError("hunter2")


def _json_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_names_its_release_inside_the_context_only() -> None:
    """Lines inside the context carry release and step; a line after it does not."""
    stream = io.StringIO()
    configure_logging(LogStyle.JSON, stream=stream)
    log = structlog.get_logger("bot.test")

    with release_context(42, step="gateway/deploy"):
        log.info("started")
    log.info("after")

    inside, after = _json_lines(stream)
    assert (inside["release"], inside["step"]) == (42, "gateway/deploy")
    assert (inside["event"], inside["level"], inside["logger"]) == ("started", "info", "bot.test")
    assert inside["timestamp"].endswith("Z")
    assert "release" not in after


async def test_tasks_keep_their_own_release() -> None:
    """Two tasks that log in turns never mix up their releases."""
    stream = io.StringIO()
    configure_logging(LogStyle.JSON, stream=stream)
    log = structlog.get_logger()

    async def work(release: int) -> None:
        with release_context(release):
            await asyncio.sleep(0)
            log.info("worked", expected=release)

    await asyncio.gather(work(1), work(2))

    assert [line["release"] == line["expected"] for line in _json_lines(stream)] == [True, True]


def test_lines_of_libraries_look_the_same() -> None:
    """A line of the standard library's logging is JSON with the release, too."""
    stream = io.StringIO()
    configure_logging(LogStyle.JSON, stream=stream)

    with release_context(7):
        logging.getLogger("some.library").warning("slow answer from %s", "host")

    [line] = _json_lines(stream)
    assert line["event"] == "slow answer from host"
    assert (line["release"], line["logger"], line["level"]) == (7, "some.library", "warning")


@pytest.mark.scenario(35)
@pytest.mark.parametrize("style", list(LogStyle))
def test_secrets_reach_no_line(style: LogStyle) -> None:
    """A secret in the message, a value, a nested value, an object or a traceback is redacted."""
    stream = io.StringIO()
    configure_logging(style, stream=stream, redact=_without_secret)
    log = structlog.get_logger()

    log.info(
        "text hunter2", value="hunter2", nested={"a": ["hunter2"]}, thing=ValueError("hunter2")
    )
    logging.getLogger("library").warning("also %s", "hunter2")
    try:
        _fail()
    except RuntimeError:
        log.exception("failed")

    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("[redacted]") >= 6
    assert "RuntimeError" in stream.getvalue()


def test_a_value_cannot_forge_a_line_for_people() -> None:
    """A line break inside a value stays inside its line."""
    stream = io.StringIO()
    configure_logging(LogStyle.CONSOLE, stream=stream)

    structlog.get_logger().info("came in", text="a\n2026-01-01 [info] approved by admin")

    assert stream.getvalue().count("\n") == 1


def test_the_level_holds_for_bot_and_libraries() -> None:
    """Lines below the level are not written, and chatty libraries only warn."""
    stream = io.StringIO()
    configure_logging(LogStyle.JSON, "info", stream=stream)

    structlog.get_logger("bot.x").debug("quiet")
    logging.getLogger("library").debug("quiet")
    logging.getLogger("aiohttp.access").info("quiet")
    structlog.get_logger("bot.x").info("loud")

    assert [line["event"] for line in _json_lines(stream)] == ["loud"]


def test_an_unknown_level_is_refused_by_name() -> None:
    """A wrong level is named in the error together with the right ones."""
    with pytest.raises(ValueError, match="'loudly' is not a log level: use DEBUG, INFO"):
        configure_logging(LogStyle.JSON, "loudly")


def test_configuring_again_replaces() -> None:
    """A second configuration does not write each line twice."""
    first, second = io.StringIO(), io.StringIO()
    configure_logging(LogStyle.JSON, stream=first)
    configure_logging(LogStyle.JSON, stream=second)

    structlog.get_logger().info("once")

    assert first.getvalue() == ""
    assert len(_json_lines(second)) == 1


def test_metrics_count_what_happened() -> None:
    """Each method shows up under its name with its labels."""
    metrics = Metrics()
    watch: Watch = metrics  # the type checker sees that the engine can be given it

    watch.release_ended("done")
    metrics.step_ended("deploy", "failed")
    metrics.step_ended("deploy", "failed")
    metrics.executor_call("pmc", "look", 0.2)
    metrics.verdict("inconclusive")
    metrics.outbox_waits(3.5)
    metrics.inbound("repeat")
    metrics.delivery_failed("ops")
    metrics.signature_failed("slack")
    metrics.request_failed("slack")
    metrics.loop_lagged(0.02)
    metrics.baseline("es", "gone", missing=1, age=1)
    metrics.forget_baselines()
    metrics.baseline("es", "chat", missing=3, age=42)

    value = metrics.registry.get_sample_value
    name = "release_master_"
    call = {"executor": "pmc", "call": "look"}
    assert value(f"{name}releases_total", {"outcome": "done"}) == 1
    assert value(f"{name}requests_failed_total", {"platform": "slack"}) == 1
    assert value(f"{name}steps_total", {"kind": "deploy", "state": "failed"}) == 2
    assert value(f"{name}executor_seconds_sum", call) == 0.2
    assert value(f"{name}executor_seconds_bucket", call | {"le": "0.1"}) == 0
    assert value(f"{name}executor_seconds_bucket", call | {"le": "0.25"}) == 1
    assert value(f"{name}verdicts_total", {"value": "inconclusive"}) == 1
    assert value(f"{name}outbox_age_seconds") == 3.5
    assert value(f"{name}inbox_total", {"outcome": "repeat"}) == 1
    assert value(f"{name}deliveries_failed_total", {"room": "ops"}) == 1
    assert value(f"{name}signature_failures_total", {"platform": "slack"}) == 1
    assert value(f"{name}loop_lag_seconds_count") == 1
    assert value(f"{name}loop_lag_last_seconds") == 0.02
    chat = {"log_store": "es", "component": "chat"}
    assert value(f"{name}baseline_missing_days", chat) == 3
    assert value(f"{name}baseline_age_seconds", chat) == 42
    assert value(f"{name}baseline_age_seconds", {**chat, "component": "gone"}) is None


def test_an_effect_due_in_the_future_does_not_wait() -> None:
    """A clock that went back never makes a negative age."""
    metrics = Metrics()

    metrics.outbox_waits(-5)

    assert metrics.registry.get_sample_value("release_master_outbox_age_seconds") == 0


def test_two_bots_in_one_process_do_not_share_numbers() -> None:
    """Each Metrics has a registry of its own."""
    one, other = Metrics(), Metrics()

    one.release_ended("done")

    assert b'outcome="done"' in generate_latest(one.registry)
    assert b'outcome="done"' not in generate_latest(other.registry)


class _Clock:
    """A clock whose sleeps take longer than asked for by the given delays."""

    def __init__(self, *delays: float) -> None:
        self.time = 100.0
        self._delays = list(delays)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if not self._delays:
            raise asyncio.CancelledError
        self.time += seconds + self._delays.pop(0)


async def test_loop_lag_is_what_a_sleep_took_too_long() -> None:
    """Each round hands its lateness to the observer; an early wake-up counts as punctual."""
    clock = _Clock(0.0, 0.25, -0.125)
    seen: list[float] = []
    lag = LoopLag(seen.append, monotonic=clock.monotonic, sleep=clock.sleep, every=0.5)

    with pytest.raises(asyncio.CancelledError):
        await lag.run()

    assert seen == [0.0, 0.25, 0.0]


async def test_a_blocked_loop_is_noticed() -> None:
    """A callback that blocks the real loop shows as lag of that length."""
    loop = asyncio.get_running_loop()
    metrics = Metrics()
    lag = LoopLag(metrics.loop_lagged, monotonic=loop.time, sleep=asyncio.sleep, every=0.01)
    loop.call_soon(_block_until, loop, loop.time() + 0.1)

    late = await lag.measure()

    assert late >= 0.08
    assert metrics.registry.get_sample_value("release_master_loop_lag_last_seconds") == late


def _block_until(loop: asyncio.AbstractEventLoop, end: float) -> None:
    while loop.time() < end:
        pass


def test_every_metric_is_documented() -> None:
    """The table of metrics in the documentation names exactly the metrics that there are."""
    text = (Path(__file__).parents[1] / "docs/operations.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(release_master_\w+)`", text, re.MULTILINE))

    families = Metrics().registry.collect()
    counted = {family.name + ("_total" if family.type == "counter" else "") for family in families}

    assert documented == counted
