"""Opens dialogs and the App Home, and reads back what was sent from them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import structlog

from bot.chat.slack import blocks, home, inbound, modals
from bot.chat.slack.answers import notice
from bot.chat.slack.api import SlackError
from bot.chat.slack.blocks import Block
from bot.chat.slack.desk import Desk
from bot.chat.slack.inbound import Heard, Payload
from bot.chat.slack.people import StrangerError, UnknownError
from bot.chat.texts import Words
from bot.core import button, intent, view
from bot.core.card import Action, Card, Confirm
from bot.core.command import Command, Options
from bot.core.config import ConfirmMode
from bot.core.inbound import DIRECT, Inbound
from bot.core.operation import ExecutorError
from bot.core.release import Release
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.view import buttons
from bot.engine import answers, authority, cards, planner
from bot.engine.cards import SAY
from bot.engine.rooms import asked_people
from bot.engine.transition import load

log = structlog.get_logger("release_master.slack")

_RELEASE = re.compile(r"[0-9]{1,12}", re.ASCII)
CLOSED = "not_found"
"""The person has closed the dialog meanwhile."""
CANDIDATES_WITHIN = 10.0
"""Seconds in which the executors must list their versions for the start dialog."""


class Dialogs:
    """What opens on one person's screen."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._workspace = desk.workspace

    def _say(self, room: str) -> Words:
        return self._workspace.words(room)

    async def ask_reason(self, heard: Heard) -> None:
        """Open the dialog in front of a button; a button that means nothing any more is pressed."""
        action = await self._action(heard)
        if action is None:
            meant = inbound.typed(heard, heard.value) if heard.verb == SAY else heard
            await self._desk.take(meant, again=False)
            return
        room = await self._desk.place(heard)
        secret = modals.carried(heard, room)
        fits = len(modals.metadata(secret)) <= modals.METADATA
        made = modals.reason(action, self._say(room), secret)
        if fits and await self._open(heard, made) is not None:
            return
        value = button.read(heard.value)
        where = f"#{value.release} {value.step.strip('*')}".strip() if value else ""
        said = heard.value if heard.verb == SAY else f"{heard.verb} {where}"
        await self._instead(heard, room, cards.with_reason(said, blocks.ELLIPSIS))

    async def _action(self, heard: Heard) -> Action | None:
        """The button as the release, or the grammar, offers it now."""
        if heard.verb == SAY:
            return cards.needing_reason(heard.value, authority.names(self._workspace.services))
        value = button.read(heard.value)
        if value is None:
            return None
        wanted = value.release
        release = await self._workspace.services.store.read(lambda tx: load(tx, wanted))
        if release is None:
            return None
        offered = [buttons.of_question(release, question) for question in release.open_questions]
        matching = (
            action
            for actions in (*offered, buttons.of_board(release))
            for action in actions
            if (action.verb, action.value) == (heard.verb, heard.value)
        )
        return next(matching, None) or _abort(release, heard)

    async def ask_start(self, heard: Heard) -> None:
        """Open the dialog in which a release is put together."""
        room = self._desk.room(heard)
        if await self._barred(heard, room):
            return
        say, secret = self._say(room), modals.carried(heard, room)
        targets = [
            name
            for name, target in self._workspace.services.file().targets.items()
            if room in {"", DIRECT, *target.rooms}
        ]
        if len(targets) == 1:
            opened = await self._open(heard, modals.loading(say, secret))
            if opened is not None:
                await self._fill(heard, opened, targets[0], secret)
                return
        else:
            body = (
                modals.choose_target(targets[: modals.OPTIONS], say, secret)
                if targets
                else modals.nothing(say, "slack.start.title", "slack.start.none")
            )
            if await self._open(heard, body) is not None:
                return
        await self._instead(heard, room, f"start {targets[0] if targets else 'TARGET'}")

    async def target_chosen(self, body: Payload) -> Block | None:
        """The next page behind the choice of a target; its versions come by themselves."""
        chosen = inbound.values(body).get("target", "")
        secret = modals.secret_of(body["view"])
        say = self._say(secret.get("room", ""))
        if chosen not in self._workspace.services.file().targets:
            return None
        heard = inbound.submitted(body, secret)
        self._desk.beside(self._fill(heard, str(body["view"].get("id")), chosen, secret))
        return modals.loading(say, secret)

    async def _barred(self, heard: Heard, room: str) -> bool:
        """Whether this person may not even see what there is to choose from; they are told why."""
        try:
            await self._desk.people.person(heard.user, heard.team, fresh=False)
        except StrangerError:
            why = "refused.slack_stranger"
        except UnknownError:
            why = "refused.slack_unknown"
        else:
            return False
        await self._desk.answers.tell(heard, room, notice(text(why)))
        return True

    async def _instead(self, heard: Heard, room: str, line: str) -> None:
        """Say the line that does the same as the dialog that could not be shown."""
        await self._desk.answers.tell(heard, room, notice(text("slack.no_dialog", line=line)))

    async def _fill(self, heard: Heard, view_id: str, target: str, secret: dict[str, str]) -> None:
        room = secret.get("room", "")
        try:
            async with asyncio.timeout(CANDIDATES_WITHIN):
                found = await planner.candidates(self._workspace.services, target)
        except (ExecutorError, TimeoutError):
            found = None
        made = modals.start(target, found, say=self._say(room), secret=secret)
        try:
            await self._workspace.api.write("views.update", view_id=view_id, view=made)
        except SlackError as error:
            log.warning("dialog_not_filled", code=error.code)
            if error.code != CLOSED:
                await self._instead(heard, room, f"start {target}")

    async def ask_note(self, heard: Heard) -> None:
        """Open the dialog that keeps a message as a note in a release."""
        room = self._desk.room(heard)
        if await self._barred(heard, room):
            return
        say, secret = self._say(room), modals.carried(heard, "")
        said, live = self._desk.plain(heard.text), await self._workspace.live()
        if await self._open(heard, modals.note(said, live, say, secret)) is None:
            number = live[-1].id if live else "N"
            await self._instead(heard, room, f"note #{number} {blocks.ELLIPSIS}")

    async def _open(self, heard: Heard, made: Block) -> str | None:
        """The id of the opened view; None when Slack did not open it in time."""
        api = self._workspace.api
        try:
            opened = await api.write("views.open", trigger_id=heard.trigger, view=made)
        except SlackError as error:
            log.warning("dialog_not_opened", code=error.code)
            return None
        return str((opened.get("view") or {}).get("id", ""))

    def started(self, body: Payload) -> Heard:
        """The line that the start dialog stands for."""
        secret, chosen = modals.secret_of(body["view"]), inbound.values(body)
        refs = {
            name.removeprefix("c."): version
            for name, version in chosen.items()
            if name.startswith("c.") and version != modals.NEWEST
        }
        mode = chosen.get("confirm")
        options = Options(
            confirm=ConfirmMode(mode) if mode in set(ConfirmMode) else None,
            note=self._desk.plain(chosen.get("note", "")).replace('"', "'"),
        )
        command = Command(
            verb=Verb.START, target=secret.get("target", ""), refs=refs, options=options
        )
        heard = inbound.submitted(body, secret)
        room = heard.room or self._workspace.room_for(command.target)
        return replace(heard, room=room, text=intent.spell(command))

    async def noted(self, body: Payload) -> Heard:
        """The line that the note dialog stands for, said in the room of its release."""
        secret, chosen = modals.secret_of(body["view"]), inbound.values(body)
        number = _number(chosen.get("release", ""))
        release = await self._workspace.services.store.read(lambda tx: load(tx, number))
        room = self._workspace.home_of(release) if release else ""
        said = self._desk.plain(chosen.get("note", ""))
        command = Command(verb=Verb.NOTE, release=number, text=said)
        heard = inbound.submitted(body, secret)
        return replace(heard, room=room, text=intent.spell(command))

    async def show_home(self, user: str, team: str) -> None:
        """Bring the App Home of somebody up to date."""
        try:
            made = await self._home(user, team)
            await self._workspace.api.write("views.publish", user_id=user, view=made)
        except (SlackError, UnknownError) as error:
            log.warning("home_not_shown", error=str(error))

    async def _home(self, user: str, team: str) -> Block:
        services, say = self._workspace.services, self._say("")
        try:
            person = await self._desk.people.person(user, team, fresh=False)
        except StrangerError:
            return home.stranger(say)
        live = await self._workspace.live()
        running = [
            (r, await self._workspace.link(self._workspace.home_of(r), r.id))
            for r in live[-home.RUNNING :]
        ]
        waiting: list[Card] = [
            view.question(release, question)
            for release in live
            for question in release.open_questions
            if person in asked_people(release, question, services.file())
        ]
        asked = Inbound(dedupe="", surface="slack", room="", person=person, at=services.now())
        history = await answers.answer(services, asked, Command(verb=Verb.HISTORY))
        if history.card is None:
            raise UnknownError(user)
        watches = await services.store.read(lambda tx: tx.watches_of(person))
        shown = home.Shown(running=running, waiting=waiting, watches=watches, history=history.card)
        return home.home(shown, say)

    def misses_target(self, line: str) -> bool:
        """Whether this line wants a start and does not say of what."""
        plain = self._desk.plain(line)
        if plain.split(" ")[-1].casefold() != "start":
            return False
        meant = intent.parse(
            plain,
            wake=intent.Wake(required=False),
            names=authority.names(self._workspace.services),
        )
        return isinstance(meant, intent.Misunderstood) and meant.what == "target"


def _number(chosen: str) -> int:
    """The release that was chosen; 0, which none has, for what is no choice of ours."""
    return int(chosen) if _RELEASE.fullmatch(chosen) else 0


def _abort(release: Release, heard: Heard) -> Action | None:
    """Any board of a live release may be aborted from, also an old one; never without a dialog."""
    if heard.verb != Verb.ABORT or not release.live:
        return None
    title = text("confirm.abort.title", release=release.id)
    dialog = Confirm(title=title, body=text("confirm.abort.body"))
    return Action(verb=heard.verb, label=text("button.abort"), value=heard.value, confirm=dialog)
