"""Typed destructive commands: shown first, and carried out when the same person confirms them."""

from __future__ import annotations

import hashlib

from bot.core import asked, button, intent
from bot.core.command import ALL, Command
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.release import Release
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import authority, cards, claims, decisions, reversal
from bot.engine.decisions import Decision
from bot.engine.services import Services
from bot.engine.submission import Submission
from bot.store import Tx
from bot.store.rows import InboxRow

DRAFTED = frozenset({Verb.ABORT, Verb.ROLLBACK, Verb.SKIP, Verb.OVERRIDE, Verb.UNLOCK})
"""Typed, these are previewed first; a button has its dialog in front of it."""
DO, KEEP = "do", "keep"
INTERNAL = frozenset({"draft", "alerts", "unread"})
"""Surfaces of inbox rows that nobody typed or clicked."""


async def preview(
    services: Services, submission: Submission, command: Command, release: Release | None
) -> Reply:
    """What the command would do, with *Do it* and *Keep*; a refusal comes before the preview."""
    inbound = submission.inbound
    refusal = (
        claims.forbidden(services, inbound, command) or await claims.pointless(services, command)
        if release is None
        else _refusal(services, inbound, command, release)
    )
    if refusal is not None:
        return refusal
    # Who typed it, and in which room, may have been found out after it was recorded.
    body = inbound.model_dump_json()
    await services.store.transact(lambda tx: tx.amend(submission.number, body))
    value = button.ButtonValue(
        release=release.id if release else 1,
        step=str(submission.number),
        version="draft",
        nonce=nonce(inbound),
    )
    seconds = services.limits.draft
    scope = _scope(command, release)
    return cards.preview(command, release, scope=scope, value=value.write(), seconds=seconds)


def _scope(command: Command, release: Release | None) -> tuple[str, ...]:
    """What a rollback takes back, in the order in which it does."""
    if release is None or command.verb is not Verb.ROLLBACK:
        return ()
    if not release.live:
        return reversal.scope(release, command.component)[::-1]
    whole = command.component in {"", ALL}
    return asked.rollback_of(release, command.component, whole=whole)[::-1]


def _refusal(
    services: Services, inbound: Inbound, command: Command, release: Release
) -> Reply | None:
    forbidden = decisions.forbidden(services, inbound, command, release)
    if forbidden is not None:
        return forbidden
    if command.verb is Verb.ROLLBACK and not release.live:
        impossible = reversal.irreversible(release, command)
    else:
        decision = Decision.typed(command, release.id)
        impossible = decisions.foreseen(services, inbound, decision, release)
    return impossible or _other_version(command, release)


def _other_version(command: Command, release: Release) -> Reply | None:
    """A rollback goes back to what ran before, and to nothing else."""
    if command.verb is not Verb.ROLLBACK or not command.to_ref:
        return None
    whole = command.component in {"", ALL}
    for change in release.changes:
        if (whole or change.component == command.component) and change.running != command.to_ref:
            why = text(
                "refused.rollback_to",
                component=change.component,
                version=command.to_ref,
                running=change.running,
            )
            return cards.refused(why, release=release.id)
    return None


async def confirmed(services: Services, submission: Submission) -> Command | Reply:
    """The command behind a preview whose *Do it* was pressed, or what comes instead of it.

    A preview serves one click: its number is bound to the first one, which may be done again
    after a crash.
    """
    inbound = submission.inbound
    value = button.read(inbound.value)
    row = await _drafted(services, value) if value else None
    if value is None or row is None:
        return cards.refused(text("refused.stale"), Outcome.EXPIRED)
    drafted = Inbound.model_validate_json(row.body)
    instead = _instead(services, inbound, row, drafted)
    if instead is not None:
        return instead
    earlier = await _earlier(services, row, submission)
    if earlier is not None:
        return cards.refused(text(f"refused.draft_{earlier}"), Outcome.DECIDED)
    if inbound.verb == KEEP:
        return Reply(outcome=Outcome.ANSWERED, card=cards.notice(text("draft.kept")))
    meant = intent.parse(
        drafted.text, wake=intent.Wake(required=False), names=authority.names(services)
    )
    if not isinstance(meant, Command) or meant.verb not in DRAFTED:
        return cards.refused(text("refused.stale"), Outcome.EXPIRED)
    # What was shown is meant, whichever release is the active one by now.
    shown = None if meant.verb is Verb.UNLOCK else value.release
    return meant.model_copy(update={"release": shown})


def _instead(services: Services, inbound: Inbound, row: InboxRow, drafted: Inbound) -> Reply | None:
    if (drafted.person, drafted.room) != (inbound.person, inbound.room):
        return cards.refused(text("refused.not_your_draft"))
    if inbound.verb == DO and inbound.at - row.at > services.limits.draft:
        return cards.refused(text("refused.draft_expired"), Outcome.EXPIRED)
    return None


async def _drafted(services: Services, value: button.ButtonValue) -> InboxRow | None:
    """The recorded line that a preview's button belongs to; None for a foreign button."""
    if not value.step.isdigit():
        return None
    number = int(value.step)
    row = await services.store.read(lambda tx: tx.inbox_row(number))
    if row is None or row.surface in INTERNAL:
        return None
    return row if value.nonce == nonce(Inbound.model_validate_json(row.body)) else None


async def _earlier(services: Services, row: InboxRow, submission: Submission) -> str | None:
    """What the first click on this preview led to: kept, done, refused; None: this is the first.

    The first click is kept by its number, so that it may be done again after a crash.
    """
    key = f"draft:{row.id}"

    def work(tx: Tx) -> str | None:
        now = services.now()
        number = tx.record(key, "draft", "{}", now)
        if number is not None:
            tx.settle(number, str(submission.number), now)
        first = int(tx.result_of(key) or 0)
        return None if first == submission.number else _word(tx.inbox_row(first))

    return await services.store.transact(work)


def _word(click: InboxRow | None) -> str:
    if click is not None and Inbound.model_validate_json(click.body).verb == KEEP:
        return "kept"
    if click is None or click.result is None:
        return "done"
    outcome = Reply.model_validate_json(click.result).outcome
    return "done" if outcome is Outcome.ACCEPTED else "refused"


def nonce(inbound: Inbound) -> str:
    """Binds the preview of a typed command to the person and the message."""
    parts = f"{inbound.dedupe}|{inbound.person}|{inbound.room}"
    return hashlib.sha256(parts.encode()).hexdigest()[:8]
