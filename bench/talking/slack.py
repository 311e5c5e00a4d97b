"""Slack's Web API in a process of its own: every call is answered after the same short while.

`python -m bench.talking.slack LATENCY_MS` prints its address, and runs until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
import time

from aiohttp import web

from bot.chat.texts_slack import TEXTS

TEAM, CHANNEL = "T01BENCH", "C01BENCH"
ANSWER, TOLD = "response", "told"
"""Under these paths the bot answers people, and the bench asks when it did."""
AT_WORK = TEXTS["slack.later"]
"""What whoever decided hears when it takes longer; no answer yet."""


class Slack:
    """The methods that the bot calls; notes when each person had their answer."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._posts = 0
        self._told: dict[str, list[float]] = {}
        self._notices: dict[str, list[float]] = {}

    def app(self) -> web.Application:
        """The application."""
        app = web.Application()
        app.add_routes(
            [
                web.get(f"/{TOLD}", self._figures),
                web.post(f"/{ANSWER}/{{number}}", self._answered),
                web.post("/api/{method}", self._called),
            ]
        )
        return app

    async def _figures(self, _: web.Request) -> web.Response:
        """When each was answered, in seconds of the machine's monotonic clock.

        Notices that something is still at work are counted apart.
        """
        return web.json_response({"told": self._told, "notices": len(self._notices)})

    async def _answered(self, request: web.Request) -> web.Response:
        number, said = request.match_info["number"], (await request.json()).get("text", "")
        told = self._notices if said == AT_WORK else self._told
        told.setdefault(number, []).append(time.perf_counter())
        await asyncio.sleep(self._latency)
        return web.Response(text="ok")

    async def _called(self, request: web.Request) -> web.Response:
        form = await request.post()
        await asyncio.sleep(self._latency)
        self._posts += 1
        asked = str(form.get("user", "U0BENCH"))
        return web.json_response(
            {
                "ok": True,
                "ts": f"1.{self._posts:06}",
                "channel": CHANNEL,
                "team_id": TEAM,
                "user_id": "U0BOT",
                "bot_id": "B0BOT",
                "user": {"id": asked, "team_id": TEAM, "profile": {}},
            }
        )


async def serve(latency: float) -> None:
    """Listen on a free port of loopback until the process is ended."""
    runner = web.AppRunner(Slack(latency).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000))
