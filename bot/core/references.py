"""Checks that the parts of release.yml name each other rightly, and that somebody may decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel

from bot.core.access import eligible
from bot.core.config.problem import Loc, Problem, place, show, suggestion
from bot.core.config.release_file import ReleaseFile, component_executor, component_logs
from bot.core.config.target import Component, Target
from bot.core.expressions import check_expressions
from bot.core.policies import check_policies
from bot.core.templates import check_templates
from bot.core.value import spell
from bot.core.verb import Verb

_NAME = re.compile(r"\w[\w.-]{0,59}")
_ZONED = ("log_stores", "rooms", "people")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def check_references(file: ReleaseFile) -> list[Problem]:
    """Find everything that is wrong between the parts of the file."""
    return [
        *check_names(file),
        *_check_zone(file.zone, ("zone",)),
        *check_expressions(file),
        *check_templates(file),
        *check_policies(file),
        *(p for key in _ZONED for p in _check_zones(key, getattr(file, key))),
        *(p for name, target in file.targets.items() for p in _check_target(file, name, target)),
    ]


def check_names(file: ReleaseFile) -> list[Problem]:
    """Find the names that are wrong. Keys that were left out of the file never make one wrong."""
    problems = [*_check_keys(file), *_check_people(file), *_check_variables(file)]
    known: dict[str, Collection[str]] = {
        "executor": file.executors,
        "logs": file.log_stores,
        "policy": file.policies,
    }
    for name, target in file.targets.items():
        loc: Loc = ("targets", name)
        problems += _check_rooms(file, loc, target)
        problems += _check_named(target, loc, known)
        for part, component in target.components.items():
            here = (*loc, "components", part)
            problems += _check_component(file, here, target)
            problems += _check_named(component, here, known)
        problems += _check_cycle((*loc, "components"), target.components)
        problems += _check_escalation(file, loc, target)
    return problems


def find_warnings(file: ReleaseFile) -> list[Problem]:
    """Find what is allowed but probably not meant."""
    return [p for name, target in file.targets.items() for p in _warn_target(file, name, target)]


def variables(file: BaseModel, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """Yield each environment variable that a key `..._env` of the file names, with its place."""
    for key in type(file).model_fields:
        value = getattr(file, key)
        here = (*loc, key)
        entries = value.items() if isinstance(value, dict) else [("", value)]
        for part, inner in entries:
            place_of_inner = (*here, part) if part else here
            if key.endswith("_env"):
                yield place_of_inner, inner
            elif isinstance(inner, BaseModel):
                yield from variables(inner, place_of_inner)


def _problem(loc: Loc, value: object, right: str) -> Problem:
    return Problem(path=place(loc), value=show(value, loc), right=right)


def _unknown(loc: Loc, name: str, kind: str, known: Collection[str]) -> Iterator[Problem]:
    if name not in known:
        yield _problem(loc, name, f"is no {kind}{suggestion(name, known)}")


def _check_zone(zone: str, loc: Loc) -> Iterator[Problem]:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        hint = suggestion(zone, available_timezones())
        hint = hint if "mean" in hint else "; write one like Asia/Tokyo, Europe/Berlin, UTC"
        yield _problem(loc, zone, f"is no time zone{hint}")


def _check_zones(section: str, parts: Mapping[str, BaseModel]) -> Iterator[Problem]:
    for name, part in parts.items():
        zone = getattr(part, "zone", "")
        if zone:
            yield from _check_zone(zone, (section, name, "zone"))


def _check_keys(file: ReleaseFile) -> Iterator[Problem]:
    # Names are typed into chats and stand in keys such as `release/step/attempt`.
    sections = ("people", "rooms", "executors", "log_stores", "policies", "targets")
    places: list[tuple[Loc, str]] = [
        ((section,), name) for section in sections for name in getattr(file, section)
    ]
    for target_name, target in file.targets.items():
        places += [(("targets", target_name, "components"), name) for name in target.components]
    for loc, name in places:
        if not _NAME.fullmatch(name):
            right = "is no name; write letters, digits, - _ . without spaces, at most 60 characters"
            yield Problem(path=place(loc), value=show(name), right=right)


def _check_people(file: ReleaseFile) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for name, person in file.people.items():
        for target in person.roles:
            yield from _unknown(("people", name, "roles", target), target, "target", file.targets)
        for key in ("slack", "email", "line", "token_sha256"):
            identity = getattr(person, key)
            first = seen.setdefault((key, identity), name) if identity else name
            if first != name:
                right = f"belongs to {first!r} already; an identity belongs to one person"
                yield _problem(("people", name, key), identity, right)


def _check_variables(file: ReleaseFile) -> Iterator[Problem]:
    for loc, name in variables(file):
        optional = not name and isinstance(loc[-1], str) and loc[-1].endswith("_env")
        if not optional and not _VARIABLE.fullmatch(name):
            right = "is no name of an environment variable; write its name in capitals"
            yield _problem(loc, name, f"{right}: secrets themselves never stand in this file")


def _check_target(file: ReleaseFile, name: str, target: Target) -> Iterator[Problem]:
    loc: Loc = ("targets", name)
    yield from _check_resolved(file, loc, target)
    yield from _check_reminders(loc, target)
    yield from _check_deciders(file, name, target)


def _check_rooms(file: ReleaseFile, loc: Loc, target: Target) -> Iterator[Problem]:
    hearing = {name for name, room in file.rooms.items() if room.kind == "http"}
    for index, room in enumerate(target.rooms):
        here = (*loc, "rooms", index)
        yield from _unknown(here, room, "room", file.rooms)
        if room in hearing:
            yield _problem(here, room, "only hears (kind: http); name it under share")
        elif room in target.rooms[:index]:
            yield _problem(here, room, "is named twice")
    named = [room for room in target.rooms if room not in hearing]
    for index, share in enumerate(target.share):
        here = (*loc, "share", index, "room")
        yield from _unknown(here, share.room, "room", file.rooms)
        if share.room in named:
            yield _problem(here, share.room, "is named twice")
        named.append(share.room)


_KINDS = {"executor": "executor", "logs": "log store", "policy": "policy"}


def _check_named(
    part: Target | Component, loc: Loc, known: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    for key, names in known.items():
        name = getattr(part, key)
        if name:
            yield from _unknown((*loc, key), name, _KINDS[key], names)


def _check_component(file: ReleaseFile, loc: Loc, target: Target) -> Iterator[Problem]:
    component = target.components[str(loc[-1])]
    for index, owner in enumerate(component.owners):
        yield from _unknown((*loc, "owners", index), owner, "person", file.people)
    for index, name in enumerate(component.depends_on):
        here = (*loc, "depends_on", index)
        yield from _unknown(here, name, "component of this target", target.components)


def _check_resolved(file: ReleaseFile, loc: Loc, target: Target) -> Iterator[Problem]:
    wanted = {"executor": component_executor, "logs": component_logs}
    if not target.monitoring:
        del wanted["logs"]
    for key, resolve in wanted.items():
        lacking = [name for name in target.components if not resolve(file, str(loc[-1]), name)]
        right = f"is missing; name the {_KINDS[key]}"
        if len(lacking) == len(target.components):
            yield Problem(path=place((*loc, key)), right=f"{right} here or for each component")
            continue
        for name in lacking:
            path = place((*loc, "components", name, key))
            yield Problem(path=path, right=f"{right} here or for the whole target")


def _check_cycle(loc: Loc, components: Mapping[str, Component]) -> Iterator[Problem]:
    # Taking away what depends on nothing that is left leaves exactly the cycles and their users.
    left = dict(components)
    while free := [
        name for name, part in left.items() if not any(need in left for need in part.depends_on)
    ]:
        for name in free:
            del left[name]
    if not left:
        return
    way = [next(iter(left))]
    while way.count(way[-1]) == 1:
        way.append(next(need for need in left[way[-1]].depends_on if need in left))
    cycle = way[way.index(way[-1]) :]
    path = place((*loc, cycle[0], "depends_on"))
    yield Problem(path=path, right=f"waits for itself: {' -> '.join(cycle)}; take one away")


def _check_escalation(file: ReleaseFile, loc: Loc, target: Target) -> Iterator[Problem]:
    names = target.escalate_to
    if len(names) == 1 and names[0] in file.rooms:
        return
    for index, name in enumerate(names):
        here = (*loc, "escalate_to", index)
        if name in file.rooms and name not in file.people:
            yield _problem(here, name, "is a room; write people, or this one room alone")
            continue
        known = [*file.people, *file.rooms]
        yield from _unknown(here, name, "person and no room", known)


def _check_reminders(loc: Loc, target: Target) -> Iterator[Problem]:
    before = timedelta(0)
    for index, moment in enumerate(target.reminders):
        here = (*loc, "reminders", index)
        if moment <= before:
            right = f"is not later than {spell(before)}; write reminders in rising order"
            yield Problem(path=place(here), value=spell(moment), right=right)
        elif moment >= target.expires:
            right = f"comes when the question has expired; write less than {spell(target.expires)}"
            yield Problem(path=place(here), value=spell(moment), right=right)
        before = max(before, moment)


def _check_deciders(file: ReleaseFile, name: str, target: Target) -> Iterator[Problem]:
    loc: Loc = ("targets", name)
    starters = eligible(file.people, name, target, verb=Verb.START)
    if target.production and not starters:
        right = (
            "has no approver: give a person the role approver or admin, or set production: false"
        )
        yield Problem(path=place(loc), right=right)
        return
    # One approval that nobody may give is a warning: the target may be a team's first try.
    if target.start_approvals > max(len(starters), 1):
        yield _too_many(
            (*loc, "start_approvals"), target.start_approvals, len(starters), "start it"
        )
    for part, people in _approvers(file, name, target).items():
        if target.components[part].canary and target.approvals > max(len(people), 1):
            what = f"approve {part}"
            yield _too_many((*loc, "approvals"), target.approvals, len(people), what)


def _approvers(file: ReleaseFile, name: str, target: Target) -> dict[str, tuple[str, ...]]:
    return {
        part: eligible(file.people, name, target, verb=Verb.APPROVE, component=part)
        for part in target.components
    }


def _too_many(loc: Loc, asked: int, people: int, what: str) -> Problem:
    may = f"{people} {'person' if people == 1 else 'people'} may {what}"
    return _problem(loc, asked, f"is too many: only {may}")


def _warn_target(file: ReleaseFile, name: str, target: Target) -> Iterator[Problem]:
    loc: Loc = ("targets", name)
    if not target.monitoring:
        right = "is watched by nothing (monitoring: false); each start asks to acknowledge that"
        yield Problem(path=place(loc), right=right)
    if target.production and file.time_scale > 1:
        right = (
            f"is a production target, but time_scale shortens its checks {file.time_scale:g} times"
        )
        yield Problem(path=place(loc), right=right)
    approvers = _approvers(file, name, target)
    if not any(approvers.values()):
        right = "has nobody who may approve: give it an approver, an admin or an owner"
        yield Problem(path=place(loc), right=right)
        return
    for part, people in approvers.items():
        if not target.components[part].canary or target.self_approval:
            continue
        if len(people) <= target.approvals:
            right = (
                f"has {len(people)} who may approve its promotion and needs {target.approvals}: "
                "none of them should start the release (self_approval is false)"
            )
            yield Problem(path=place((*loc, "components", part)), right=right)
