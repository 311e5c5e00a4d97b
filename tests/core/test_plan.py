"""From a target and versions to steps."""

from __future__ import annotations

import pytest

from bot.core import plan
from bot.core.config import Component, ConfirmMode
from bot.core.operation import Running
from bot.core.release import OPERATIONS, StepKind
from bot.core.value import text
from tests.support.releases import CANARY, HOSTS, SEED, release, running, target


def steps(components: dict[str, Component], *left_out: str, **fields: object) -> list[str]:
    """The ids of the steps of a target, in order."""
    whole = target(components, **fields)
    changes = [plan.change(n, running(), "2.0") for n in components if n not in left_out]
    return [s.id for s in plan.steps(whole, changes)]


def needs(components: dict[str, Component], step: str, *left_out: str) -> tuple[str, ...]:
    """What a step of a target waits for."""
    whole = target(components)
    changes = [plan.change(n, running(), "2.0") for n in components if n not in left_out]
    return next(s.needs for s in plan.steps(whole, changes) if s.id == step)


def test_the_seed_s_release_has_its_41_operations() -> None:
    """16 announcements, 16 deployment operations, 9 checks, and 2 promotions."""
    kinds = [s.kind for s in release().steps]

    assert kinds.count(StepKind.ANNOUNCE) == 16
    assert sum(k in OPERATIONS for k in kinds) == 16
    assert kinds.count(StepKind.CHECK) == 9
    assert kinds.count(StepKind.GATE) == 2


def test_a_component_is_deployed_restarted_checked() -> None:
    """Announced before and after."""
    assert steps({"auth": Component()}) == [
        "auth/start",
        "auth/deploy",
        "auth/restart",
        "auth/check",
        "auth/finish",
    ]


def test_a_canary_is_restarted_checked_and_promoted_first() -> None:
    """Deploy, restart the canary group, check, a human approves, restart all, check."""
    assert steps({"chat": Component(canary="canary")}) == [
        "chat/start",
        "chat/deploy",
        "chat/restart-canary",
        "chat/canary",
        "chat/check-canary",
        "chat/gate",
        "chat/restart",
        "chat/check",
        "chat/finish",
    ]


def test_without_monitoring_there_are_no_checks() -> None:
    """The gate stays: a human decides all the same."""
    made = steps({"chat": Component(canary="canary")}, monitoring=False)

    assert "chat/check" not in made
    assert "chat/check-canary" not in made
    assert "chat/gate" in made


def test_components_come_after_what_they_depend_on() -> None:
    """The listed order holds, except that a dependency comes first."""
    components = {"web": Component(depends_on=("auth",)), "auth": Component(), "push": Component()}

    assert plan.order(target(components)) == ("auth", "web", "push")
    assert needs(components, "web/start") == ("auth/finish",)


def test_a_dependency_that_is_left_out_passes_on_what_it_needs_itself() -> None:
    """Web needs auth, auth needs db; without auth, web still waits for db."""
    components = {
        "db": Component(),
        "auth": Component(depends_on=("db",)),
        "web": Component(depends_on=("auth",)),
    }

    assert needs(components, "web/start", "auth") == ("db/finish",)
    assert needs(components, "web/start", "auth", "db") == ()


def test_unchanged_components_are_left_out_unless_named() -> None:
    """`only` takes exactly what it names, also what is unchanged; `exclude` leaves out."""
    whole = target()
    changes = {n: plan.change(n, running("2.0" if n == "auth" else "1.0"), "2.0") for n in SEED}

    every = plan.choose(whole, changes)
    named = plan.choose(whole, changes, only=("auth", "push"))
    without = plan.choose(whole, changes, exclude=("push",))

    assert (every.left_out, every.unwanted) == (("auth",), ())
    assert len(every.taken) == 6
    assert [c.component for c in named.taken] == ["auth", "push"]
    assert named.unwanted == ("profile", "chat", "media", "search", "gateway")
    assert "push" not in {c.component for c in without.taken}
    assert (without.left_out, without.unwanted) == (("auth", "push"), ("push",))


def test_a_mixed_component_is_released_although_most_hosts_have_the_candidate() -> None:
    """Hosts that do not all run the same are no unchanged component."""
    mixed = plan.change("auth", running("2.0", h5="1.0"), "2.0")

    taken = plan.choose(target({"auth": Component()}), {"auth": mixed}).taken

    assert mixed.mixed
    assert mixed.running == "2.0"
    assert [c.component for c in taken] == ["auth"]


def test_nothing_to_release_is_said() -> None:
    """The refusal names what runs its candidate already."""
    same = plan.change("auth", running("2.0"), "2.0")

    with pytest.raises(plan.PlanError) as caught:
        plan.choose(target({"auth": Component()}), {"auth": same})

    assert caught.value.why == text("plan.nothing", left="auth")


def test_leaving_everything_out_is_said_as_it_is() -> None:
    """Nothing of what would change is wanted: that is not the same as nothing to change."""
    changed = plan.change("auth", running("1.0"), "2.0")

    with pytest.raises(plan.PlanError) as caught:
        plan.choose(target({"auth": Component()}), {"auth": changed}, exclude=("auth",))

    assert caught.value.why == text("plan.nothing_wanted", left="auth")


@pytest.mark.parametrize(
    ("groups", "key"),
    [({}, "plan.no_canary_hosts"), (dict.fromkeys(HOSTS, "canary"), "plan.all_canary")],
)
def test_a_canary_needs_hosts_and_others_to_compare_with(groups: dict[str, str], key: str) -> None:
    """A group without hosts, or of all hosts, is no canary."""
    odd = Running(versions=dict.fromkeys(HOSTS, "1.0"), groups=groups)

    with pytest.raises(plan.PlanError) as caught:
        plan.steps(target({"chat": Component(canary="canary")}), [plan.change("chat", odd, "2.0")])

    assert caught.value.why.key == key


def test_a_change_knows_the_hosts_of_each_group() -> None:
    """`all` is always there, and a version that cannot be told is empty."""
    change = plan.change("chat", running(), "2.0")

    assert change.groups == {"all": HOSTS, "canary": CANARY}
    assert plan.change("chat", Running(versions={}), "2.0").running == ""


def test_the_plan_hash_binds_versions_steps_and_configuration() -> None:
    """Whatever of them changes, approvals of the old hash are void."""
    change = plan.change("auth", running(), "2.0")
    other = plan.change("auth", running(), "3.0")
    made = plan.steps(target({"auth": Component()}), [change])
    hashes = {
        plan.digest([change], made, "d1"),
        plan.digest([other], made, "d1"),
        plan.digest([change], made[:-1], "d1"),
        plan.digest([change], made, "d2"),
    }

    assert len(hashes) == 4
    assert plan.digest([change], made, "d1") in hashes


def test_the_difference_names_what_changed() -> None:
    """Other versions, more and fewer components, or the configuration alone."""
    auth, web = (plan.change(n, running(), "2.0") for n in ("auth", "web"))
    newer = plan.change("auth", running(), "3.0")

    assert plan.difference([auth], [newer]).params == {"changes": "auth: 2.0 → 3.0"}
    assert plan.difference([auth], [auth, web]).params == {"changes": "+ web 2.0"}
    assert plan.difference([auth, web], [auth]).params == {"changes": "- web 2.0"}
    assert plan.difference([auth], [auth]).params == {"changes": "configuration"}


def test_a_release_keeps_the_way_of_confirming_of_its_target() -> None:
    """each_step is the default."""
    assert release().confirm is ConfirmMode.EACH_STEP
