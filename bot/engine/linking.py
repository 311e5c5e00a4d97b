"""Accounts of LINE that act as a person of release.yml: offered, claimed, confirmed, taken back.

The person asks for a code where they are known, and sends it where they are not. Roles always
come from release.yml: a link says who somebody is, and nothing else.
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from bot.core import link_code
from bot.core.card import Action, Card, Style
from bot.core.command import Command
from bot.core.config import LineRoom, Role
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.value import Text, spell, text
from bot.core.verb import Verb
from bot.engine import cards
from bot.engine.engine import Engine
from bot.engine.services import Services
from bot.engine.submission import Submission, carry_out
from bot.engine.transition import Applied, note
from bot.store import BOT, CodeRow, LinkRow, Tx

LIFE = timedelta(minutes=10)
"""How long a code can be used, and how long a wrong one counts."""
GUESSES = 5
"""Wrong codes that one account may send within LIFE."""
GUESSES_OF_ALL = 50
"""Wrong codes within LIFE after which no code is taken from anybody."""
LINK, NOT_ME = "link", "not_me"
BUTTONS = frozenset({LINK, NOT_ME})
_KNOWING = frozenset({"slack", "web"})
"""Surfaces that know people by something stronger than a code."""


def sealed(inbound: Inbound) -> Inbound:
    """The same message with a code replaced by its hash, so that a code is recorded nowhere."""
    found = link_code.hash_in(inbound.text)
    return inbound.model_copy(update={"text": "", "code": found}) if found else inbound


async def offer(engine: Engine, submission: Submission, _: Command) -> Reply:
    """A one-time code for the person who asks; its answer is stored without the code."""
    services, inbound = engine.services, submission.inbound
    person = services.file().people.get(inbound.person)
    if inbound.surface not in _KNOWING:
        return cards.refused(text("link.elsewhere"))
    if person is None:
        return cards.refused(text("whoami.unknown"))
    code, now = link_code.make(services.seed()), services.now()

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        tx.put_code(link_code.digest(code), inbound.person, at=now, before=now - LIFE)
        fact = text("fact.link_code", who=person.name)
        note(tx, BOT, "link_code", (fact,), now=now, actor=person.name)
        return _answered(text("link.shown")), None

    await carry_out(engine, submission, work)
    shown = text("link.code", code=code, minutes=spell(LIFE))
    lines = (shown, text("link.secret", name=person.name))
    card = Card(kind="answer", title=text("link.title"), text=shown, lines=lines)
    return Reply(outcome=Outcome.ANSWERED, card=card)


async def claim(engine: Engine, submission: Submission) -> Reply:
    """Somebody sent a code: ask whether the account and the person are the same."""
    services, inbound = engine.services, submission.inbound
    known = services.file().people.get(inbound.person)
    alone = is_alone(services, inbound)

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        if not alone:
            tx.drop_code(inbound.code)
            return cards.refused(text("link.void")), None
        if known is not None:
            return cards.refused(text("link.known", name=known.name)), None
        if not inbound.identity:
            return cards.refused(text("hint.link")), None
        return _claimed(tx, services, inbound), None

    return await carry_out(engine, submission, work)


def is_alone(services: Services, inbound: Inbound) -> bool:
    """Whether it was said to the bot alone, on LINE; release.yml may know that chat by a key."""
    room = services.file().rooms.get(inbound.room)
    named = isinstance(room, LineRoom) and room.chat.startswith("U")
    return inbound.surface == "line" and (named or inbound.room.startswith(DIRECT))


def _claimed(tx: Tx, services: Services, inbound: Inbound) -> Reply:
    now, account = services.now(), inbound.identity
    mine, all_ = tx.guesses(account, now - LIFE)
    if mine >= GUESSES or all_ >= GUESSES_OF_ALL:
        return cards.refused(text("link.too_many", minutes=spell(LIFE)))
    row = _found(tx.codes(now - LIFE), inbound.code)
    person = services.file().people.get(row.person) if row else None
    if row is None or person is None or not tx.claim_code(row.hash, account):
        tx.put_guess(account, at=now, before=now - LIFE)
        fact = text("fact.link_guessed", account=called(account, inbound.display))
        note(tx, BOT, "link_guessed", (fact,), now=now)
        return cards.refused(text("link.wrong", minutes=spell(LIFE)))
    shown = called(account, inbound.display)
    title = text("link.confirm.title", account=shown, name=person.name)
    value = link_code.nonce(row.hash, account)
    card = Card(
        kind="draft",
        title=title,
        text=title,
        lines=(text("link.confirm.text", account=shown, name=person.name, person=row.person),),
        actions=(
            Action(verb=LINK, label=text("button.link"), value=value, style=Style.PRIMARY),
            Action(verb=NOT_ME, label=text("button.not_me"), value=value),
        ),
    )
    return Reply(outcome=Outcome.ANSWERED, card=card)


def _found(rows: list[CodeRow], code: str) -> CodeRow | None:
    """The code's row; every row is compared, in a time that tells nothing."""
    found = [row for row in rows if hmac.compare_digest(row.hash, code)]
    return found[0] if found else None


