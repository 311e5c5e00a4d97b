"""From `start TARGET ...` to a release: read versions and candidates, then make the plan."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping

from bot.core import plan
from bot.core.backtest.backtest import Backtest, proven
from bot.core.command import Command
from bot.core.config import OnFail, Policy, ReleaseFile
from bot.core.config.release_file import component_executor, component_logs, component_policy
from bot.core.nearest import nearest
from bot.core.operation import Candidate, UnreachableError
from bot.core.redact import redact
from bot.core.release import Actor, Change, Frozen, Phase, Release, Step
from bot.core.value import Moment, Value, text
from bot.engine import backtests
from bot.engine.services import Services

NO_REFS: Mapping[str, str] = {}
"""There was no plan before."""


class Plan(Value):
    """What a release would do."""

    config: Frozen
    changes: tuple[Change, ...]
    left_out: tuple[str, ...]
    unwanted: tuple[str, ...]
    steps: tuple[Step, ...]
    plan_hash: str


async def candidates(services: Services, target: str) -> dict[str, tuple[Candidate, ...]]:
    """What could be released, by component, newest first; empty: any version may be named."""
    file = services.file()
    names = list(file.targets[target].components)
    found = await asyncio.gather(*(_candidates(services, file, target, name) for name in names))
    return dict(zip(names, found, strict=True))


async def _candidates(
    services: Services, file: ReleaseFile, target: str, component: str
) -> tuple[Candidate, ...]:
    listed = file.targets[target].components[component].candidates
    if listed:
        return tuple(Candidate(version=version) for version in listed)
    config = file.executors[component_executor(file, target, component)]
    return await services.adapters.executor(config).candidates(component)


async def make(services: Services, command: Command, refs: Mapping[str, str] = NO_REFS) -> Plan:
    """Make the plan that a command asks for; `refs` are the versions of the plan before it.

    Raises PlanError with what is wrong: an unknown version (and the nearest), nothing to do, an
    executor that cannot tell what runs.
    """
    file, name, options = services.file(), command.target, command.options
    if options.env:
        raise plan.PlanError(text("plan.no_env", env=options.env, targets=", ".join(file.targets)))
    target = file.targets[name]
    for component in (*options.only, *options.exclude, *command.refs):
        if component not in target.components:
            near = ", ".join(nearest(component, target.components))
            why = text("plan.unknown_component", component=component, target=name, nearest=near)
            raise plan.PlanError(why)
    changes = await asyncio.gather(
        *(
            _change(
                services, file, name, component=component, ref=_wanted(command, refs, component)
            )
            for component in target.components
        )
    )
    chosen = plan.choose(
        target,
        {c.component: c for c in changes},
        only=options.only,
        exclude=options.exclude,
    )
    kept = await backtests.newest(services.store, name)
    config = frozen(file, name, [c.component for c in chosen.taken], kept)
    steps = plan.steps(target, chosen.taken)
    return Plan(
        config=config,
        changes=chosen.taken,
        left_out=chosen.left_out,
        unwanted=chosen.unwanted,
        steps=steps,
        plan_hash=plan.digest(chosen.taken, steps, config.digest),
    )


def _wanted(command: Command, refs: Mapping[str, str], component: str) -> str:
    """The version that is asked for: by its own name, for all, or as the plan had it before."""
    return command.refs.get(component) or command.ref or refs.get(component, "")


async def _change(
    services: Services, file: ReleaseFile, target: str, *, component: str, ref: str
) -> Change:
    config = file.executors[component_executor(file, target, component)]
    try:
        running = await services.adapters.executor(config).running(component)
        known = [c.version for c in await _candidates(services, file, target, component)]
    except UnreachableError as error:
        detail = str(error)
        raise plan.PlanError(
            text("plan.unreachable", component=component, detail=detail)
        ) from error
    if not ref and not known:
        raise plan.PlanError(text("plan.no_candidates", component=component))
    if ref and known and ref not in known and ref not in running.versions.values():
        near = ", ".join(nearest(ref, known)) or ", ".join(known[:3])
        raise plan.PlanError(
            text("plan.unknown_version", component=component, version=ref, nearest=near)
        )
    return plan.change(component, running, ref or known[0])


def frozen(
    file: ReleaseFile, target: str, names: Iterable[str], backtest: Backtest | None = None
) -> Frozen:
    """The configuration of some components for a release to keep, with its hash."""
    whole, names = file.targets[target], tuple(names)
    policies = {name: component_policy(file, target, name) for name in names}
    shown = proven(backtest, policies)
    executors = {name: component_executor(file, target, name) for name in names}
    logs = {name: component_logs(file, target, name) for name in names if whole.monitoring}
    body: dict[str, object] = {
        "target": whole.model_dump(mode="json"),
        "policies": {n: p.model_dump(mode="json") for n, p in policies.items()},
        "executors": executors,
        "logs": logs,
        "time_scale": file.time_scale,
    }
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
    return Frozen(
        target=whole,
        policies=policies,
        executors=executors,
        executor_configs={n: file.executors[n] for n in set(executors.values())},
        logs=logs,
        log_configs={n: file.log_stores[n] for n in set(logs.values())},
        time_scale=file.time_scale,
        may_roll_back=all(may_roll_back(p, n in shown) for n, p in policies.items()),
        digest=digest,
    )


def may_roll_back(policy: Policy, shown: bool) -> bool:
    """Whether `roll_back` acts by itself: a backtest has `shown` it, or that is overridden."""
    overridden = policy.auto_rollback_without_backtest
    return policy.on_fail is not OnFail.ROLL_BACK or shown or overridden


class Origin(Value):
    """Where a release comes from."""

    number: int
    actor: Actor
    room: str
    at: Moment
    seed: str


def release(made: Plan, command: Command, origin: Origin) -> Release:
    """A planned release, before it asks whether to start."""
    return Release(
        id=origin.number,
        target=command.target,
        phase=Phase.PLANNED,
        config=made.config,
        changes=made.changes,
        left_out=made.left_out,
        unwanted=made.unwanted,
        steps=made.steps,
        plan_hash=made.plan_hash,
        seed=origin.seed,
        confirm=command.options.confirm or made.config.target.confirm,
        home=origin.room,
        started_by=origin.actor,
        planned_at=origin.at,
        note=redact(command.options.note),
    )
