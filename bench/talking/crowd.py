"""People who type and click at an even pace, whether or not they are answered."""

from __future__ import annotations

import asyncio
import json
import time
from urllib.parse import urlencode

import aiohttp

from bench.talking.slack import ANSWER, CHANNEL, TEAM
from bot.chat.slack.signature import sign

PEOPLE = 50
LATE_MS = 3000
"""Slack shows the person a failure when no acknowledgement came within three seconds."""


def person(number: int) -> str:
    """One of the people, by a number of any size."""
    return f"U{number % PEOPLE:03}BENCH"


def command(number: int, url: str) -> dict[str, str]:
    """A slash command that only looks."""
    return {
        "command": "/release",
        "text": "status",
        "user_id": person(number),
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "channel_name": "release",
        "trigger_id": f"trigger-{number}",
        "response_url": f"{url}{ANSWER}/{number}",
    }


def click(number: int, url: str) -> dict[str, str]:
    """A press of a button of a release that is long over: who it was is looked up all the same."""
    user = person(number)
    payload = {
        "type": "block_actions",
        "user": {"id": user, "team_id": TEAM},
        "team": {"id": TEAM},
        "channel": {"id": CHANNEL},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": CHANNEL},
        "message": {"ts": "1.1"},
        "response_url": f"{url}{ANSWER}/{number}",
        "trigger_id": f"trigger-{number}",
        "actions": [
            {
                "type": "button",
                "action_id": "press.go.0",
                "block_id": "b",
                "value": "v1|1|chat/deploy|a1b2c3|deadbeef",
                "action_ts": str(number),
            }
        ],
    }
    return {"payload": json.dumps(payload)}


class Crowd:
    """Sends, and keeps how long each acknowledgement took."""

    def __init__(
        self, session: aiohttp.ClientSession, target: str, slack: str, *, secret: str
    ) -> None:
        self.spans: list[float] = []
        """Milliseconds until each acknowledgement that came in time."""
        self.refused = 0
        self.sent: dict[str, float] = {}
        """When each was to be sent, in seconds of the machine's monotonic clock."""
        self.behind: list[float] = []
        """Milliseconds by which each was sent too late: the sender's own share of the waiting."""
        self._session = session
        self._target = target
        self._slack = slack
        self._secret = secret

    async def send(self, number: int) -> bool:
        """Send one; whether it was acknowledged in time."""
        form = (click if number % 2 else command)(number, self._slack)
        raw, moment = urlencode(form).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": moment,
            "X-Slack-Signature": sign(self._secret, moment, raw),
        }
        began = time.perf_counter()
        try:
            async with self._session.post(self._target, data=raw, headers=headers) as answer:
                await answer.read()
                well = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            well = False
        span = (time.perf_counter() - began) * 1000
        if well and span < LATE_MS:
            self.spans.append(span)
            return True
        self.refused += 1
        return False

    async def warm(self) -> None:
        """Wait until the bot has learnt who it is."""
        async with asyncio.timeout(20):
            while not await self.send(-1 - self.refused):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        self.spans, self.refused = [], 0

    async def storm(self, seconds: float, a_second: float) -> None:
        """Send at an even pace for so long, and wait for the last acknowledgement."""
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(round(seconds * a_second)):
                due = began + number / a_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                self.sent[str(number)] = due
                self.behind.append((time.perf_counter() - due) * 1000)
                group.create_task(self.send(number))
