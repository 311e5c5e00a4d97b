"""Realistic cards of a release, for looking at the page and for its browser tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.chat.room import RoomLog
from bot.core.card import Action, Card, Chart, Confirm, Row, Series, Style, Table
from bot.core.value import Text
from tests.support.web_backend import card, t

APPROVE = Action(
    verb="approve",
    label=t("Approve"),
    value="v1|42|chat/promote|7|n0nce",
    style=Style.PRIMARY,
    confirm=Confirm(
        title=t("Restart all servers of chat?"),
        body=t("chat goes from 2026.11.3 to 2026.11.4 on the other 10 hosts."),
    ),
)
REJECT = Action(
    verb="reject",
    label=t("Reject"),
    value="v1|42|chat/promote|7|n0nce",
    style=Style.DANGER,
    confirm=Confirm(
        title=t("Reject the promotion of chat?"),
        body=t("The release pauses; the canary hosts stay on 2026.11.4."),
        reason=True,
    ),
)
PAUSE = Action(verb="pause", label=t("Pause"), value="v1|42||7|n0nce")
ABORT = Action(
    verb="abort",
    label=t("Abort"),
    value="v1|42||7|n0nce",
    style=Style.DANGER,
    confirm=Confirm(
        title=t("Abort release #42?"),
        body=t("It stops here; nothing is rolled back."),
        reason=True,
    ),
)
DETAILS = Action(verb="errors", label=t("Details"), value="v1|42|chat|7|n0nce")


def question(at: datetime, *, is_open: bool = True) -> Card:
    """The promotion of the canary."""
    return Card(
        kind="question",
        title=t("Promote chat 2026.11.4 to all servers?"),
        text=t("#42: promote chat 2026.11.4 to all servers?"),
        release=42,
        state="asked" if is_open else "approved",
        lines=(t("The canary ran clean in 3 of 3 rounds on chat-01 and chat-02."),),
        fields=(
            (t("Running"), "2026.11.3 on 10 hosts"),
            (t("Candidate"), "2026.11.4 on 2 hosts"),
            (t("Open until"), (at + timedelta(hours=4)).isoformat()),
        ),
        actions=(APPROVE, REJECT, DETAILS) if is_open else (),
        mentions=("rin", "ken"),
        at=at,
        footer=t(
            "Nobody answers: reminders after 10, 30 and 60 min; after 4 h the release pauses."
        ),
    )


def board(at: datetime, state: str = "running", release: int = 42) -> Card:
    """The board in the middle of the release."""
    live = state == "running"
    rows = (
        ("gateway", "2026.11.3 → 2026.11.4", "done in 3 min 20 s, clean", "done"),
        ("chat", "2026.11.3 → 2026.11.4", "canary clean, promotion asked", "asked"),
        ("search", "2026.11.3 → 2026.11.4", "waits for chat", "waiting"),
        ("media", "2026.11.2 → 2026.11.4", "waits for search", "waiting"),
        ("push", "2026.11.3 → 2026.11.4", "waits for media", "waiting"),
        ("admin", "2026.11.4", "unchanged, left out", "skipped"),
        ("batch", "2026.11.1 → 2026.11.4", "waits for push", "waiting"),
    )
    return Card(
        kind="board",
        title=t(f"#{release} OpenChat 2026.11.4"),
        text=t(f"#{release} OpenChat 2026.11.4, {state}"),
        release=release,
        state=state,
        lines=(
            t("Next: Rin or Ken approve the promotion of chat"),
            t(f"Asked since {at.isoformat()}, reminder in 10 min"),
        ),
        fields=(
            (t("Started"), t(f"by Ayumi, {(at - timedelta(minutes=9)).isoformat()}")),
            (t("Confirming"), t("only at gates")),
            (t("Operations"), t("41 planned, 12 done, 1 by people")),
            (t("On a fail"), t("the room is asked")),
            (t("Last alert"), "none"),
        ),
        table=Table(
            caption=t("7 components"),
            header=(t("Component"), t("Version"), t("Now")),
            rows=tuple(
                Row(cells=(a, b, t(c) if live else t("done, clean")), state=s if live else "done")
                for a, b, c, s in rows
            ),
        ),
        actions=(PAUSE, ABORT) if live else (),
        at=at,
        footer=t("Only gates ask. Anyone who may abort can pause."),
    )


def verdict(at: datetime) -> Card:
    """A failed round with its numbers."""
    return Card(
        kind="verdict",
        title=t("Round 2 of 3 of gateway: fail"),
        text=t("#41: round 2 of 3 of gateway failed"),
        release=41,
        state="fail",
        lines=(
            t("UpstreamTimeout increased: 50 in the ten days before, 250 since the deployment."),
        ),
        chart=Chart(
            title=t("ERROR and WARN by type"),
            categories=("UpstreamTimeout", "ConnectionReset", "BadRequest", "SlowQuery"),
            series=(
                Series(name=t("10 days before"), values=(50, 12, 431, 88)),
                Series(name=t("since deploy"), values=(250, 0, 9, 3)),
            ),
        ),
        table=Table(
            caption=t("What was found"),
            header=(t("Error type"), t("Before"), t("Since"), t("Rule")),
            rows=(
                Row(cells=("UpstreamTimeout", "50", "250", t("B: known, 250 > 50")), state="fail"),
                Row(cells=("<b>NullPointer</b>", "0", "4", t("A: never seen")), state="fail"),
                Row(cells=("BadRequest", "431", "9", t("no finding")), state="pass"),
            ),
        ),
        fields=((text_link(), "https://logs.example.net/gateway?q=1"),),
        at=at,
    )


def text_link() -> Text:
    """The name of a field that is a link."""
    return t("Look at the logs").model_copy(update={"key": "verdict.link"})


async def fill(log: RoomLog, now: datetime) -> None:
    """Put a finished and a running release into the room `main`."""
    at = now - timedelta(minutes=10)

    async def put(key: str, message: Card, minutes: float) -> None:
        await log.put("main", key, message, at + timedelta(minutes=minutes))

    await put("release:41:board", board(at, "rolled_back", 41), -60)
    await put("v41", verdict(at - timedelta(minutes=50)), -50)
    started = "start openchat 2026.11.4 confirm=gates"
    await put("s1", card("said", started, who="Ayumi", lines=(started,)), 0)
    await put("release:42:board", board(now), 0.1)
    await put("a1", card("share", "Release of gateway 2026.11.4 begins (1 of 7)"), 0.2)
    await put("a2", card("share", "Release of gateway 2026.11.4 is finished"), 5)
    done = card("verdict", "gateway: monitoring finished, clean", state="pass", release=42)
    await put("v42", done, 5.1)
    await put("s2", card("said", "x", who="Ken", lines=("what about the search index?",)), 6)
    await put("a3", card("share", "Canary group of chat restarted: chat-01, chat-02"), 7)
    await put("question", question(at + timedelta(minutes=9)), 9)
