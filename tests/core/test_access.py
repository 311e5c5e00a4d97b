"""Who may do what: roles, owners, and the starter of a release."""

from __future__ import annotations

import pytest

from bot.core import access
from bot.core.config import Component, Person, Role
from bot.core.release import Actor, QuestionKind
from bot.core.verb import Verb
from tests.support.releases import APPROVER, STARTER, World, release, target

PEOPLE = {
    "aoi": Person(name="Aoi"),
    "yui": Person(name="Yui", role=Role.OPERATOR),
    "ren": Person(name="Ren", role=Role.APPROVER),
    "kai": Person(name="Kai", role=Role.ADMIN),
    "umi": Person(name="Umi", roles={"openchat": Role.ADMIN}),
}
WHOLE = target({"auth": Component(owners=("aoi",)), "push": Component()})

_OPERATOR = {Verb.GO, Verb.CONFIRM, Verb.PAUSE, Verb.RESUME, Verb.RETRY, Verb.ABORT}
_APPROVER = {Verb.APPROVE, Verb.REJECT, Verb.ROLLBACK}
_ADMIN = {Verb.SKIP, Verb.OVERRIDE, Verb.UNLOCK}


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        (Role.VIEWER, set()),
        (Role.OPERATOR, _OPERATOR),
        (Role.APPROVER, _OPERATOR | _APPROVER),
        (Role.ADMIN, _OPERATOR | _APPROVER | _ADMIN),
    ],
)
def test_each_role_may_what_the_design_says(role: Role, verbs: set[Verb]) -> None:
    """Viewer < operator < approver < admin."""
    person = Actor(person="x", name="X", role=role)
    asked = _OPERATOR | _APPROVER | _ADMIN

    assert {v for v in asked if access.may(person, v, WHOLE)} == verbs


def test_every_verb_has_a_role() -> None:
    """A verb without a role would be anyone's."""
    assert set(access.NEEDED) == set(Verb)


def test_starting_production_needs_an_approver() -> None:
    """Elsewhere an operator is enough."""
    assert access.needed(Verb.START, target(production=True)) is Role.APPROVER
    assert access.needed(Verb.START, target(production=False)) is Role.OPERATOR


def test_whoever_is_not_in_the_file_may_only_look() -> None:
    """A display name gives nothing: people are found by their key."""
    stranger = access.actor("kai the second", PEOPLE, "openchat", WHOLE)

    assert stranger.person == ""
    assert access.may(stranger, Verb.STATUS, WHOLE)
    assert not access.may(stranger, Verb.PAUSE, WHOLE)


def test_a_role_on_a_target_stands_before_the_general_one() -> None:
    """`roles` names the target."""
    assert access.actor("umi", PEOPLE, "openchat", WHOLE).role is Role.ADMIN
    assert access.actor("umi", PEOPLE, "another", WHOLE).role is Role.VIEWER


def test_an_owner_is_an_approver_of_the_component_and_nothing_more() -> None:
    """No other component, and no verb about the release as a whole."""
    owner = access.actor("aoi", PEOPLE, "openchat", WHOLE)

    assert owner.owns == ("auth",)
    assert access.may(owner, Verb.APPROVE, WHOLE, "auth")
    assert not access.may(owner, Verb.APPROVE, WHOLE, "push")
    assert not access.may(owner, Verb.OVERRIDE, WHOLE, "auth")
    assert not any(access.may(owner, verb, WHOLE, "auth") for verb in access.WIDE)


def test_an_owner_keeps_a_higher_role() -> None:
    """Owning never takes anything away."""
    admin = Actor(person="kai", name="Kai", role=Role.ADMIN, owns=("auth",))

    assert access.effective(admin, "auth") is Role.ADMIN


def test_the_starter_is_barred_from_approving_only() -> None:
    """Not from rejecting, not from a Go, and not where self_approval is allowed."""
    own = release()
    trusting = release(target(self_approval=True))

    assert access.barred(own, QuestionKind.GATE, Verb.APPROVE) == (STARTER.person,)
    assert access.barred(own, QuestionKind.GATE, Verb.REJECT) == ()
    assert access.barred(own, QuestionKind.GO, Verb.GO) == ()
    assert access.barred(trusting, QuestionKind.GATE, Verb.APPROVE) == ()


def test_whoever_confirmed_the_start_is_a_starter_too() -> None:
    """One person said it and another one pressed Start: neither may promote alone."""
    world = World(release())
    assert access.starters(world.release) == (STARTER.person,)
    world.click(world.question(QuestionKind.START), Verb.START, APPROVER)

    assert access.starters(world.release) == (STARTER.person, APPROVER.person)


def test_the_eligible_are_named_in_the_order_of_the_file() -> None:
    """Owners are among them; who is barred is not."""
    everyone = access.eligible(PEOPLE, "openchat", WHOLE, verb=Verb.APPROVE, component="auth")
    others = access.eligible(PEOPLE, "openchat", WHOLE, verb=Verb.APPROVE, without=("ren",))

    assert everyone == ("aoi", "ren", "kai", "umi")
    assert others == ("kai", "umi")


def test_authority_that_moves_something_is_looked_up_afresh() -> None:
    """Go, approve, override, rollback and start; abort and pause accept the cached role."""
    assert {Verb.GO, Verb.APPROVE, Verb.OVERRIDE, Verb.ROLLBACK, Verb.START} <= access.FRESH
    assert not {Verb.ABORT, Verb.PAUSE} & access.FRESH
