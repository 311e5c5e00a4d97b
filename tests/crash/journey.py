"""A release through a kill to its end: what people do, and everything that can be seen after."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.release import Release, StepKind
from bot.core.tally import tally
from bot.store.database import Database
from tests.crash.bot_process import BotProcess, Bots, release_file
from tests.crash.people import LOST, Room, entered, take_part
from tests.crash.world import World, started_world

_DRAINED_WITHIN = 30.0
HEARER = "hearer"
"""The outgoing room."""
SLOW = "gateway/deploy/1"
"""The operation that the story of an abort is about."""


@dataclass(frozen=True)
class End:
    """How a release ended, as far as it must not depend on when the bot was killed."""

    phase: str
    steps: Mapping[str, str]
    """step -> state."""
    attempts: frozenset[int]
    """Of the operations that were begun."""
    operations: int
    people: int
    rounds: Mapping[str, tuple[str, ...]]
    """check -> the result of each of its rounds."""
    questions: tuple[str, ...]
    """kind:verb of each question."""


@dataclass(frozen=True)
class Story:
    """What people do in a release, what must have been begun, and what rooms must have heard."""

    name: str
    line: str
    answers: Mapping[str, str]
    starts: frozenset[str]
    posts: frozenset[str]
    messages: frozenset[str]
    """The keys of the cards in the web room."""
    end: End
    is_aborted: bool = False


@dataclass(frozen=True)
class Kill:
    """One moment to be killed at."""

    story: Story
    name: str
    at: str = ""
    """As `kill_at` reads it."""
    held: tuple[str, str, int] | None = None
    """From outside, while this call (kind, about, how manieth) waits for its answer."""
    repeat: bool = True
    """The people type and press again what was not answered."""


@dataclass
class Stage:
    """The world, the bots and the store of one test."""

    world: World
    bots: Bots
    story: Story
    stops: list[float] = field(default_factory=list)
    """How long each SIGTERM took, in seconds."""
    cut_off: set[str] = field(default_factory=set)
    """Messages that had reached the outgoing room when a process ended, and were not recorded as
    delivered: nobody can know that, so they may come twice, under one key."""

    async def play(self, bot: BotProcess, *, repeat: bool = True) -> dict[str, Any]:
        """Let the people do their part with this process until the release has ended."""
        async with entered(bot.base) as room:
            taking_part = asyncio.create_task(
                take_part(room, self.story.line, self.story.answers, repeat=repeat)
            )
            aborting = asyncio.create_task(self._abort(room))
            try:
                return await taking_part
            finally:
                for task in (taking_part, aborting):
                    task.cancel()
                await asyncio.gather(taking_part, aborting, return_exceptions=True)

    async def _abort(self, room: Room) -> None:
        """Press Abort on the board as soon as the slow operation runs, if the story has it."""
        if not self.story.is_aborted:
            return

        def button() -> Any:
            boards = [c for c in room.cards.values() if c["kind"] == "board"]
            return next((a for c in boards for a in c["actions"] if a["verb"] == "abort"), None)

        await until(lambda: self.world.starts()[SLOW])
        await room.press("mina", await room.until(button))

    async def play_until_killed(self, bot: BotProcess) -> None:
        """Let the people do their part until the process dies at its point."""
        playing = asyncio.create_task(self.play(bot))
        dying = asyncio.create_task(bot.died())
        await asyncio.wait({playing, dying}, return_when=asyncio.FIRST_COMPLETED)
        if not dying.done():
            # The last card may be seen shortly before the last point is reached.
            await asyncio.wait({dying}, timeout=5)
        playing.cancel()
        lost: object = (await asyncio.gather(playing, return_exceptions=True))[0]
        assert dying.done(), f"it was never killed: {lost!r}\n{bot.printed()}"
        await dying
        await self.gone()
        # Who was killed behind the last card was seen to its end.
        assert isinstance(lost, (*LOST, asyncio.CancelledError, dict)), lost

    async def play_to_the_end(self, bot: BotProcess, *, repeat: bool = True) -> None:
        """Let the people finish, wait until nothing is left to do, and stop with SIGTERM."""
        try:
            await self.play(bot, repeat=repeat)
            await self.drained()
        except AssertionError as error:
            raise AssertionError(f"{error}\n{bot.printed()}") from error
        self.stops.append(await bot.stop())

    async def gone(self) -> None:
        """A process has ended: remember which of its messages were cut off."""
        await self.world.settled()
        slots = {key: key.partition(":")[2].partition(":")[2] for key in self.world.posts()}
        self.cut_off |= self.read(
            lambda tx: {key for key, slot in slots.items() if tx.post(HEARER, 1, slot) is None}
        )

    async def drained(self) -> None:
        """Wait until the outbox of the release is empty."""
        await until(lambda: not self.read(lambda tx: tx.effects(1)))

    def read(self, work: Callable[[Any], Any]) -> Any:
        """Read from the store beside the bots."""
        database = Database(self.bots.database_url)
        try:
            return database.read(work)
        finally:
            database.close()

    def release(self) -> Release:
        """The release as it is stored."""
        return Release.model_validate_json(self.read(lambda tx: tx.get(1)).body)

    async def exported(self) -> list[dict[str, Any]]:
        """The journal as `export` writes it, after it found each hash chain unbroken."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "export", "#1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.bots.release_file.parent,
            env=self.bots.environment,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        [release] = json.loads(out)["releases"]
        assert release["intact"] is True
        rows: list[dict[str, Any]] = release["rows"]
        return rows


