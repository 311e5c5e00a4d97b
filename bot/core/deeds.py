"""What people did to a release: who they are, where they said so, and what came of it."""

from __future__ import annotations

from bot.core.config.person import Role
from bot.core.value import Moment, Params, Text, Value, text


def by(name: str, surface: str) -> Params:
    """The parameters that name a person; a room that is elsewhere says on which surface, too."""
    return {"who": name, "via": surface} if surface else {"who": name}


class Actor(Value):
    """Who decided, where, and with the authority that was looked up when they did."""

    person: str
    name: str
    role: Role = Role.VIEWER
    owns: tuple[str, ...] = ()
    """The components that this person owns; an owner is an approver of them."""
    surface: str = ""
    """Where they said so: web, slack, line; empty when that is not known."""


class Override(Value):
    """A step that a person waved through; shown for ever."""

    person: str
    name: str
    surface: str = ""
    """Where it was said: web, slack, line; empty when that is not known."""
    reason: str
    at: Moment


class Pause(Value):
    """Why a release stands still."""

    reason: Text
    name: str = ""
    """The person who paused it; empty when a rule did."""
    surface: str = ""
    """Where they did: web, slack, line; empty when that is not known."""
    at: Moment


class Rollback(Value):
    """What is being taken back."""

    components: tuple[str, ...]
    whole: bool
    """Everything that was released so far, which ends the release."""
    name: str
    """Who asked; empty when the policy did."""
    surface: str = ""
    """Where they did: web, slack, line; empty when that is not known."""
    reason: str
    at: Moment
    planned: bool = False
    """The undo steps stand in the plan."""


def named(actor: Actor) -> str | Text:
    """A person as a cell of a card."""
    return text("by", **by(actor.name, actor.surface)) if actor.surface else actor.name
