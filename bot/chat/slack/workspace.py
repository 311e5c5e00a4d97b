"""What the parts of Slack share: calls, pace, words, and which channel is which room."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.chat.platform import Ground
from bot.chat.slack.api import Api, SlackError
from bot.chat.slack.pace import Pace
from bot.chat.texts import Words
from bot.core.config import SlackRoom
from bot.core.release import Release
from bot.engine.services import Services
from bot.engine.transition import load
from bot.store import Tx

RECENT = 20
"""So many releases back a thread is still known to be one's of a release."""


@dataclass(slots=True)
class Workspace:
    """The workspace that the bot's token belongs to."""

    ground: Ground
    api: Api
    pace: Pace = field(default_factory=lambda: Pace(time.monotonic))
    team: str = ""
    """Its id, `T...`; empty until Slack has told it."""
    user: str = ""
    """The bot's own user id, `U...`."""

    @property
    def services(self) -> Services:
        """Store, release.yml and time."""
        return self.ground.services

    @property
    def words(self) -> Callable[[str], Words]:
        """The sentences of a room, by its key."""
        return lambda room: self.ground.words(room).on("slack")

    async def identify(self) -> None:
        """Learn who we are. Raises SlackError."""
        answer, _ = await self.api.scopes()
        self.team, self.user = str(answer["team_id"]), str(answer["user_id"])

    def room_of(self, channel: str) -> str:
        """The key of the room that this channel is; empty when it is none."""
        for key, room in self.services.file().rooms.items():
            if isinstance(room, SlackRoom) and room.channel == channel:
                return key
        return ""

    def channel_of(self, room: str) -> str:
        """The channel of a room; empty when it is none of Slack's."""
        found = self.services.file().rooms.get(room)
        return found.channel if isinstance(found, SlackRoom) else ""

    def home_of(self, release: Release) -> str:
        """The room in which a release is steered on Slack; empty when it is steered elsewhere."""
        target = self.services.file().targets.get(release.target, release.config.target)
        rooms = (release.home, *target.rooms)
        return next((room for room in rooms if self.channel_of(room)), "")

    def room_for(self, target: str) -> str:
        """The room in which a target is released on Slack; empty when there is none."""
        found = self.services.file().targets.get(target)
        rooms = found.rooms if found else ()
        return next((room for room in rooms if self.channel_of(room)), "")

    async def release_of(self, room: str, thread: str) -> int | None:
        """The release whose board this thread hangs on; None when it is none's."""
        if not room or not thread:
            return None
        ref = f"{self.channel_of(room)}:{thread}"

        def work(tx: Tx) -> int | None:
            known = [head.id for head in tx.live_heads()]
            known += [row.id for row in tx.recent(None, RECENT)]
            for number in dict.fromkeys(known):
                post = tx.post(room, number, "board")
                if post is not None and post.ref == ref:
                    return number
            return None

        return await self.services.store.read(work)

    async def link(self, room: str, release_id: int) -> str:
        """The address of a release's board; empty when Slack does not tell."""
        post = await self.services.store.read(lambda tx: tx.post(room, release_id, "board"))
        if post is None:
            return ""
        channel, _, moment = post.ref.partition(":")
        try:
            found = await self.api.read("chat.getPermalink", channel=channel, message_ts=moment)
        except SlackError:
            return ""
        return str(found.get("permalink", ""))

    async def live(self) -> list[Release]:
        """Every release that has not ended."""
        found = await self.services.store.read(
            lambda tx: [load(tx, head.id) for head in tx.live_heads()]
        )
        return [release for release in found if release is not None]
