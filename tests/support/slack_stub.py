"""Slack's Web API as a table of answers, for tests of one part alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

from bot.chat.platform import Ground
from bot.chat.slack.api import Api, SlackError
from bot.chat.slack.pace import Pace
from bot.chat.slack.workspace import Workspace
from bot.chat.texts import Words
from bot.core.config import ReleaseFile
from bot.engine.services import Services
from tests.support.slack_bots import release_yml


class StubApi(Api):
    """Answers from a table, keeps what was called, and fails as it is told."""

    def __init__(self) -> None:
        super().__init__("xoxb-stub", "https://slack.example/api/")
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.failing: dict[str, list[SlackError]] = {}
        self._number = 0

    async def write(self, method: str, **body: object) -> Mapping[str, Any]:
        """A call that changes something."""
        return self._give(method, dict(body))

    async def read(self, method: str, **query: str) -> Mapping[str, Any]:
        """A call that only looks."""
        return self._give(method, dict(query))

    def fail(self, method: str, *errors: SlackError) -> None:
        """Let the next calls of a method fail."""
        self.failing.setdefault(method, []).extend(errors)

    def made(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of a method."""
        return [body for name, body in self.calls if name == method]

    def _give(self, method: str, body: dict[str, Any]) -> Mapping[str, Any]:
        self.calls.append((method, body))
        if self.failing.get(method):
            raise self.failing[method].pop(0)
        if method in self.answers:
            found: Mapping[str, Any] = self.answers[method]
            return found
        self._number += 1
        return {"ok": True, "ts": f"1.{self._number}", "channel": body.get("channel", "")}


def stub_workspace(
    api: StubApi,
    services: Services | None = None,
    *,
    file: Callable[[], dict[str, Any]] = release_yml,
    monotonic: Callable[[], float] = lambda: 0.0,
) -> Workspace:
    """A workspace T1 in which the bot is U0BOT; without `services` it has release.yml only."""
    parsed = ReleaseFile.model_validate(file())
    alone = cast("Services", SimpleNamespace(file=lambda: parsed))
    ground = SimpleNamespace(services=services or alone, words=lambda _: Words())
    workspace = Workspace(cast("Ground", ground), api, Pace(monotonic))
    workspace.team, workspace.user = "T1", "U0BOT"
    return workspace