@asynccontextmanager
async def staged(
    folder: Path, story: Story, *, database_url: str = "", can_find: bool = True, **rules: Any
) -> AsyncIterator[Stage]:
    """Set the stage of one test in an empty folder; everything is ended with the context.

    Without `database_url` the store is a SQLite file; `rules` replace keys of the policy.
    """
    async with started_world(folder / "world", can_find=can_find) as world:
        if story.is_aborted:
            await world.slow(SLOW)
        file = folder / "release.yml"
        file.write_text(release_file(world.url, world.root / "logs", **rules), encoding="utf-8")
        url = database_url or f"sqlite:///{folder / 'bot.sqlite3'}"
        bots = Bots(file, url, folder / "crashed")
        try:
            yield Stage(world, bots, story)
        finally:
            await bots.end()


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds in files that other processes write; nothing tells of that."""
    async with asyncio.timeout(_DRAINED_WITHIN):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.03)


def end_of(release: Release) -> End:
    """What of a release must be the same however often the bot was killed."""
    count = tally(release)
    rounds = {
        step.id: {r.number: r.verdict.result for r in step.rounds}
        for step in release.steps
        if step.kind is StepKind.CHECK and step.rounds
    }
    return End(
        phase=str(release.phase),
        steps={step.id: str(step.state) for step in release.steps},
        attempts=frozenset(s.attempt for s in release.steps if s.handle),
        operations=count.operations,
        people=count.people,
        rounds={name: tuple(map(str, found.values())) for name, found in rounds.items()},
        questions=tuple(f"{q.kind}:{q.closed and q.closed.verb}" for q in release.questions),
    )


async def assert_told_once(stage: Stage) -> None:
    """One start for each key, the same end, every message once, an intact journal, no locks."""
    story, world = stage.story, stage.world
    assert end_of(stage.release()) == story.end
    assert world.starts() == Counter(story.starts)
    posts = world.posts()
    assert set(posts) == story.posts
    assert {key for key, n in posts.items() if n > 1 + (key in stage.cut_off)} == set()
    rows = stage.read(lambda tx: tx.messages_since("release", 0, 1000))
    about = [row.key for row in rows if row.key.startswith("release:")]
    assert Counter(about) == Counter(story.messages)
    assert [row.key for row in rows if json.loads(row.card)["actions"]] == []
    assert stage.read(lambda tx: tx.locks()) == []
    journal = await stage.exported()
    assert [row["seq"] for row in journal] == list(range(1, len(journal) + 1))


async def killed_and_finished(stage: Stage, kill: Kill) -> float:
    """Play until the process dies, start it again, play to the end; returns when it died."""
    if kill.held is not None:
        died = await killed_while_held(stage, *kill.held)
    else:
        await stage.play_until_killed(await stage.bots.start(kill.at))
        died = stage.bots.crashed_at()
    await stage.play_to_the_end(await stage.bots.start(), repeat=kill.repeat)
    return died


async def killed_while_held(stage: Stage, call: str, about: str, nth: int) -> float:
    """Kill the process from outside while a call of it waits for its answer; returns when."""
    bot = await stage.bots.start()
    await stage.world.hold(call, about, nth=nth)
    playing = asyncio.create_task(stage.play(bot))
    holding = asyncio.create_task(stage.world.held())
    await asyncio.wait({playing, holding}, return_when=asyncio.FIRST_COMPLETED)
    assert holding.done(), f"no {call} {about} came:\n{bot.printed()}"
    await holding
    died = bot.kill()
    await bot.died()
    await stage.gone()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    return died
