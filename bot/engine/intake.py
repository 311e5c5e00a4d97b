"""What people say and click: recorded first, then done, and always answered."""

from __future__ import annotations

import hashlib
from datetime import datetime

import structlog

from bot.core import access, button, intent
from bot.core.card import Card, Confirm
from bot.core.command import Command, Misunderstood, NotForUs
from bot.core.config import Target
from bot.core.event import Alerted, Order
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.release import Actor, Release
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.core.view.buttons import ALL
from bot.engine import answers, cards, decisions, starts
from bot.engine.engine import Engine
from bot.engine.transition import Applied, apply, load
from bot.store import Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.intake")

DRAFTED = frozenset({Verb.ABORT, Verb.ROLLBACK, Verb.SKIP, Verb.OVERRIDE, Verb.UNLOCK})
"""Typed, these are previewed first; a button has its dialog in front of it."""
DO, KEEP = "do", "keep"


class Intake:
    """The way in, the same for every surface."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.services = engine.services

    async def submit(self, inbound: Inbound) -> Reply:
        """Record, do, answer. Raises StoreError when it could not be recorded (nothing was done)."""
        body = inbound.model_dump_json()
        services = self.services
        number = await services.store.transact(
            lambda tx: tx.record(inbound.dedupe, inbound.surface, body, services.now())
        )
        if number is None:
            return await self._repeated(inbound)
        return await self.process(number, inbound)

    async def _repeated(self, inbound: Inbound) -> Reply:
        stored = await self.services.store.read(lambda tx: tx.result_of(inbound.dedupe))
        if stored is None:
            return Reply(outcome=Outcome.LATER)
        before = Reply.model_validate_json(stored)
        return before.model_copy(update={"outcome": Outcome.REPEATED})

    async def process(self, number: int, inbound: Inbound) -> Reply:
        """Do what was recorded under this number, and settle it with the answer."""
        try:
            reply = await self._answer(number, inbound)
        except decisions.SettledError:
            return await self._repeated(inbound)
        services = self.services
        await services.store.transact(
            lambda tx: tx.settle(number, reply.model_dump_json(), services.now())
        )
        services.watch.inbound(str(reply.outcome))
        return reply

    async def recover(self) -> int:
        """Do what was recorded and never settled, after a crash; returns how many there were."""
        services = self.services
        rows = await services.store.read(
            lambda tx: tx.unsettled(services.now() - services.limits.lease)
        )
        for row in rows:
            await self.process(row.id, Inbound.model_validate_json(row.body))
        return len(rows)

    async def alert(  # noqa: PLR0913 - the fields of an alert; all but two are keywords
        self,
        component: str,
        name: str,
        *,
        status: str,
        summary: str,
        at: datetime,
        fingerprint: str,
    ) -> None:
        """An alert of the system layer, for every live release of the component."""
        key = f"alert:{fingerprint}:{status}:{at.isoformat()}:{component}"
        event = Alerted(
            component=component,
            name=name,
            firing=status == "firing",
            summary=summary,
            fingerprint=fingerprint,
        )
        services = self.services

        def work(tx: Tx) -> list[Applied]:
            number = tx.record(key, "alerts", event.model_dump_json(), services.now())
            if number is None:
                return []
            tx.settle(number, "{}", services.now())
            wanted = f"component:{component}"
            holders = [lock.release_id for lock in tx.locks() if lock.name == wanted]
            moved = (apply(tx, held, event, services=services) for held in holders if held)
            return [applied for applied in moved if applied is not None]

        for applied in await services.store.transact(work):
            self.engine.pursue(applied)

    async def _answer(self, number: int, inbound: Inbound) -> Reply:
        if inbound.verb:
            return await self._click(number, inbound)
        file = self.services.file()
        names = intent.Names(
            targets={name: tuple(t.components) for name, t in file.targets.items()},
            people=tuple(file.people),
        )
        meant = intent.parse(inbound.text, wake=intent.Wake(required=False), names=names)
        if isinstance(meant, NotForUs):
            return Reply(outcome=Outcome.ANSWERED)
        await cards.said(self.services, inbound, number)
        if isinstance(meant, Misunderstood):
            return cards.misunderstood(meant)
        return await self._command(number, inbound, meant)

    async def _click(self, number: int, inbound: Inbound) -> Reply:
        if inbound.verb in {DO, KEEP}:
            return await self._draft(number, inbound)
        value = button.read(inbound.value)
        known = set(Verb)
        if value is None or inbound.verb not in known:
            return cards.refused(text("refused.stale"), Outcome.EXPIRED)
        verb = Verb(inbound.verb)
        order_step = "" if value.step == ALL else value.step
        return await decisions.decide(
            self.engine,
            number,
            inbound,
            release_id=value.release,
            verb=verb,
            step=order_step,
            component="all" if verb is Verb.ROLLBACK and value.step == ALL else "",
            nonce=value.nonce,
            version=value.version,
            reason=inbound.reason,
            toggle=verb is Verb.CONFIRM,
        )

    async def _command(
        self, number: int, inbound: Inbound, command: Command, *, confirmed: bool = False
    ) -> Reply:
        verb = command.verb
        if verb is Verb.START and command.target:
            return await starts.start(self.engine, number, inbound, command)
        if verb is Verb.PLAN:
            return await starts.plan_release(self.engine, number, inbound, command)
        if verb in answers.VERBS:
            return await answers.answer(self.services, inbound, command)
        if verb is Verb.UNLOCK:
            if not confirmed:
                return await self._preview(number, inbound, command, None)
            return await starts.unlock(self.services, inbound, command)
        release, refusal = await decisions.find_release(self.services, inbound, command)
        if release is None:
            return refusal or cards.refused(text("refused.no_release"))
        if verb in DRAFTED and not confirmed:
            return await self._preview(number, inbound, command, release)
        if verb is Verb.ROLLBACK and not release.live:
            return await starts.roll_back_ended(self.engine, number, inbound, command, release)
        return await decisions.decide(
            self.engine,
            number,
            inbound,
            release_id=release.id,
            verb=verb,
            step=command.step,
            component=command.component,
            reason=command.reason or command.text,
            mode=command.options.confirm,
            bare=command.bare,
        )

    async def _preview(
        self, number: int, inbound: Inbound, command: Command, release: Release | None
    ) -> Reply:
        """A typed destructive command is shown first; the same person must confirm it in time."""
        services = self.services
        if release is not None:
            refusal = decisions.forbidden(services, inbound, command, release)
            if refusal is not None:
                return refusal
        value = button.ButtonValue(
            release=release.id if release else 1,
            step=str(number),
            version="draft",
            nonce=draft_nonce(inbound),
        ).write()
        return cards.preview(command, release, value=value, seconds=services.limits.draft)

    async def _draft(self, number: int, inbound: Inbound) -> Reply:
        services = self.services
        value = button.read(inbound.value)
        row = None
        if value is not None and value.step.isdigit():
            wanted = int(value.step)
            row = await services.store.read(lambda tx: tx.inbox_row(wanted))
        if value is None or row is None:
            return cards.refused(text("refused.stale"), Outcome.EXPIRED)
        drafted = Inbound.model_validate_json(row.body)
        mine = (drafted.person, drafted.room) == (inbound.person, inbound.room)
        if not mine or value.nonce != draft_nonce(drafted):
            return cards.refused(text("refused.not_your_draft"))
        if inbound.verb == KEEP:
            return Reply(outcome=Outcome.ANSWERED, card=cards.notice(text("draft.kept")))
        if services.now() - row.at > services.limits.draft:
            return cards.refused(text("refused.draft_expired"), Outcome.EXPIRED)
        once = await services.store.transact(
            lambda tx: tx.record(f"draft:{row.id}", "draft", "{}", services.now())
        )
        if once is None:
            return cards.refused(text("refused.draft_done"), Outcome.DECIDED)
        await services.store.transact(lambda tx: tx.settle(once, "{}", services.now()))
        return await self._confirmed(number, inbound, drafted)

    async def _confirmed(self, number: int, inbound: Inbound, drafted: Inbound) -> Reply:
        file = self.services.file()
        names = intent.Names(
            targets={name: tuple(t.components) for name, t in file.targets.items()},
            people=tuple(file.people),
        )
        meant = intent.parse(drafted.text, wake=intent.Wake(required=False), names=names)
        if not isinstance(meant, Command):
            return cards.refused(text("refused.stale"), Outcome.EXPIRED)
        return await self._command(number, inbound, meant, confirmed=True)


def draft_nonce(inbound: Inbound) -> str:
    """Binds the preview of a typed command to the person and the message."""
    parts = f"{inbound.dedupe}|{inbound.person}|{inbound.room}"
    return hashlib.sha256(parts.encode()).hexdigest()[:8]
