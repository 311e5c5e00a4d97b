"""Checks what release.yml lets the bot fill in and send: templates, addresses, header names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import urlsplit

from bot.core.command import is_ref
from bot.core.config.executor import (
    Call,
    CommandExecutor,
    ExecutorConfig,
    HttpExecutor,
    MemoryExecutor,
)
from bot.core.config.log_store import FilesLogStore, SearchLogStore
from bot.core.config.problem import Loc, Problem, place, show, suggestion
from bot.core.config.release_file import ReleaseFile
from bot.core.config.room import HttpRoom

OPERATION = ("component", "version", "group", "hosts", "key")
"""What is filled in where an operation is asked for."""
QUESTION = ("component",)
"""What is filled in where a component is asked about, and in the paths of its logs."""
MESSAGE = ("text", "title", "release", "kind", "room", "key")
"""What is filled in where a message is sent."""

LINK = ("start", "end", "component", "index")
"""What is filled in where a page shows the documents that were counted."""

# `${NAME}` and `{{name}}` are the words of other programs.
_PLACE = re.compile(r"(?<![${])\{(\w+)\}(?!\})")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_ADDRESS = "names no host; write an address like https://deploy.example:8443"
_VERSION = (
    "is no version; write letters, digits and . _ + : @ / -, beginning with a letter or digit"
)


def check_templates(file: ReleaseFile) -> Iterator[Problem]:
    """Find what could not be filled in or sent the way it is written."""
    for name, executor in file.executors.items():
        yield from _check_executor(executor, ("executors", name))
    for name, room in file.rooms.items():
        if isinstance(room, HttpRoom):
            yield from _check_room(room, ("rooms", name))
    for name, store in file.log_stores.items():
        here: Loc = ("log_stores", name)
        if isinstance(store, FilesLogStore):
            yield from _check_places(store.paths, (*here, "paths"), QUESTION)
        if isinstance(store, SearchLogStore):
            yield from _check_server(store, here)
    for name, target in file.targets.items():
        for part, component in target.components.items():
            here = ("targets", name, "components", part, "candidates")
            yield from _check_versions(component.candidates, here)


def _check_executor(executor: ExecutorConfig, loc: Loc) -> Iterator[Problem]:
    match executor:
        case HttpExecutor():
            yield from _check_api(executor, loc)
        case CommandExecutor():
            yield from _check_commands(executor, loc)
        case MemoryExecutor():
            yield from _check_versions(executor.versions, (*loc, "versions"))


def _check_api(executor: HttpExecutor, loc: Loc) -> Iterator[Problem]:
    yield from _check_address(executor.base_url, (*loc, "base_url"))
    if not _HEADER.fullmatch(executor.auth_header):
        yield _problem((*loc, "auth_header"), executor.auth_header, _no_header())
    for key in ("deploy", "restart"):
        call: Call = getattr(executor, key)
        if "method" not in call.model_fields_set:
            right = "is missing; write POST, PUT or PATCH: GET only when the API begins work by it"
            yield Problem(path=place((*loc, key, "method")), right=right)
        yield from _check_call(call, (*loc, key), OPERATION)
    with_handle = (*OPERATION, "handle")
    yield from _check_call(executor.task, (*loc, "task"), with_handle, needs="handle")
    for key, known, needs in (
        ("find", OPERATION, "key"),
        ("stop", with_handle, "handle"),
        ("running", QUESTION, ""),
        ("candidates", QUESTION, ""),
    ):
        optional: Call | None = getattr(executor, key)
        if optional is not None:
            yield from _check_call(optional, (*loc, key), known, needs=needs)


def _check_call(
    call: Call, loc: Loc, known: Collection[str], *, needs: str = ""
) -> Iterator[Problem]:
    yield from _check_places(call.path, (*loc, "path"), known)
    yield from _check_places(call.body, (*loc, "body"), known)
    texts = [call.path, *(text for _, text in _texts(call.body, ()))]
    if needs and not any(needs in _PLACE.findall(text) for text in texts):
        right = f"says nowhere which one is meant; write {{{needs}}} where the API looks for it"
        yield _problem((*loc, "path"), call.path, right)


def _check_commands(executor: CommandExecutor, loc: Loc) -> Iterator[Problem]:
    for key, known in (
        ("deploy", OPERATION),
        ("restart", OPERATION),
        ("running", QUESTION),
        ("candidates", QUESTION),
    ):
        argv: Iterable[str] = getattr(executor, key)
        yield from _check_places(argv, (*loc, key), known)
        for index, word in enumerate(argv):
            if not word.strip():
                right = "is empty; write the program, then one word of its arguments each"
                yield Problem(path=place((*loc, key, index)), right=right)


def _check_room(room: HttpRoom, loc: Loc) -> Iterator[Problem]:
    yield from _check_address(room.url, (*loc, "url"))
    yield from _check_places(room.body, (*loc, "body"), MESSAGE)
    for name in room.headers_env:
        if not _HEADER.fullmatch(name):
            path = place((*loc, "headers_env"))
            yield Problem(path=path, value=show(name), right=_no_header())


def _check_server(store: SearchLogStore, loc: Loc) -> Iterator[Problem]:
    for index, address in enumerate(store.addresses):
        yield from _check_address(address, (*loc, "addresses", index))
    yield from _check_places(store.index, (*loc, "index"), QUESTION)
    yield from _check_places(store.filters, (*loc, "filters"), QUESTION)
    yield from _check_places(store.link, (*loc, "link"), LINK)


def _check_address(address: str, loc: Loc) -> Iterator[Problem]:
    try:
        parts = urlsplit(address)
        found = bool(parts.hostname) and parts.port != 0 and " " not in address
    except ValueError:
        found = False
    if not found:
        yield _problem(loc, address, _ADDRESS)


def _check_versions(versions: Iterable[str], loc: Loc) -> Iterator[Problem]:
    for index, version in enumerate(versions):
        if not is_ref(version):
            yield _problem((*loc, index), version, _VERSION)


def _check_places(template: object, loc: Loc, known: Collection[str]) -> Iterator[Problem]:
    for here, text in _texts(template, loc):
        for name in dict.fromkeys(_PLACE.findall(text)):
            if name not in known:
                braces = [f"{{{word}}}" for word in known]
                right = f"is nothing that is filled in{suggestion(f'{{{name}}}', braces)}"
                yield _problem(here, f"{{{name}}}", right)


def _texts(template: object, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(template, str):
        yield loc, template
    elif isinstance(template, dict):
        for key, value in template.items():
            yield from _texts(value, (*loc, str(key)))
    elif isinstance(template, (list, tuple)):
        for index, value in enumerate(template):
            yield from _texts(value, (*loc, index))


def _no_header() -> str:
    return "is no name of a header; write letters, digits and -"


def _problem(loc: Loc, value: str, right: str) -> Problem:
    return Problem(path=place(loc), value=show(value, loc), right=right)
