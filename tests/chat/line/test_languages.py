"""Each chat in its own language and zone, buttons and dialogs included."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from tests.support.line_bots import GROUP, KAI, REN, line_chat, line_yml


class Speech(NamedTuple):
    """What a group reads."""

    language: str
    zone: str
    start: str
    approve: str
    sure: str
    end: str


@pytest.mark.parametrize(
    "speech",
    [
        Speech("ja", "Asia/Tokyo", "開始", "承認", "承認しますか", "が終わりました：完了"),
        Speech("ko", "Asia/Seoul", "시작", "승인", "승인할까요", "종료: 완료"),
        Speech("zh-TW", "Asia/Taipei", "開始", "核准", "要核准", "已結束：完成"),
        Speech("th", "Asia/Bangkok", "เริ่ม", "อนุมัติ", "หรือไม่", "จบแล้ว: เสร็จแล้ว"),
    ],
    ids=lambda speech: speech.language,
)
async def test_a_group_is_driven_in_its_language(tmp_path: Path, speech: Speech) -> None:
    """From the plan to the end; times are those of the clock on the wall."""
    file = line_yml()
    file["rooms"]["group"] |= {"language": speech.language, "zone": speech.zone}
    async with line_chat(tmp_path, file=file) as chat:
        await chat.press(speech.start, said=await chat.say("release start shop"))
        gate = await chat.until(f'"label": "{speech.approve}"')
        dialog = await chat.press(speech.approve, REN, said=gate)
        hours = {f"{datetime.now(ZoneInfo(speech.zone)):%H:}"}
        board = await chat.say("release status", KAI)
        hours.add(f"{datetime.now(ZoneInfo(speech.zone)):%H:}")
        answer = chat.stub.data(speech.approve, dialog)
        assert await chat.stub.post(chat.stub.tap(GROUP, REN, answer)) == 200
        await chat.until(speech.end)

    assert dialog.messages[0]["template"]["type"] == "confirm"
    assert speech.sure in dialog.said
    assert any(hour in board.said for hour in hours)


async def test_a_person_alone_has_a_language(tmp_path: Path) -> None:
    """That of release.yml for this person, whatever the group speaks."""
    file = line_yml()
    file["people"]["ren"]["language"] = "th"
    async with line_chat(tmp_path, file=file) as chat:
        alone = await chat.say("history", REN, REN)
        group = await chat.say("release history", REN)

    assert "รีลีส" in alone.said
    assert "releases" in group.said
