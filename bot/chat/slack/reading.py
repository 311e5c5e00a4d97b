"""What was meant and where, and who did it: looked up when its turn has come, never before."""

from __future__ import annotations

from bot.chat.slack.answers import notice
from bot.chat.slack.inbound import Heard
from bot.chat.slack.people import People, StrangerError, UnknownError
from bot.chat.slack.workspace import Workspace
from bot.core import access, button, intent
from bot.core.command import Command, Misunderstood, NotForUs
from bot.core.inbound import DIRECT, Inbound, Outcome, Reply
from bot.core.normalise import normalise
from bot.core.value import text
from bot.core.verb import Verb
from bot.engine import authority
from bot.engine.submission import Submission
from bot.engine.transition import load, note
from bot.store import Tx
from bot.store.rows import BOT

MOST = 4001
"""Characters of a line that are looked at; the grammar refuses what is longer than half of it."""
OF_RELEASE = frozenset(
    {
        Verb.STATUS,
        Verb.APPROVE,
        Verb.REJECT,
        Verb.GO,
        Verb.CONFIRM,
        Verb.PAUSE,
        Verb.RESUME,
        Verb.ABORT,
        Verb.RETRY,
        Verb.SKIP,
        Verb.CHECK,
        Verb.OVERRIDE,
        Verb.ROLLBACK,
        Verb.NOTE,
    }
)
"""Verbs that mean the release of the thread in which they are said."""


class Reading:
    """Reads what was heard."""

    def __init__(self, workspace: Workspace, people: People) -> None:
        self._workspace = workspace
        self._people = people

    def plain(self, line: str) -> str:
        """A line without Slack's escapes, and without the mention that called the bot."""
        plain = normalise(line[:MOST], slack=True)
        me = f"@{self._workspace.user}"
        if self._workspace.user:
            plain = plain.removeprefix(me).removesuffix(me)
        return plain.strip(" ,:")

    def room(self, heard: Heard) -> str:
        """The key of the room in which it was said; empty where that is no room."""
        found = heard.room or self._workspace.room_of(heard.channel)
        return found or (DIRECT if heard.direct else "")

    async def place(self, heard: Heard) -> str:
        """The room that a click counts for; on the App Home that of its release."""
        if not heard.home:
            return self.room(heard)
        value = button.read(heard.value)
        if value is None:
            return ""
        wanted = value.release
        release = await self._workspace.services.store.read(lambda tx: load(tx, wanted))
        return self._workspace.home_of(release) if release is not None else ""

    def parsed(self, line: str) -> Command | Misunderstood | NotForUs:
        """What a plain line means."""
        names = authority.names(self._workspace.services)
        return intent.parse(line, wake=intent.Wake(required=False), names=names)

    def meant(self, inbound: Inbound) -> tuple[str, Verb | None]:
        """The line (empty for a press or a code) and its verb.

        None where the verb cannot be told; then as much care is taken as for a decision.
        """
        if inbound.verb:
            return "", Verb(inbound.verb) if inbound.verb in set(Verb) else None
        if inbound.code:
            return "", Verb.LINK
        meant = self.parsed(inbound.text)
        if not isinstance(meant, Command):
            return inbound.text or "help", Verb.HELP
        return inbound.text, meant.verb

    async def identify(self, heard: Heard, kept: Submission, said: str, verb: Verb | None) -> None:
        """Put the person into what was recorded, or the refusal of whoever may not use the bot."""
        fresh = verb is None or verb in access.FRESH
        try:
            person = await self._people.person(heard.user, heard.team, fresh=fresh)
        except UnknownError:
            kept.reply = _refusal("refused.slack_unknown")
            return
        except StrangerError:
            await self._refuse_stranger(heard, kept)
            return
        room = await self.place(heard)
        found = {
            "person": person,
            # Without a person the engine would look one up, past the user groups.
            "identity": f"slack:{heard.user}" if person else "",
            "room": f"{DIRECT}{person}" if room == DIRECT else room,
            "text": await self._with_release(heard, said),
        }
        kept.inbound = kept.inbound.model_copy(update=found)

    async def _with_release(self, heard: Heard, line: str) -> str:
        """The line with the release of its thread, where it names none."""
        if not line or not heard.thread:
            return line
        meant = self.parsed(line)
        release = await self._workspace.release_of(self.room(heard), heard.thread)
        if release is None or not isinstance(meant, Command) or meant.verb not in OF_RELEASE:
            return line
        named = meant.release is not None or meant.bare or meant.target
        return line if named else intent.spell(meant.model_copy(update={"release": release}))

    async def _refuse_stranger(self, heard: Heard, kept: Submission) -> None:
        """Somebody from elsewhere tried to use the bot: the journal keeps that, once."""
        services, reply = self._workspace.services, _refusal("refused.slack_stranger")
        value = button.read(heard.value)
        said = heard.verb or kept.inbound.text
        fact = text("fact.slack_stranger", user=heard.user, team=heard.team, said=said[:100])

        def work(tx: Tx) -> None:
            now = services.now()
            kept.settle(tx, reply, now)
            known = value is not None and load(tx, value.release) is not None
            number = value.release if value is not None and known else BOT
            note(tx, number, "refused_stranger", (fact,), now=now, actor=heard.user)

        kept.owed = True
        await services.store.transact(work)
        kept.reply, kept.stored = reply, True


def _refusal(key: str) -> Reply:
    said = text(key)
    card_ = notice(said).model_copy(update={"kind": "refusal", "state": "refused"})
    return Reply(outcome=Outcome.REFUSED, card=card_)
