"""From a target and what is asked for to ordered steps with their dependencies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from bot.core.config.target import Component, Target
from bot.core.operation import Running
from bot.core.release import Change, Step, StepKind
from bot.core.value import Text, Value, text


class PlanError(Exception):
    """What was asked for cannot be planned; `why` says it to the person who asked."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.key)
        self.why = why


def change(component: str, running: Running, candidate: str) -> Change:
    """What one component goes from and to; the version of most hosts counts as running."""
    versions = sorted(running.versions.values())
    counted = sorted(set(versions), key=lambda v: (-versions.count(v), v))
    groups = {"all": running.hosts("all")}
    groups.update({name: running.hosts(name) for name in sorted(set(running.groups.values()))})
    return Change(
        component=component,
        running=counted[0] if counted else "",
        candidate=candidate,
        mixed=len(counted) > 1,
        groups=groups,
    )


class Choice(Value):
    """What is released, and what is not, in release order."""

    taken: tuple[Change, ...]
    left_out: tuple[str, ...]
    """Components that run their candidate already, or that nobody wanted."""
    unwanted: tuple[str, ...]
    """Those of `left_out` that would change, but were excluded or not named in `only`."""


def choose(
    target: Target,
    changes: Mapping[str, Change],
    *,
    only: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> Choice:
    """Take every component that changes; with `only`, those that are named, changed or not.

    Raises PlanError when nothing is left.
    """
    named, excluded = set(only), set(exclude)
    taken: list[Change] = []
    left: list[str] = []
    unwanted: list[str] = []
    for name in order(target):
        item = changes[name]
        changed = item.running != item.candidate or item.mixed
        if name not in excluded and (name in named if named else changed):
            taken.append(item)
            continue
        left.append(name)
        if changed:
            unwanted.append(name)
    if not taken:
        key = "plan.nothing_wanted" if unwanted else "plan.nothing"
        raise PlanError(text(key, left=", ".join(unwanted or left)))
    return Choice(taken=tuple(taken), left_out=tuple(left), unwanted=tuple(unwanted))


def order(target: Target) -> tuple[str, ...]:
    """The components in release order: as listed, but never before what they depend on."""
    done: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        for needed in target.components[name].depends_on:
            visit(needed)
        done.append(name)

    for name in target.components:
        visit(name)
    return tuple(done)


def steps(target: Target, changes: Iterable[Change]) -> tuple[Step, ...]:
    """The steps of all components, numbered from 1 in release order.

    Raises PlanError when a canary group has no hosts, or is all there is.
    """
    chosen = {item.component: item for item in changes}
    planned: list[Step] = []
    for name in order(target):
        if name in chosen:
            planned.extend(_component(target, target.components[name], chosen[name], chosen))
    return tuple(s.model_copy(update={"number": n}) for n, s in enumerate(planned, start=1))


def _component(
    target: Target, component: Component, item: Change, chosen: Mapping[str, Change]
) -> list[Step]:
    before = tuple(f"{d}/finish" for d in _before(target, component, chosen))
    planned = [
        _step(item, "start", StepKind.ANNOUNCE, group="start", needs=before),
        _step(item, "deploy", StepKind.DEPLOY, group="all", needs=("start",)),
    ]
    gate: tuple[str, ...] = ("deploy",)
    if component.canary:
        _check_canary(component, item)
        planned += _canary(target, component, item)
        gate = ("gate",)
    planned.append(_step(item, "restart", StepKind.RESTART, group="all", needs=gate))
    last = "restart"
    if target.monitoring:
        planned.append(_step(item, "check", StepKind.CHECK, group="all", needs=("restart",)))
        last = "check"
    planned.append(_step(item, "finish", StepKind.ANNOUNCE, group="finish", needs=(last,)))
    return planned


def _before(target: Target, component: Component, chosen: Mapping[str, Change]) -> tuple[str, ...]:
    """The components of this plan that come first; one that is left out passes on its own needs."""
    found: dict[str, None] = {}
    for name in component.depends_on:
        needed = (name,) if name in chosen else _before(target, target.components[name], chosen)
        found.update(dict.fromkeys(needed))
    return tuple(found)


def _canary(target: Target, component: Component, item: Change) -> list[Step]:
    group = component.canary
    planned = [
        _step(item, "restart-canary", StepKind.RESTART, group=group, needs=("deploy",)),
        _step(item, "canary", StepKind.ANNOUNCE, group="canary", needs=("restart-canary",)),
    ]
    before: tuple[str, ...] = ("canary",)
    if target.monitoring:
        check = _step(item, "check-canary", StepKind.CHECK, group=group, needs=("restart-canary",))
        planned.append(check)
        before = ("canary", "check-canary")
    planned.append(_step(item, "gate", StepKind.GATE, group=group, needs=before))
    return planned


def _check_canary(component: Component, item: Change) -> None:
    hosts = item.groups.get(component.canary, ())
    if not hosts:
        raise PlanError(
            text("plan.no_canary_hosts", component=item.component, group=component.canary)
        )
    if set(hosts) == set(item.groups["all"]):
        raise PlanError(text("plan.all_canary", component=item.component, group=component.canary))


def _step(item: Change, name: str, kind: StepKind, *, group: str, needs: tuple[str, ...]) -> Step:
    own = tuple(n if "/" in n else f"{item.component}/{n}" for n in needs)
    return Step(
        id=f"{item.component}/{name}",
        number=0,
        kind=kind,
        component=item.component,
        group=group,
        needs=own,
        version=item.candidate if kind in {StepKind.DEPLOY, StepKind.RESTART} else "",
    )


def digest(changes: Iterable[Change], planned: Iterable[Step], config: str) -> str:
    """The hash that approvals are bound to: what is released, how, under which configuration."""
    body = {
        "changes": [[c.component, c.running, c.candidate] for c in changes],
        "steps": [s.id for s in planned],
        "config": config,
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def difference(before: Iterable[Change], after: Iterable[Change]) -> Text:
    """What changed between two plans, for the people who agreed to the first."""
    old = {c.component: c.candidate for c in before}
    new = {c.component: c.candidate for c in after}
    parts = [f"{n}: {old[n]} → {new[n]}" for n in old if n in new and old[n] != new[n]]
    parts += [f"+ {n} {new[n]}" for n in new if n not in old]
    parts += [f"- {n} {old[n]}" for n in old if n not in new]
    return text("plan.difference", changes="; ".join(parts) or "configuration")
