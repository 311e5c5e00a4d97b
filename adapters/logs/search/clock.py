"""How far the server's clock is from the bot's, within the time that one question takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from adapters.logs.search.query import Body, Questions
from adapters.logs.search.reading import server_time
from bot.core.value import Text, spell, text


class Asks(Protocol):
    """What can be asked."""

    def ask(self, body: Body) -> Awaitable[Body]:
        """Search."""
        ...


async def skew_gap(
    questions: Questions, moment: Asks, *, now: Callable[[], datetime], limit: timedelta
) -> list[Text]:
    """Say so when the clocks are certainly farther apart than `limit`."""
    asked = now()
    said = server_time(await moment.ask(questions.clock()))
    answered = now()
    if said is None:
        return []
    ahead = said - answered
    behind = asked - said
    if ahead > limit:
        return [text("gap.clock_ahead", skew=spell(ahead), limit=spell(limit))]
    if behind > limit:
        return [text("gap.clock_behind", skew=spell(behind), limit=spell(limit))]
    return []
