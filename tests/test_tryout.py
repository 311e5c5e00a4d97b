"""The try-out: ready in seconds, honest about its candidates, and gone without a trace."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from adapters.logs.files.store import FilesStore
from bot.core.config import OnFail
from bot.core.config.log_store import FilesLogStore, LogStoreConfig, SearchLogStore
from bot.core.config.release_file import component_policy
from bot.core.counts import Counts
from bot.core.verdict import honesty, seed2020
from bot.core.verdict.verdict import Result
from bot.settings import Settings, load
from bot.tryout import LATEST, TryOut, TryOutError, find_example, on_server
from examples.openchat.background import KNOWN
from examples.openchat.faults import VERSIONS
from tests.examples.target import children, gone, wait_for
from tests.support.source import ROOT

pytestmark = pytest.mark.crash

SCALE = 150.0
ROUND = timedelta(minutes=5) / SCALE


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tryout() -> AsyncIterator[TryOut]:
    """One try-out for the module, faster than the real one."""
    async with TryOut(time_scale=SCALE, on_fail=OnFail.ROLL_BACK) as running:
        yield running


def settings(tryout: TryOut) -> Settings:
    """The configuration that the bot would read."""
    return load(tryout.release_file, tryout.environment)


async def call(tryout: TryOut, method: str, path: str, body: object = None) -> dict[str, object]:
    """Call the deployment API with the try-out's own credential."""
    [credential] = tryout.environment.values()
    headers = {"Authorization": credential}
    async with (
        aiohttp.ClientSession(tryout.api_url, headers=headers) as session,
        session.request(method, path, json=body) as answer,
    ):
        answer.raise_for_status()
        found: dict[str, object] = await answer.json()
        return found


def rotated(logs: Path) -> dict[Path, bytes]:
    """The files of history with their content."""
    return {path: path.read_bytes() for path in logs.rglob("*.log.*")}


async def release(tryout: TryOut, component: str, version: str) -> tuple[datetime, datetime]:
    """Deploy and restart all hosts; returns the start and the end."""
    begun = datetime.now(UTC)
    for kind in ("deploy", "restart"):
        body = {"version": version, "group": "all", "hosts": [], "key": f"{component}/{kind}"}
        task = await call(tryout, "POST", f"/components/{component}/{kind}", body)
        while task["status"] in {"queued", "running"}:
            await asyncio.sleep(0.02)
            task = await call(tryout, "GET", f"/tasks/{task['id']}")
        assert task["status"] == "finished"
    return begun, datetime.now(UTC)


async def look(
    tryout: TryOut, component: str, begun: datetime, ended: datetime
) -> tuple[Counts, Result]:
    """One round of a check as the bot makes it, at its time."""
    found = settings(tryout)
    [config] = found.file.log_stores.values()
    assert isinstance(config, FilesLogStore)
    policy = component_policy(found.file, "openchat", component)
    store = FilesStore(config, Path("/"), now=lambda: datetime.now(UTC), time_scale=SCALE)
    try:
        now = datetime.now(UTC)
        request = seed2020.request(
            policy, component, deploy_started=begun, restart_ended=ended, now=now, time_scale=SCALE
        )
        counts = await store.count(request)
    finally:
        await store.close()
    hosts = [f"{component}-{number}" for number in (1, 2, 3)]
    reasons = honesty.reasons(
        counts, policy=policy, restarted=hosts, restart_ended=ended, time_scale=SCALE
    )
    return counts, seed2020.judge(counts, reasons=reasons).result


async def check(tryout: TryOut, component: str, version: str) -> Result:
    """Release a version and compare logs until a round says something else than pass."""
    begun, ended = await release(tryout, component, version)
    result = Result.PASS
    for number in (1, 2, 3):
        left = ended + ROUND * number - datetime.now(UTC)
        await asyncio.sleep(max(left.total_seconds(), 0))
        _, result = await look(tryout, component, begun, ended)
        if result is not Result.PASS:
            break
    return result


