"""One running bot, seen from outside: a release, alerts, reload, start and stop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
import yaml
from aiohttp.test_utils import unused_port

from bot.core.inbound import Inbound
from bot.engine.submission import Submission
from bot.service import Bot
from bot.settings import Reloader, load
from tests.support.bots import ALERTS_TOKEN, Page, Twins, page_of, release_yml, running_bot

ALERT = {
    "version": "4",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighLatency", "component": "pay"},
            "annotations": {"summary": "p99 above 2 s"},
            "startsAt": "2026-08-06T12:00:00Z",
            "fingerprint": "f00d",
        }
    ],
}


async def _alert(base: str, token: str, body: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base}/hooks/alerts", json=body, headers=headers) as answer,
    ):
        return answer.status


async def _started(page: Page) -> None:
    await page.say("/release start shop")
    await page.press(await page.question("Start release"), "Start")


async def test_no_silence_is_a_pass(tmp_path: Path) -> None:
    """Without a single log line the check of a real run is inconclusive, and people are asked."""
    twins = Twins()
    async with running_bot(tmp_path, twins) as bot, page_of(bot, "mika") as page:
        await _started(page)

        card = await page.question("could not measure")

        assert "No log line of any level" in " ".join(card["lines"])
        assert [a["label"] for a in card["actions"]][:2] == ["Check again", "Go on anyway"]


def test_a_check_waits_for_its_baseline_as_long_as_the_bot_is_told(tmp_path: Path) -> None:
    """The try-out reads all of them while people release already: on a busy machine, minutes."""
    path = tmp_path / "release.yml"
    path.write_text(yaml.safe_dump(release_yml()))
    environ = {"RELEASE_MASTER_DATABASE_URL": f"sqlite:///{tmp_path}/bot.sqlite3"}
    reloader = Reloader(lambda: load(path, environ))

    told = Bot(reloader, Twins(), patience=7.0).services.comparisons["calibrated"]
    usual = Bot(reloader, Twins()).services.comparisons["calibrated"]

    assert [cast("Any", one)._patience for one in (told, usual)] == [7.0, 60.0]


async def test_a_room_speaks_its_language(tmp_path: Path) -> None:
    """Cards and private answers of a Japanese room are Japanese, and its people type as ever."""
    file = release_yml()
    file["rooms"]["release"]["language"] = "ja"
    async with running_bot(tmp_path, Twins(), file=file) as bot, page_of(bot, "mika") as page:
        answer = await page.say("/release start shop")
        question = await page.question("開始しますか")

        assert answer["outcome"] == "accepted"
        assert question["title"] == "shop のリリース #1 を開始しますか？"
        assert question["actions"][0]["label"] == "開始"
        assert (await page.say("status all"))["card"]["title"] == "進行中のリリース：1"


async def test_alert_pauses_release_of_its_component(tmp_path: Path) -> None:
    """A firing alert is a line on the board, a journal event, by policy a pause and question."""
    twins = Twins()
    async with running_bot(tmp_path, twins) as bot, page_of(bot, "mika") as page:
        await page.say("/release start shop")
        question = await page.question("Start release")
        assert twins.deployer is not None
        twins.deployer.hold("cart")
        await page.press(question, "Start")
        await page.until(lambda c: c["kind"] == "board" and "cart/deploy" in " ".join(c["lines"]))

        status = await _alert(page.base, ALERTS_TOKEN, ALERT)
        card = await page.question("alert for pay")
        board = await page.until(lambda c: c["kind"] == "board" and c["state"] == "paused")

        assert status < 300
        assert "HighLatency" in " ".join(card["lines"])
        assert any("HighLatency" in line for line in board["lines"])
        async with page.session.get(f"{page.base}/api/releases/1/journal") as answer:
            journal = await answer.json()
        assert "HighLatency" in str(journal)
        assert "step_started" in {event["code"] for event in journal["events"]}
        assert all(event["text"] for event in journal["events"])


async def test_alert_without_token_is_refused(tmp_path: Path) -> None:
    """A forged alert changes nothing: 401, and no alert on any board."""
    async with running_bot(tmp_path, Twins()) as bot:
        base = f"http://127.0.0.1:{bot.port}"

        assert await _alert(base, "wrong", ALERT) == 401


async def test_reload_applies_people_at_once_and_is_refused_whole_when_invalid(
    tmp_path: Path,
) -> None:
    """A valid reload changes who may; an invalid one changes nothing and says what is wrong."""
    async with running_bot(tmp_path, Twins()) as bot, page_of(bot, "ren") as page:
        await _started_by_other(bot, page)
        changed = release_yml()
        changed["people"]["ren"]["role"] = "viewer"
        path = tmp_path / "release.yml"
        path.write_text(yaml.safe_dump(changed))
        done, _ = bot.reloader.reload()
        refused = await page.say("pause")
        path.write_text(yaml.safe_dump({**changed, "targts": {}}))
        again, said = bot.reloader.reload()

        assert done
        assert refused["outcome"] == "refused"
        assert not again
        assert "targts" in said
        assert "targets" in said
        assert bot.reloader.current.file.people["ren"].role == "viewer"


async def _started_by_other(bot: Any, page: Page) -> None:
    async with page_of(bot, "mika") as other:
        await _started(other)
    await page.until(lambda c: c["kind"] == "board")


async def test_restart_goes_on_with_the_same_release(tmp_path: Path) -> None:
    """A question that was open before a stop is answered after the next start."""
    twins = Twins()
    async with running_bot(tmp_path, twins) as bot, page_of(bot, "mika") as page:
        await page.say("/release start shop")
        question = await page.question("Start release")
    async with running_bot(tmp_path, twins) as bot, page_of(bot, "mika") as page:
        reply = await page.press(question, "Start")

        assert reply["outcome"] == "accepted"
        await page.until(lambda c: c["kind"] == "board" and c["state"] != "planned")


async def test_what_is_being_taken_up_is_settled_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that was told and not settled would be told once more by the next process."""
    taken, ended, settled = asyncio.Event(), asyncio.Event(), []

    async def take_up() -> int:
        taken.set()
        await ended.wait()
        settled.append(1)
        return 1

    async with running_bot(tmp_path, Twins()) as bot:
        monkeypatch.setattr(bot.recovery, "take_up", take_up)
        await taken.wait()
        asyncio.get_running_loop().call_later(0.1, ended.set)

    assert settled == [1]


