"""Runs the bot and kills it with SIGKILL at one named point; the bot itself knows nothing of it.

CRASH_AT is `HOOK|MATCH|WHEN|NTH`, CRASH_ONCE a file: whoever reaches the point first makes it,
writes the time into it and dies; with the file there, everybody goes on. Hooks:

- `start find look stop`: a call of the executor about the operation whose key has MATCH in it;
- `running`: reading the versions of a component;  `count`: counting the logs of a component;
- `share`: sending to the outgoing room under a key;  `show`: putting a card under a key;
- `commit`: a transaction by what it holds: `journal:CODE:ABOUT`, `inbox:record:VERB`,
  `message:KEY`, `post:SLOT`.

WHEN is `before` or `after`; for `count` also `during`, for `commit` before means: not committed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from adapters.deploy.http import HttpDeployer
from adapters.logs.files import FilesStore
from adapters.logs.files.documents import Documents
from bot.__main__ import main
from bot.chat.http import HttpRoomSender
from bot.store import Tx
from bot.store.database import Database
from bot.store.room_log import StoreRoomLog

AT, ONCE = "CRASH_AT", "CRASH_ONCE"

Call = Callable[..., Awaitable[Any]]
_ABOUT = ("verb", "name", "step", "component")


class Point:
    """Where to die, and how often it was passed."""

    def __init__(self, at: str, once: Path) -> None:
        self.hook, self._match, self._when, nth = at.split("|")
        self._left = int(nth)
        self._once = once

    def passed(self, hook: str, about: str, when: str) -> None:
        """Die here when this is the point."""
        if (hook, when) != (self.hook, self._when) or self._match not in about:
            return
        self._left -= 1
        if self._left:
            return
        try:
            with self._once.open("x", encoding="ascii") as file:
                file.write(str(time.time()))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def around(point: Point, home: type, name: str, about: Callable[..., str]) -> None:
    """Put the point before and after a method of a class."""
    method: Call = getattr(home, name)
    hook = "share" if home is HttpRoomSender else "show" if home is StoreRoomLog else name

    @wraps(method)
    async def wrapped(self: object, *args: Any, **options: Any) -> Any:
        what = about(*args)
        point.passed(hook, what, "before")
        answer = await method(self, *args, **options)
        point.passed(hook, what, "after")
        return answer

    setattr(home, name, wrapped)


def journalled(code: str, body: str) -> str:
    """`CODE:ABOUT`, and for a check its round as well."""
    event = json.loads(body).get("event") or {}
    about = next((str(event[field]) for field in _ABOUT if event.get(field)), "")
    parts = (code, about, str(event["round"]) if "round" in event else "")
    return ":".join(part for part in parts if part)


class Commits:
    """Puts the point inside and behind transactions, by what they hold."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._said: dict[Tx, list[str]] = {}

    def note(self, name: str, what: Callable[..., str]) -> None:
        """Let a method of Tx say what the transaction holds."""
        method = getattr(Tx, name)

        @wraps(method)
        def noted(tx: Tx, *args: Any, **options: Any) -> Any:
            self._said.setdefault(tx, []).append(what(*args, **options))
            return method(tx, *args, **options)

        setattr(Tx, name, noted)

    def watch(self) -> None:
        """Pass the point before and after each commit, of one work or of several together."""
        write, write_all = Database.write, Database.write_all

        def watched(database: Database, work: Callable[[Tx], Any]) -> Any:
            kept: list[str] = []
            answer = write(database, self._whole(work, kept))
            self._committed(kept)
            return answer

        def all_watched(database: Database, works: Sequence[Callable[[Tx], Any]]) -> Any:
            kept: list[list[str]] = [[] for _ in works]
            # A work that is done alone passes `write` as well, which finds nothing left to tell.
            answer = write_all(database, list(map(self._whole, works, kept)))
            for each, written in zip(kept, answer, strict=True):
                self._committed(each if written.error is None else [])
            return answer

        setattr(Database, "write", watched)  # noqa: B010 - mypy refuses to assign a method
        setattr(Database, "write_all", all_watched)  # noqa: B010 - mypy refuses to assign a method

    def _whole(self, work: Callable[[Tx], Any], kept: list[str]) -> Callable[[Tx], Any]:
        def whole(tx: Tx) -> Any:
            value = work(tx)
            kept[:] = self._said.pop(tx, [])
            for what in kept:
                self._point.passed("commit", what, "before")
            return value

        return whole

    def _committed(self, kept: list[str]) -> None:
        for what in kept:
            self._point.passed("commit", what, "after")


def recorded(_dedupe: str, _surface: str, body: str, *_: Any, **__: Any) -> str:
    """`inbox:record:` and the verb of a click or the typed line."""
    came = json.loads(body)
    return f"inbox:record:{came.get('verb') or came.get('text')}"


def watch_counting(point: Point) -> None:
    """Put the point into the middle of a count: lines are read, nothing is counted yet."""
    count = Documents.count

    def count_too(self: Documents, request: Any, window: Any) -> Any:
        point.passed("count", request.component, "during")
        return count(self, request, window)

    setattr(Documents, "count", count_too)  # noqa: B010 - mypy refuses to assign a method


def arm(point: Point) -> None:
    """Put the point into the classes that reach the outside world and the store."""
    for name in ("start", "find", "look", "stop"):
        around(point, HttpDeployer, name, lambda operation, *_: operation.key)
    around(point, HttpDeployer, "running", lambda component: component)
    around(point, FilesStore, "count", lambda request: request.component)
    around(point, HttpRoomSender, "show", lambda key, _card, ref: "" if ref else key)
    around(point, StoreRoomLog, "put", lambda room, key, *_: f"{room} {key}")
    commits = Commits(point)
    commits.note("append", lambda _, **row: f"journal:{journalled(row['code'], row['body'])}")
    commits.note("record", recorded)
    commits.note("put_post", lambda _room, _release, slot, **_: f"post:{slot}")
    commits.note("put_message", lambda _room, key, **_: f"message:{key}")
    commits.watch()
    watch_counting(point)


if __name__ == "__main__":
    arm(Point(os.environ[AT], Path(os.environ[ONCE])))
    sys.exit(main())