@pytest.mark.asyncio(loop_scope="module")
async def test_its_release_file_is_valid_and_leads_to_the_target(tryout: TryOut) -> None:
    """The bot can load it with the try-out's secrets, and the address in it answers."""
    found = settings(tryout)
    answer = await call(tryout, "GET", "/components/chat")

    assert found.file.time_scale == SCALE
    policies = found.file.policies.values()
    assert all(policy.auto_rollback_without_backtest for policy in policies)
    assert all(policy.on_fail is OnFail.ROLL_BACK for policy in policies)
    assert answer["component"] == "chat"
    assert found.secret(next(iter(tryout.environment))).startswith("Bearer ")
    assert tryout.database_url.startswith("sqlite:////")


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
@pytest.mark.parametrize(("scale", "seconds"), [(60.0, LATEST), (SCALE, LATEST), (1000.0, 3.6)])
def test_a_busy_machine_may_be_late(kind: str, scale: float, seconds: float) -> None:
    """The machine is not shortened: shipped lines have seconds, or what release.yml allows."""
    config = TypeAdapter[LogStoreConfig](LogStoreConfig)
    found = config.validate_python(on_server(kind, 9200, scale))

    assert isinstance(found, SearchLogStore)
    assert found.max_ingest_lag / scale == timedelta(seconds=seconds)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_logs_are_complete_before_a_release(tryout: TryOut) -> None:
    """The log store finds every file of every component and nothing that it cannot read."""
    now = datetime.now(UTC)
    for component in settings(tryout).file.targets["openchat"].components:
        counts, _ = await look(tryout, component, now - ROUND * 3, now - ROUND * 3)
        baseline = {row.error_type for row in counts.windows[0].types}

        assert counts.gaps == ()
        assert baseline == {kind.name for kind in KNOWN}


@pytest.mark.parametrize(
    ("component", "words", "expected"),
    [
        ("auth", "this week", Result.PASS),
        ("profile", "new error type", Result.FAIL),
        ("media", "50 before", Result.FAIL),
        ("search", "six times", Result.PASS),
        ("push", "quiet", Result.INCONCLUSIVE),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_each_candidate_leads_to_its_verdict(
    tryout: TryOut, component: str, words: str, expected: Result
) -> None:
    """Real log files, counted by the real log store, judged by the rules of the talk."""
    [version] = [name for name, each in VERSIONS.items() if words in each.title]

    assert await check(tryout, component, version) is expected


def _waited(process: int) -> float:
    """For how many seconds a process could have run and had no processor, as Linux counts it."""
    stat = Path(f"/proc/{process}/schedstat")
    return int(stat.read_text().split()[1]) / 1e9 if stat.exists() else 0.0


async def test_it_is_ready_at_once_and_leaves_nothing() -> None:
    """Ready within six seconds at its real speed; afterwards no process, no file.

    While other work of the machine keeps its processor from it, the target does not get on: that
    is no time of its own. What it computes and what it waits for is.
    """
    begun = asyncio.get_running_loop().time()
    async with TryOut() as running:
        took = asyncio.get_running_loop().time() - begun
        held_up = _waited(running.process_id)
        folder = running.release_file.parent
        processes = [running.process_id, *children(running.process_id)]
        assert len(processes) == 22
        assert not gone(processes)

    assert took - held_up < 6
    assert gone(processes)
    assert not folder.exists()


async def test_a_kept_folder_is_taken_up_again(tmp_path: Path) -> None:
    """Logs, versions, tasks and the address are those of the last time; the token is not."""
    async with TryOut(data_dir=tmp_path, time_scale=SCALE) as first:
        await release(first, "auth", next(iter(VERSIONS)))
    history = rotated(first.logs)
    starts = first.starts_log.read_bytes()

    async with TryOut(data_dir=tmp_path, time_scale=SCALE) as again:
        answer = await call(again, "GET", "/components/auth")

    assert first.api_url == again.api_url
    assert first.environment != again.environment
    assert next(iter(VERSIONS)) in json.dumps(answer["hosts"])
    assert starts == again.starts_log.read_bytes()
    assert len(history) == 42
    assert history == rotated(again.logs)


async def test_a_target_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The reason is in the error, and nothing is left running."""
    with pytest.raises(TryOutError, match="--nonsense"):
        async with TryOut(data_dir=tmp_path, options=["--nonsense"]):
            pytest.fail("it is not ready")


_HOLDER = """
import asyncio
from bot.tryout import TryOut

async def hold():
    async with TryOut(time_scale=300) as running:
        print(running.process_id, running.release_file.parent, flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


async def test_nothing_outlives_a_killed_bot() -> None:
    """After kill -9 of the bot the deployment API and its components end by themselves."""
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLDER, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert bot.stdout is not None
    api, folder = (await bot.stdout.readline()).decode().split()
    processes = [int(api), *children(int(api))]
    os.kill(bot.pid, signal.SIGKILL)
    await bot.wait()

    assert len(processes) == 22
    wait_for(lambda: gone(processes), 5.0)
    shutil.rmtree(folder)


def test_the_bot_knows_nothing_of_the_candidates() -> None:
    """No file of bot and adapters names a candidate, its fault or what it writes."""
    words = {*VERSIONS, *(each.title for each in VERSIONS.values())}
    words |= {kind.name for kind in KNOWN}
    words |= {each.new.name for each in VERSIONS.values() if each.new}
    example = find_example()
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for folder in ("bot", "adapters")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and example not in path.parents
        for word in words
        if word.encode() in path.read_bytes()
    ]

    assert len(words) > 15
    assert found == []
