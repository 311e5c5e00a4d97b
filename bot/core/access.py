"""Who may do what: roles from release.yml, looked up when somebody decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.core.config.person import Person, Role
from bot.core.config.target import Target
from bot.core.question import QuestionKind
from bot.core.release import Actor, Release
from bot.core.verb import Verb

NEEDED: dict[Verb, Role] = {
    Verb.STATUS: Role.VIEWER,
    Verb.ERRORS: Role.VIEWER,
    Verb.HISTORY: Role.VIEWER,
    Verb.RECOUNT: Role.VIEWER,
    Verb.HELP: Role.VIEWER,
    Verb.WHOAMI: Role.VIEWER,
    Verb.PERMISSIONS: Role.VIEWER,
    Verb.WATCH: Role.VIEWER,
    Verb.UNWATCH: Role.VIEWER,
    Verb.LINK: Role.VIEWER,
    Verb.UNLINK: Role.VIEWER,
    Verb.BACKTEST: Role.OPERATOR,
    Verb.PLAN: Role.OPERATOR,
    Verb.START: Role.OPERATOR,
    Verb.GO: Role.OPERATOR,
    Verb.CONFIRM: Role.OPERATOR,
    Verb.PAUSE: Role.OPERATOR,
    Verb.RESUME: Role.OPERATOR,
    Verb.RETRY: Role.OPERATOR,
    Verb.CHECK: Role.OPERATOR,
    Verb.ABORT: Role.OPERATOR,
    Verb.NOTE: Role.OPERATOR,
    Verb.APPROVE: Role.APPROVER,
    Verb.REJECT: Role.APPROVER,
    Verb.ROLLBACK: Role.APPROVER,
    Verb.SKIP: Role.ADMIN,
    Verb.OVERRIDE: Role.ADMIN,
    Verb.UNLOCK: Role.ADMIN,
}
"""The role that each verb needs; starting a production target needs an approver."""

WIDE = frozenset(
    {
        Verb.START,
        Verb.CONFIRM,
        Verb.PAUSE,
        Verb.RESUME,
        Verb.ABORT,
        Verb.NOTE,
        Verb.PLAN,
        Verb.BACKTEST,
    }
)
"""Verbs about the whole release: owning one of its components gives no authority over it."""

ANSWERS = {
    QuestionKind.START: Verb.START,
    QuestionKind.GATE: Verb.APPROVE,
    QuestionKind.GO: Verb.GO,
    QuestionKind.VERDICT_FAIL: Verb.ROLLBACK,
    QuestionKind.COUNTDOWN: Verb.ROLLBACK,
    QuestionKind.REJECTED: Verb.ROLLBACK,
    QuestionKind.INCONCLUSIVE: Verb.ROLLBACK,
    QuestionKind.ROLLBACK_FAILED: Verb.OVERRIDE,
}
"""The verb whose people are asked a question; any other question asks whoever may retry."""

FRESH = frozenset({Verb.GO, Verb.APPROVE, Verb.REJECT, Verb.OVERRIDE, Verb.ROLLBACK, Verb.START})
"""Verbs whose role is looked up afresh and refused when that fails; the others may use a cache."""


def needed(verb: Verb, target: Target) -> Role:
    """The role that a verb needs on a target."""
    if verb is Verb.START and target.production:
        return Role.APPROVER
    return NEEDED[verb]


def effective(actor: Actor, component: str) -> Role:
    """The role of a person for a component: owners are approvers of what they own."""
    owner = component in actor.owns and actor.role.rank < Role.APPROVER.rank
    return Role.APPROVER if owner else actor.role


def may(actor: Actor, verb: Verb, target: Target, component: str = "") -> bool:
    """Whether the role suffices; who started matters to `barred` only."""
    if not actor.person and NEEDED[verb] is not Role.VIEWER:
        return False
    role = actor.role if verb in WIDE else effective(actor, component)
    return role.rank >= needed(verb, target).rank


def starters(release: Release) -> tuple[str, ...]:
    """Who started it: whoever said so, and whoever confirmed the plan as it is now."""
    confirmed = (
        vote.person
        for question in release.questions
        if question.kind is QuestionKind.START
        and question.closed is not None
        and question.closed.verb == Verb.START
        for vote in question.votes
    )
    return tuple(dict.fromkeys((release.started_by.person, *confirmed)))


def barred(release: Release, kind: QuestionKind, verb: Verb) -> tuple[str, ...]:
    """Who may not give this answer, whatever their role.

    Those who started may not approve the promotion, unless the target says otherwise.
    """
    promotion = kind is QuestionKind.GATE and verb is Verb.APPROVE
    return starters(release) if promotion and not release.config.target.self_approval else ()


def actor(person: str, people: Mapping[str, Person], target_name: str, target: Target) -> Actor:
    """The authority of a person on a target as release.yml has it now; nobody is a viewer."""
    found = people.get(person)
    if found is None:
        return Actor(person="", name=person or "?")
    owns = tuple(name for name, item in target.components.items() if person in item.owners)
    role = found.roles.get(target_name, found.role)
    return Actor(person=person, name=found.name, role=role, owns=owns)


def eligible(
    people: Mapping[str, Person],
    target_name: str,
    target: Target,
    *,
    verb: Verb,
    component: str = "",
    without: Iterable[str] = (),
) -> tuple[str, ...]:
    """The people (keys, in the order of release.yml) who may do this."""
    out = set(without)
    return tuple(
        person
        for person in people
        if person not in out
        and may(actor(person, people, target_name, target), verb, target, component)
    )
