"""What the command `doctor` says about LINE: what is configured, what answers, what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from bot.chat.line.api import LineApi, LineError
from bot.core.config import LineRoom, RoomConfig
from bot.environment import Environment

WEBHOOK = "/line/webhook"


async def examine(
    environment: Environment, rooms: Mapping[str, RoomConfig], *, offline: bool
) -> list[str]:
    """Lines like the doctor's other ones; with `offline` LINE is not asked."""
    chats = {key: room for key, room in rooms.items() if isinstance(room, LineRoom)}
    token = environment.line_channel_token.get_secret_value()
    if not token:
        return ["PROBLEM  line: its secrets are not set"] if chats else []
    lines = [f"ok       line: secrets are set; chats in release.yml: {len(chats)}"]
    if not environment.base_url.startswith("https://"):
        lines.append(
            "warning  line: LINE calls https addresses only; set RELEASE_MASTER_PUBLIC_URL to the "
            f"one that reaches {environment.base_url}{WEBHOOK}"
        )
    if offline:
        return lines
    api = LineApi(environment.line_api_url, token)
    try:
        lines += [line async for line in _ask(api, environment, chats)]
    finally:
        await api.close()
    return lines


async def _ask(
    api: LineApi, environment: Environment, chats: Mapping[str, LineRoom]
) -> AsyncIterator[str]:
    try:
        name, account = await api.bot()
    except LineError as error:
        yield f"PROBLEM  line: {error}; is RELEASE_MASTER_LINE_CHANNEL_TOKEN right?"
        return
    yield f"ok       line: speaks as {name} ({account})"
    yield await _endpoint(api, f"{environment.base_url}{WEBHOOK}")
    yield await _quota(api)
    for key, room in chats.items():
        try:
            count = await api.members(room.chat)
        except LineError as error:
            yield f"PROBLEM  line: room {key}: {error}; is the account in that chat?"
        else:
            yield f"ok       line: room {key}: a push costs {count}"


async def _endpoint(api: LineApi, wanted: str) -> str:
    try:
        address, active = await api.endpoint()
        if address != wanted:
            return f"PROBLEM  line: the webhook URL is {address or 'not set'}, not {wanted}"
        if not active:
            return "PROBLEM  line: webhooks are off: switch on Use webhook in the console"
        works, seen = await api.test_endpoint()
    except LineError as error:
        return f"PROBLEM  line: webhook: {error}"
    if not works:
        return f"PROBLEM  line: LINE called the webhook and saw: {seen}"
    return f"ok       line: LINE calls {address}"


async def _quota(api: LineApi) -> str:
    try:
        limit, used = await api.quota()
    except LineError as error:
        return f"PROBLEM  line: quota: {error}"
    if limit is None:
        return f"ok       line: {used} messages this month, without a limit"
    word = "ok      " if used < 0.8 * limit else "warning "
    return f"{word} line: {used} of {limit} messages of this month are used"