async def confirm(engine: Engine, submission: Submission) -> Reply:
    """The account that sent a code pressed one of the two buttons; each works once."""
    services, inbound = engine.services, submission.inbound
    account = inbound.identity

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        now = services.now()
        asked = [row for row in tx.codes(now - LIFE) if account and row.claimed_by == account]
        row = next((r for r in asked if _pressed(r, inbound)), None)
        person = services.file().people.get(row.person) if row else None
        if row is None or person is None or not tx.drop_code(row.hash):
            return cards.refused(text("refused.stale"), Outcome.EXPIRED), None
        if inbound.verb == NOT_ME:
            return _answered(text("link.kept")), None
        tx.put_link(LinkRow(identity=account, person=row.person, display=inbound.display), now)
        shown = called(account, inbound.display)
        fact = text("fact.linked", account=shown, who=person.name)
        note(tx, BOT, "linked", (fact,), now=now, actor=person.name)
        return _answered(text("link.done", account=shown, name=person.name)), None

    return await carry_out(engine, submission, work)


def _pressed(row: CodeRow, inbound: Inbound) -> bool:
    return hmac.compare_digest(link_code.nonce(row.hash, inbound.identity), inbound.value)


async def revoke(engine: Engine, submission: Submission, command: Command) -> Reply:
    """Take back every link of the person who asks; an admin may name somebody else."""
    services, inbound = engine.services, submission.inbound
    people = services.file().people
    asking, whose = people.get(inbound.person), command.person or inbound.person
    if asking is None:
        return cards.refused(text("whoami.unknown"))
    if whose != inbound.person and asking.role is not Role.ADMIN:
        why = text("refused.role", verb=str(Verb.UNLINK), role=str(Role.ADMIN))
        return cards.refused(why)
    name = people[whose].name

    def work(tx: Tx) -> tuple[Reply, Applied | None]:
        rows = tx.links_of(whose)
        if not rows:
            return cards.refused(text("link.none", name=name)), None
        shown = [called(row.identity, row.display) for row in rows]
        for row in rows:
            tx.drop_link(row.identity)
        facts = [
            text("fact.link_revoked", account=one, name=name, who=asking.name) for one in shown
        ]
        note(tx, BOT, "link_revoked", facts, now=services.now(), actor=asking.name)
        return _answered(text("link.revoked", name=name, accounts=", ".join(shown))), None

    return await carry_out(engine, submission, work)


def _answered(what: Text) -> Reply:
    return Reply(outcome=Outcome.ANSWERED, card=cards.notice(what))


def called(identity: str, display: str) -> str:
    """An account for people's eyes: what its platform calls it, and enough of its id to check."""
    shown = f"{identity[:12]}…" if len(identity) > 12 else identity
    return f"{display[:40]} ({shown})" if display else shown
