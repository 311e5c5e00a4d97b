"""What pages show beside messages: every row of a journal says something."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.chat.english import TEXTS
from bot.chat.render import ViewerWords
from bot.core.event import Event, Linked, StepProgressed, StepStarted, TimerRang
from bot.core.operation import HostResult, HostState, Progress, ProgressState
from bot.core.value import text
from bot.engine.transition import Entry
from bot.facts import Facts, _told

SAY = ViewerWords("Asia/Tokyo")
HALF = Progress(
    state=ProgressState.RUNNING,
    hosts=(
        HostResult(host="chat-1", state=HostState.SUCCEEDED),
        HostResult(host="chat-2", state=HostState.UNKNOWN),
    ),
)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            StepStarted(step="chat/deploy", attempt=2, handle="t-7"),
            "chat/deploy: the executor has it (attempt 2)",
        ),
        (
            StepProgressed(step="chat/deploy", attempt=2, progress=HALF),
            "chat/deploy: running, 1 of 2 hosts done",
        ),
        (TimerRang(name="reminder", question=3), "a moment came: reminder"),
        (Linked(release=8), "taken back by release #8"),
    ],
)
def test_an_event_without_facts_is_told_itself(event: Event, words: str) -> None:
    """Nothing came of it, but it happened, so its row is not empty."""
    assert f"event.{event.kind}" in TEXTS
    assert _told(Entry(event=event), SAY) == words


def test_moments_inside_a_text_keep_their_zone() -> None:
    """The page shows them in the viewer's zone, like the moment of the row."""
    asked = text("refused.decided", who="Rin", verb="approve", at="2026-11-25T01:02:03.5+00:00")

    assert (
        _told(Entry(facts=(asked,)), SAY) == "Approved by Rin at 2026-11-25T01:02:03+00:00 already."
    )


async def test_the_journal_says_where_something_was_decided() -> None:
    """On its page in the browser, what was said in the web room needs no word."""
    decided = [
        Entry(facts=(text("fact.approved", step="chat/gate", who="Ren", via=surface),))
        for surface in ("line", "web")
    ]
    rows = [
        SimpleNamespace(
            seq=n, at=NOW, actor="ren", code="order", body=e.model_dump_json(), hash="0" * 64
        )
        for n, e in enumerate(decided, start=1)
    ]

    async def read(_work: object) -> list[SimpleNamespace]:
        return rows

    services = SimpleNamespace(
        store=SimpleNamespace(read=read), file=lambda: SimpleNamespace(zone="UTC")
    )
    told = await Facts(cast("Any", services), cast("Any", None)).journal(1)

    assert [row["text"] for row in told] == [
        "chat/gate approved by Ren (on LINE)",
        "chat/gate approved by Ren",
    ]


NOW = datetime(2026, 11, 25, tzinfo=UTC)
