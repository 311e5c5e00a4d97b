"""What people say and click: recorded first, then done, and always answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from bot.core import intent
from bot.core.command import Command, Misunderstood, NotForUs
from bot.core.event import Alerted
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.redact import redact
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import (
    answers,
    authority,
    backtests,
    cards,
    claims,
    decisions,
    drafts,
    identity,
    linking,
    reversal,
    slow_answers,
    starts,
    watching,
)
from bot.engine.decisions import Decision
from bot.engine.engine import Engine
from bot.engine.held import Held
from bot.engine.submission import SettledError, Submission
from bot.engine.transition import Applied, apply
from bot.engine.turns import Lane, Turns, lane
from bot.store import Tx
from bot.store.errors import StoreError

log = structlog.get_logger("release_master.intake")

MOST_WAITING = 5000
"""So many messages wait for their turn in this process; each takes some kilobytes."""

Tell = Callable[[Reply], Awaitable[None]]


class Intake:
    """The way in, the same for every surface."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.services = engine.services
        self._turns = Turns(engine.services.now)
        self.held = Held(engine.services)

    async def submit(self, inbound: Inbound) -> Reply:
        """Record, do, answer. Raises StoreError when it could not be recorded or not be stored.

        What was recorded is done nevertheless, by `LeftBehind`, in this process or another one.
        """
        kept = await self.record(inbound)
        if kept is None:
            return await self.repeated(inbound)
        async with self.turn(kept, self.lane(kept.inbound)):
            return await self.process(kept)

    async def record(self, inbound: Inbound) -> Submission | None:
        """Only record it, so that it can be acknowledged before it is done by `process`.

        None when the same delivery was recorded before. Raises StoreError.
        """
        services = self.services
        began = services.now()
        until = began + services.limits.lease
        try:
            known = linking.sealed(await identity.known(services, inbound))
            body = known.model_dump_json()
            number = await services.store.transact(
                lambda tx: tx.record(
                    known.dedupe,
                    known.surface,
                    body,
                    services.now(),
                    owner=services.owner,
                    lease_until=until,
                )
            )
        except StoreError as error:
            self.engine.troubled(error)
            raise
        self._turns.recorded((services.now() - began).total_seconds())
        return None if number is None else Submission(number, known, until=until)

    @asynccontextmanager
    async def turn(self, submission: Submission, lane_: Lane) -> AsyncIterator[None]:
        """Wait for a turn to do something recorded, and hold it; nobody here takes it up again."""
        with self.held.hold(submission):
            async with self._turns.turn(lane_):
                yield

    @property
    def is_full(self) -> bool:
        """Whether so much waits here that the rest should wait in the inbox only."""
        return len(self.held) >= MOST_WAITING

    async def renew(self) -> None:
        """Keep what is at work here from being taken for left behind."""
        try:
            await self.held.renew()
        except StoreError as error:
            self.engine.troubled(error)

    def delay(self, lane_: Lane) -> float:
        """For how many seconds the first in this lane has been waiting."""
        return self._turns.delay(lane_)

    async def repeated(self, inbound: Inbound) -> Reply:
        """The answer to what was recorded before; LATER while it is still at work."""
        stored = await self.services.store.read(lambda tx: tx.result_of(inbound.dedupe))
        if stored is None:
            return Reply(outcome=Outcome.LATER)
        before = Reply.model_validate_json(stored)
        return before.model_copy(update={"outcome": Outcome.REPEATED})

    async def process(self, submission: Submission, tell: Tell | None = None) -> Reply:
        """Do what was recorded, tell the answer to whom it is owed, and settle both.

        After a crash in between the answer is told again rather than never. Raises StoreError.
        """
        submission.owed = tell is not None
        try:
            await self.held.check(submission)
            reply = submission.reply or await self._answer(submission)
            if tell is not None:
                await self.held.check(submission)
                await _told(tell, reply)
            await self._settle(submission, reply)
        except SettledError:
            return await self.repeated(submission.inbound)
        except StoreError as error:
            self.engine.troubled(error)
            raise
        self.services.watch.inbound(str(reply.outcome))
        return reply

    async def _settle(self, submission: Submission, reply: Reply) -> None:
        services, number = self.services, submission.number
        if not submission.stored:
            said = reply.model_dump_json()
            await services.store.transact(lambda tx: tx.settle(number, said, services.now()))
        elif submission.owed or submission.reply is not None:
            await services.store.transact(lambda tx: tx.close(number, services.now()))

    def lane(self, inbound: Inbound) -> Lane:
        """The lane of a message; any click is about a decision."""
        if inbound.verb or inbound.code:
            return Lane.DECIDE
        meant = intent.parse(
            inbound.text, wake=intent.Wake(required=False), names=authority.names(self.services)
        )
        return lane(meant.verb if isinstance(meant, Command) else None)

    async def alert(
        self,
        component: str,
        name: str,
        *,
        status: str,
        summary: str,
        at: datetime,
        fingerprint: str,
    ) -> None:
        """An alert of the system layer, for the live release of the component."""
        key = f"alert:{fingerprint}:{status}:{at.isoformat()}:{component}"
        event = Alerted(
            component=component,
            name=redact(name),
            firing=status == "firing",
            summary=redact(summary),
            fingerprint=fingerprint,
        )
        services = self.services

        def work(tx: Tx) -> list[Applied]:
            number = tx.record(key, "alerts", event.model_dump_json(), services.now())
            if number is None:
                # It is told again as long as it fires, which may be longer than rows are kept.
                tx.seen_again(key, services.now())
                return []
            tx.settle(number, "{}", services.now())
            wanted = f"component:{component}"
            holders = [lock.release_id for lock in tx.locks() if lock.name == wanted]
            moved = (apply(tx, held, event, services=services) for held in holders if held)
            return [applied for applied in moved if applied is not None]

        for applied in await services.store.transact(work):
            self.engine.pursue(applied)

    async def _answer(self, submission: Submission) -> Reply:
        try:
            if submission.inbound.code:
                return await linking.claim(self.engine, submission)
            if submission.inbound.verb:
                return await self._click(submission)
            return await self._said(submission)
        except (SettledError, StoreError):
            raise
        except Exception:
            # Nothing of a transition is kept without its answer, so nothing was changed.
            log.exception("inbound_failed", number=submission.number)
            return failed()

    async def _said(self, submission: Submission) -> Reply:
        inbound = submission.inbound
        meant = intent.parse(
            inbound.text, wake=intent.Wake(required=False), names=authority.names(self.services)
        )
        if isinstance(meant, NotForUs):
            return Reply(outcome=Outcome.ANSWERED)
        await cards.said(self.services, inbound, submission.number)
        if isinstance(meant, Misunderstood):
            return cards.misunderstood(meant)
        return await self._command(submission, meant, confirmed=False)

    async def _click(self, submission: Submission) -> Reply:
        inbound = submission.inbound
        if inbound.verb in {drafts.DO, drafts.KEEP}:
            found = await drafts.confirmed(self.services, submission)
            if isinstance(found, Reply):
                return found
            return await self._command(submission, found, confirmed=True)
        if inbound.verb in linking.BUTTONS:
            return await linking.confirm(self.engine, submission)
        decision = Decision.clicked(inbound)
        if decision is None:
            return cards.refused(text("refused.stale"), Outcome.EXPIRED)
        return await decisions.decide(self.engine, submission, decision)

    async def _command(self, submission: Submission, command: Command, *, confirmed: bool) -> Reply:
        verb = command.verb
        if verb is Verb.START and command.target:
            return await starts.start(self.engine, submission, command)
        if verb in answers.VERBS:
            return await answers.answer(self.services, submission.inbound, command)
        if verb in _ITS_OWN:
            return await _ITS_OWN[verb](self.engine, submission, command)
        if verb is Verb.UNLOCK and confirmed:
            return await claims.unlock(self.engine, submission, command)
        if verb is Verb.UNLOCK:
            return await drafts.preview(self.services, submission, command, None)
        return await self._about_release(submission, command, confirmed=confirmed)

    async def _about_release(
        self, submission: Submission, command: Command, *, confirmed: bool
    ) -> Reply:
        verb, inbound = command.verb, submission.inbound
        release, missing = await decisions.find_release(self.services, inbound, command)
        if release is None:
            return missing
        if verb in drafts.DRAFTED and not confirmed:
            return await drafts.preview(self.services, submission, command, release)
        if verb is Verb.ROLLBACK and not release.live:
            return await reversal.roll_back_ended(self.engine, submission, command, release)
        decision = Decision.typed(command, release.id)
        return await decisions.decide(self.engine, submission, decision)


_ITS_OWN: dict[Verb, Callable[[Engine, Submission, Command], Awaitable[Reply]]] = {
    Verb.PLAN: starts.plan_release,
    Verb.BACKTEST: backtests.backtest,
    Verb.ERRORS: slow_answers.count_errors,
    Verb.RECOUNT: slow_answers.recount,
    Verb.WATCH: watching.watch,
    Verb.UNWATCH: watching.unwatch,
    Verb.LINK: linking.offer,
    Verb.UNLINK: linking.revoke,
}
"""Verbs that need no release to be found first, whatever they say about one."""


async def _told(tell: Tell, reply: Reply) -> None:
    try:
        await tell(reply)
    except StoreError:
        raise
    except Exception:
        # What was decided stays decided; told again it would fail again.
        log.exception("answer_failed", outcome=str(reply.outcome))


def failed() -> Reply:
    """The answer where the bot itself went wrong."""
    return cards.refused(text("refused.failed"))
