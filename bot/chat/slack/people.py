"""Who somebody on Slack is to release.yml: by immutable ids, asked of Slack when it matters."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.chat.slack.api import SlackError
from bot.chat.slack.workspace import Workspace
from bot.core.config import Person

FRESH_FOR = 60.0
"""Seconds for which an answer of Slack serves for looking, pausing and aborting."""
WITHIN = 1.5
"""Seconds in which Slack must say who somebody is: the acknowledgement waits for it."""


class UnknownError(Exception):
    """Slack did not say who somebody is; nothing may be decided by them for now."""


class StrangerError(Exception):
    """A guest, a bot, or somebody of another workspace: they may not use the bot."""


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    profile: Mapping[str, Any]


class People:
    """Finds the person of release.yml behind a Slack user id."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._profiles: dict[str, _Seen] = {}
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}
        self._ids: dict[str, str] = {}

    async def person(self, user: str, team: str, *, fresh: bool) -> str:
        """The person's key in release.yml; empty for somebody who may only look.

        `fresh`: Slack is asked at this very moment. Raises StrangerError for whom the bot does
        not serve, UnknownError when Slack did not say.
        """
        if team and team != self._workspace.team:
            raise StrangerError(user)
        try:
            async with asyncio.timeout(WITHIN):
                return await self._known(user, fresh=fresh)
        except (SlackError, TimeoutError) as error:
            raise UnknownError(user) from error

    async def ids(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The Slack ids of some people, to mention them; whoever has none is left out."""
        people = self._workspace.services.file().people
        found = [await self._id(people[key]) for key in keys if key in people]
        return tuple(user for user in dict.fromkeys(found) if user)

    async def _known(self, user: str, *, fresh: bool) -> str:
        profile = await self._profile(user, fresh=fresh)
        if _is_stranger(profile):
            raise StrangerError(user)
        if str(profile.get("team_id", "")) not in {"", self._workspace.team}:
            raise StrangerError(user)
        people = self._workspace.services.file().people
        email = str((profile.get("profile") or {}).get("email", "")).casefold()
        for key, person in people.items():
            mail = person.email.casefold() if not person.slack else ""
            if person.slack == user or (mail and mail == email):
                return key if await self._belongs(user, person, fresh=fresh) else ""
        return ""

    async def _belongs(self, user: str, person: Person, *, fresh: bool) -> bool:
        """Whether somebody is in the user group that their role hangs on."""
        group = person.slack_group
        if not group:
            return True
        now = asyncio.get_running_loop().time()
        at, members = self._groups.get(group, (0.0, frozenset()))
        known = group in self._groups
        if not fresh and known and now - at <= FRESH_FOR:
            return user in members
        try:
            found = await self._workspace.api.read("usergroups.users.list", usergroup=group)
        except SlackError:
            if fresh or not known:
                raise
            return user in members
        members = frozenset(str(member) for member in found.get("users", ()))
        self._groups[group] = (now, members)
        return user in members

    async def _profile(self, user: str, *, fresh: bool) -> Mapping[str, Any]:
        now = asyncio.get_running_loop().time()
        seen = self._profiles.get(user)
        if not fresh and seen is not None and now - seen.at <= FRESH_FOR:
            return seen.profile
        try:
            found = await self._workspace.api.read("users.info", user=user)
        except SlackError:
            # Whoever was somebody a moment ago may still pause and abort.
            if fresh or seen is None:
                raise
            return seen.profile
        profile: Mapping[str, Any] = found.get("user") or {}
        self._profiles[user] = _Seen(now, profile)
        return profile

    async def _id(self, person: Person) -> str:
        if person.slack or not person.email:
            return person.slack
        if person.email not in self._ids:
            api = self._workspace.api
            try:
                found = await api.read("users.lookupByEmail", email=person.email)
            except SlackError:
                return ""
            self._ids[person.email] = str((found.get("user") or {}).get("id", ""))
        return self._ids[person.email]


def _is_stranger(profile: Mapping[str, Any]) -> bool:
    """Guests of both kinds, people of other workspaces, bots, and accounts that were closed."""
    marks = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted")
    return any(bool(profile.get(mark)) for mark in marks)