@pytest.mark.parametrize("call", ["/", "/api/me", "/metrics", "/api/rooms/release/stream"])
async def test_serve_shows_nothing_without_a_token(tmp_path: Path, call: str) -> None:
    """Under `serve` pages, facts and figures want a person's token."""
    async with (
        running_bot(tmp_path, Twins()) as bot,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{bot.port}{call}") as answer,
    ):
        assert answer.status == 401


async def test_readyz_names_the_part_that_is_not_ready(tmp_path: Path) -> None:
    """`/readyz` says one word to strangers and the part and reason to people with a token."""
    async with running_bot(tmp_path, Twins()) as bot, page_of(bot, "mika") as page:
        bot.engine.trouble = "store.full"
        async with page.session.get(f"{page.base}/readyz") as answer:
            body = await answer.json()
            status = answer.status
        bot.engine.trouble = ""

    assert status == 503
    assert body["parts"]["store"] == "store.full"


async def test_figures_have_a_port_of_their_own(tmp_path: Path) -> None:
    """On the loopback, without a token, and nothing but health and figures."""
    port = unused_port()
    own = {"RELEASE_MASTER_METRICS_PORT": str(port)}
    found = {}
    async with running_bot(tmp_path, Twins(), secrets=own), aiohttp.ClientSession() as session:
        for path in ("/metrics", "/readyz", "/healthz", "/", "/api/me"):
            async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                found[path] = answer.status, await answer.text()

    assert {path: status for path, (status, _) in found.items()} == {
        "/metrics": 200,
        "/readyz": 200,
        "/healthz": 200,
        "/": 404,
        "/api/me": 404,
    }
    assert "release_master_outbox_age_seconds" in found["/metrics"][1]
    assert '"parts"' in found["/readyz"][1]
    with pytest.raises(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://127.0.0.1:{port}/healthz")


@pytest.mark.scenario(48)
async def test_a_restored_older_backup_freezes_what_is_ahead_of_it(tmp_path: Path) -> None:
    """The database is older than what was deployed: the component is frozen and people are asked.

    Nothing is begun a second time.
    """
    twins, file = Twins(), release_yml(confirm="each_step")
    database = tmp_path / "bot.sqlite3"
    async with running_bot(tmp_path, twins, file=file) as bot, page_of(bot, "mika") as page:
        await _started(page)
        await page.question("Go for cart/deploy")
    backup = database.read_bytes()
    async with running_bot(tmp_path, twins, file=file) as bot, page_of(bot, "mika") as page:
        await page.press(await page.question("Go for cart/deploy"), "Go")
        await page.press(await page.question("Go for cart/restart"), "Go")
        await page.until(lambda c: c["kind"] == "verdict" and "cart/check" in c["title"])
    begun = [operation.key for operation in twins.world.started]
    database.write_bytes(backup)
    for rest in tmp_path.glob("bot.sqlite3-*"):
        rest.unlink()
    async with running_bot(tmp_path, twins, file=file) as bot, page_of(bot, "mika") as page:
        card = await page.question("cart runs something else")
        board = await page.until(lambda c: c["kind"] == "board" and c["state"] == "paused")

        assert "expected" in " ".join(card["lines"])
        assert board["state"] == "paused"
        assert [operation.key for operation in twins.world.started] == begun


@pytest.mark.scenario(10)
async def test_what_is_at_work_is_kept_from_other_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each second the leases of messages that end soon are prolonged."""
    async with running_bot(tmp_path, Twins()) as bot:
        now, stored, real = bot.services.now(), asyncio.Event(), bot.store.transact

        async def transact(work: Any) -> Any:
            found = await real(work)
            stored.set()
            return found

        kept = await bot.store.transact(
            lambda tx: tx.record("k", "web", "{}", now, owner=bot.services.owner, lease_until=now)
        )
        inbound = Inbound(dedupe="k", surface="web", room="release", at=now)
        assert kept is not None
        with bot.intake.held.hold(Submission(kept, inbound, until=now)):
            monkeypatch.setattr(bot.store, "transact", transact)
            async with asyncio.timeout(10):
                while await bot.store.read(lambda tx: tx.left_behind(now, now, 9)):
                    stored.clear()
                    await stored.wait()
