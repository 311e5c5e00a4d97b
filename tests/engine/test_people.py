"""Who presses what, twice, too late, in the wrong room or without the right: always answered."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.core.card import Card
from bot.core.config import ReleaseFile
from bot.core.inbound import Inbound, Outcome, Reply
from bot.core.operation import Candidate, Running
from bot.core.question import QuestionKind
from bot.core.release import Phase, StepState
from bot.core.value import text
from bot.store import Tx
from tests.engine.conftest import Make
from tests.support.engines import (
    ADMIN,
    BROKEN,
    ELSEWHERE,
    HOME,
    MIRROR,
    OPERATOR,
    OTHER,
    SINGLE,
    SMALL,
    STARTER,
    TEAM,
    VIEWER,
    Bot,
    asked,
    ended,
    release_file,
)


def said(reply: Reply) -> dict[str, object]:
    """What a private answer says, by message key."""
    assert reply.card is not None
    texts = [line for line in reply.card.lines if not isinstance(line, str)]
    return {line.key: line.params for line in (*texts, reply.card.text)}


async def at_gate(make: Make, **target: object) -> Bot:
    """A release whose canary is clean and waits for its promotion."""
    bot = await make(**{**SMALL, **target})
    await bot.start()
    await bot.run(asked)
    return bot


def reload(bot: Bot, **roles: str | None) -> None:
    """release.yml is read again: these people have other roles, or are gone (None)."""
    body = bot.outside.file.model_dump(mode="json")
    for person, role in roles.items():
        if role is None:
            del body["people"][person]
        else:
            body["people"][person]["role"] = role
    bot.outside.file = ReleaseFile.model_validate(body)


@pytest.mark.scenario(2)
async def test_of_two_who_approve_one_wins(make: Make) -> None:
    """The other one is told privately who decided, and when."""
    bot = await at_gate(make)
    button = await bot.button(QuestionKind.GATE, "approve")

    replies = await asyncio.gather(bot.press(button, OTHER), bot.press(button, ADMIN))

    assert sorted(r.outcome for r in replies) == [Outcome.ACCEPTED, Outcome.DECIDED]
    loser = next(r for r in replies if r.outcome is Outcome.DECIDED)
    [closed] = [q.closed for q in (await bot.release()).questions if q.kind is QuestionKind.GATE]
    assert closed is not None
    assert said(loser)["refused.decided"] == {
        "who": closed.name,
        "via": "web",
        "verb": "approve",
        "at": closed.at.isoformat(),
        "step": "chat/gate",
    }
    assert (await bot.release()).decisions == 2


@pytest.mark.scenario(3)
async def test_after_an_abort_no_call_leaves(make: Make) -> None:
    """Abort and Approve are in one order; when Abort is first, no executor call follows."""
    bot = await at_gate(make)
    approve = await bot.button(QuestionKind.GATE, "approve")
    abort = next(a for a in bot.card("board").actions if a.verb == "abort")
    before = list(bot.outside.calls)

    first, second = await asyncio.gather(bot.press(abort, OTHER), bot.press(approve, OTHER))
    await bot.drain()

    assert first.outcome is Outcome.ACCEPTED
    assert second.outcome in {Outcome.EXPIRED, Outcome.DECIDED}
    assert bot.outside.calls == before
    rows = [row.seq for row in await bot.journal()]
    assert rows == sorted(set(rows))


@pytest.mark.scenario(4)
async def test_a_double_start_is_one_release(make: Make) -> None:
    """The second start is refused with a link to the release of the first one."""
    bot = await make(**SMALL)
    first, second = await asyncio.gather(bot.say("start openchat"), bot.say("start openchat"))

    assert {first.outcome, second.outcome} == {Outcome.ACCEPTED, Outcome.REFUSED}
    assert first.release == second.release == 1
    assert [r.id for r in await bot.live()] == [1]
    button = await bot.button(QuestionKind.START, "start")
    replies = await asyncio.gather(bot.press(button), bot.press(button))
    assert sorted(r.outcome for r in replies) == [Outcome.ACCEPTED, Outcome.DECIDED]


@pytest.mark.scenario(5, 90)
async def test_two_rooms_start_at_once(make: Make) -> None:
    """One holds the lock; the other, the same person even, hears owner, reason, age and release."""
    bot = await make(**SMALL)
    await bot.say('start openchat note="weekly"')
    bot.outside.clock.now += timedelta(minutes=3)

    reply = await bot.say("start openchat", STARTER, MIRROR)

    assert reply.outcome is Outcome.REFUSED
    assert reply.release == 1
    assert said(reply)["refused.locked"] == {
        "name": "openchat",
        "owner": "Mina",
        "reason": "weekly",
        "age": "3m",
        "release": 1,
    }


@pytest.mark.scenario(12)
async def test_a_button_of_an_earlier_release_is_expired(make: Make) -> None:
    """Its number is never given again, so the button changes nothing in the next release."""
    bot = await at_gate(make)
    old = await bot.button(QuestionKind.GATE, "approve")
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "abort"), OTHER)
    await bot.run(ended)
    await bot.start()
    before = await bot.run(asked, release=2)

    reply = await bot.press(old, OTHER)

    assert reply.outcome is Outcome.EXPIRED
    assert await bot.release(2) == before


@pytest.mark.scenario(13)
async def test_the_copy_in_another_room_shows_the_decision(make: Make) -> None:
    """Pressed after the decision it says who decided, and the copy itself has no buttons left."""
    bot = await at_gate(make)
    copy = await bot.button(QuestionKind.GATE, "approve", MIRROR)
    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    reply = await bot.submit(person=ADMIN, room=MIRROR, verb=copy.verb, value=copy.value)
    await bot.drain()

    assert reply.outcome is Outcome.DECIDED
    assert "refused.decided" in said(reply)
    card = bot.card("question:2", room=MIRROR)
    assert (card.state, card.actions) == ("closed", ())


@pytest.mark.scenario(14)
async def test_one_person_counts_once(make: Make) -> None:
    """Of two approvals that are needed, two of one person are one; the second person closes it."""
    bot = await at_gate(make, approvals=2)
    button = await bot.button(QuestionKind.GATE, "approve")

    replies = await asyncio.gather(bot.press(button, OTHER), bot.press(button, OTHER))
    assert sorted(r.outcome for r in replies) == [Outcome.ACCEPTED, Outcome.DECIDED]
    assert (await bot.release()).open_questions[0].kind is QuestionKind.GATE

    await bot.press(button, ADMIN)
    assert (await bot.release()).open_questions == ()


@pytest.mark.scenario(15)
async def test_whoever_started_does_not_approve(make: Make) -> None:
    """The starter's approval is refused privately, with the names of those who may."""
    bot = await at_gate(make)
    reply = await bot.press(await bot.button(QuestionKind.GATE, "approve"), STARTER)

    assert reply.outcome is Outcome.REFUSED
    assert said(reply)["refused.who_may"] == {"who": "Taro, Ken"}
    assert (await bot.release()).open_questions[0].kind is QuestionKind.GATE


@pytest.mark.scenario(16)
async def test_authority_is_looked_up_at_the_click(make: Make) -> None:
    """Whoever lost the role, or is gone from release.yml, is refused though the card named them."""
    bot = await at_gate(make)
    button = await bot.button(QuestionKind.GATE, "approve")
    assert OTHER in bot.card("question:2").mentions
    reload(bot, taro="operator")
    lost = await bot.press(button, OTHER)
    reload(bot, taro=None)
    gone = await bot.press(button, OTHER)

    assert (lost.outcome, gone.outcome) == (Outcome.REFUSED, Outcome.REFUSED)
    assert said(lost)["refused.who_may"] == {"who": "Ken"}
    reload(bot, hana="approver")
    assert (await bot.press(button, OPERATOR)).outcome is Outcome.ACCEPTED


async def test_a_reload_leaves_the_plan_as_it_was(make: Make) -> None:
    """People apply at once; policies and components of a running release stay as planned."""
    bot = await at_gate(make)
    planned = (await bot.release()).config
    body = bot.outside.file.model_dump(mode="json")
    body["policies"]["default"]["rounds"] = 1
    body["targets"]["openchat"]["rooms"] = [HOME]
    bot.outside.file = ReleaseFile.model_validate(body)
    edits = len(bot.outside.rooms[MIRROR].shown)

    await bot.answer(QuestionKind.GATE, "approve", OTHER)
    release = await bot.run(ended)

    assert release.config == planned
    assert len(release.step("chat/check").rounds) == 3
    assert len(bot.outside.rooms[MIRROR].shown) == edits


@pytest.mark.scenario(18)
async def test_a_name_like_an_admins_gives_nothing(make: Make) -> None:
    """Only the person's id counts, which the platform gave: a stranger called Ken is nobody."""
    bot = await at_gate(make)
    button = await bot.button(QuestionKind.GATE, "approve")

    for person in ("Ken", "ken ", "KEN", ""):
        assert (await bot.press(button, person)).outcome is Outcome.REFUSED
    assert (await bot.release()).open_questions[0].votes == ()


@pytest.mark.scenario(22)
async def test_a_changed_plan_is_asked_for_again(make: Make) -> None:
    """A start that was agreed to by one of two is void when the plan changes; the card says how."""
    bot = await make(**SMALL, start_approvals=2)
    await bot.say("start openchat")
    old = await bot.button(QuestionKind.START, "start")
    await bot.press(old, STARTER)
    reply = await bot.say("plan #1 chat=1.9")
    assert reply.outcome is Outcome.ACCEPTED, reply

    stale = await bot.press(old, OTHER)
    release = await bot.run(asked)
    question = release.open_questions[0]

    assert stale.outcome is Outcome.EXPIRED
    assert question.votes == ()
    assert bot.card(f"question:{question.id}").lines[0] == question.context
    assert question.context is not None
    assert "2.0" in str(question.context.params)
    assert "1.9" in str(question.context.params)


@pytest.mark.scenario(23)
async def test_silence_pauses_and_never_approves(make: Make) -> None:
    """A question that nobody answers in time is closed, and the release pauses."""
    bot = await at_gate(make, expires="1h", reminders=["10m", "30m"])
    button = await bot.button(QuestionKind.GATE, "approve")
    release = await bot.run(lambda r: r.phase is Phase.PAUSED)

    assert release.pause is not None
    assert release.pause.reason.key == "pause.expired"
    assert (await bot.press(button, OTHER)).outcome is Outcome.EXPIRED
    assert bot.outside.world.running.get(("chat", "chat-2")) is None
    for room in (HOME, MIRROR):
        [told] = [c for c in bot.outside.rooms[room].of("notice") if c.text.key == "expired"]
        assert (told.mentions, told.text.params["step"]) == ((STARTER,), "chat/gate")


@pytest.mark.scenario(24)
async def test_going_on_in_spite_of_a_fail_is_for_admins_with_a_reason(make: Make) -> None:
    """Without role or reason it is refused; with both every room hears it and keeps it."""
    bot = await make(**SMALL)
    await bot.start(f"start openchat {BROKEN}")
    await bot.run(asked)
    button = await bot.button(QuestionKind.VERDICT_FAIL, "override")
    assert (await bot.press(button, OTHER, "looks fine")).outcome is Outcome.REFUSED
    assert (await bot.press(button, ADMIN, "  ")).outcome is Outcome.REFUSED

    assert (await bot.press(button, ADMIN, "known noise")).outcome is Outcome.ACCEPTED
    await bot.drain()

    for room in (HOME, MIRROR):
        card = bot.card("override:chat/check-canary", room=room)
        assert (card.kind, card.who) == ("notice", "Ken")
    kept = [t for t in bot.card("board").lines if not isinstance(t, str)]
    assert any(t.params.get("reason") == "known noise" for t in kept)
    assert "fact.overridden" in await bot.facts()


@pytest.mark.scenario(25)
async def test_a_bot_is_nobody(make: Make) -> None:
    """What a bot types has no person behind it: it approves nothing and starts nothing."""
    bot = await at_gate(make)
    before = await bot.release()

    for line in ("approve", "ok", "start openchat", "abort"):
        assert (await bot.say(line, "")).outcome is not Outcome.ACCEPTED
    assert (await bot.release()) == before


@pytest.mark.scenario(26)
async def test_a_message_is_read_once(make: Make) -> None:
    """The same delivery with other words is a repeat and executes nothing."""
    bot = await make(**SMALL)
    first = await bot.submit(dedupe="message-1", text="help")
    edited = await bot.submit(dedupe="message-1", text="start openchat")

    assert first.outcome is Outcome.ANSWERED
    assert edited.outcome is Outcome.REPEATED
    assert edited.card == first.card
    assert await bot.live() == []


@pytest.mark.scenario("26a")
async def test_a_command_in_the_wrong_room_names_the_right_one(make: Make) -> None:
    """Typed or pressed where the target is not commanded, it is refused privately."""
    bot = await at_gate(make)
    button = await bot.button(QuestionKind.GATE, "approve")
    before = await bot.release()
    typed = [await bot.say(line, OTHER, ELSEWHERE) for line in ("start openchat", "abort #1 now")]
    pressed = await bot.submit(person=OTHER, room=ELSEWHERE, verb=button.verb, value=button.value)

    for reply in (*typed, pressed):
        assert reply.outcome is Outcome.REFUSED
        assert said(reply)["refused.room"] == {"target": "openchat", "rooms": "release, mirror"}
    assert await bot.release() == before
    assert bot.outside.rooms[ELSEWHERE].of("refusal") == []


async def test_what_is_typed_is_echoed_also_when_it_means_nothing(make: Make) -> None:
    """The room shows who typed what, whether it was understood or not."""
    bot = await make(**SMALL)
    reply = await bot.say("strat openchat")
    assert reply.outcome is Outcome.NOT_UNDERSTOOD
    await bot.say("status", VIEWER)

    echoes: list[Card] = bot.outside.rooms[HOME].of("said")
    assert [(c.who, c.text.params["line"]) for c in echoes] == [
        ("Mina", "strat openchat"),
        ("Mo", "status"),
    ]


async def test_a_room_out_of_order_leaves_no_command_undone(make: Make) -> None:
    """The echo cannot be shown, and the release is planned all the same."""
    bot = await make(**SMALL)
    bot.outside.rooms[HOME].failing = True

    assert (await bot.say("start openchat")).outcome is Outcome.ACCEPTED


async def test_a_click_on_a_decided_gate_says_who_decided(make: Make) -> None:
    """Bad input: the question is closed; the answer names the person and the verb."""
    bot = await at_gate(make)
    button = await bot.button(QuestionKind.GATE, "reject")
    await bot.answer(QuestionKind.GATE, "approve", OTHER)

    reply = await bot.press(button, ADMIN, "wait")

    assert reply.outcome is Outcome.DECIDED
    assert dict(said(reply)["refused.decided"])["who"] == "Taro"  # type: ignore[call-overload]


@pytest.mark.scenario(34)
@pytest.mark.parametrize(
    "line",
    [
        "start openchat chat=--flag",
        "start openchat chat=;rm",
        "start openchat $(reboot)",
        "start openchat ../../etc/passwd",
        "rollback --all",
    ],
)
async def test_arguments_that_look_like_options_are_refused(make: Make, line: str) -> None:
    """Only allow-listed words become versions: nothing is planned and nothing is called."""
    bot = await make(**SINGLE)
    reply = await bot.say(line)

    assert reply.outcome in {Outcome.NOT_UNDERSTOOD, Outcome.REFUSED}
    assert await bot.live() == []
    assert bot.outside.calls == []


async def test_a_rollback_of_an_ended_release_needs_the_role_at_the_click(make: Make) -> None:
    """The role is looked up when *Do it* is pressed, not only when the line was typed."""
    bot = await make(**SINGLE)
    await bot.start()
    await bot.run(ended)
    reply = await bot.say("rollback #1 too slow", OTHER)
    assert reply.card is not None
    do = reply.card.actions[0]
    reload(bot, taro="viewer")

    refused = await bot.press(do, OTHER)

    assert refused.outcome is Outcome.REFUSED
    assert await bot.live() == []
    assert not bot.outside.rooms[TEAM].of("result")


async def test_what_would_be_refused_is_not_previewed(make: Make) -> None:
    """Nobody is asked to confirm what cannot be done; the refusal says why at once."""
    bot = await make(**SINGLE, confirm="each_step")
    await bot.start()
    for line, why in (
        ("override because we know", "refused.no_question"),
        ("skip 1 because we know", "refused.skip"),
        ("rollback because we know", "refused.nothing_changed"),
    ):
        reply = await bot.say(line, ADMIN)
        assert reply.card is not None
        assert (reply.card.kind, reply.card.text.key, reply.card.actions) == ("refusal", why, ())
    assert "fact.overridden" not in await bot.facts()


async def test_a_preview_serves_its_writer_once_and_for_a_minute(make: Make) -> None:
    """Another person, a second click and a late one are told so; nothing is aborted by them."""
    bot = await at_gate(make)
    shown = await bot.say("abort enough", OTHER)
    late = await bot.say("abort enough", OTHER)
    assert shown.card is not None
    assert late.card is not None
    do, keep = shown.card.actions

    assert "refused.not_your_draft" in said(await bot.press(do, ADMIN))
    assert (await bot.press(keep, OTHER)).outcome is Outcome.ANSWERED
    assert "refused.draft_kept" in said(await bot.press(do, OTHER))
    bot.outside.clock.now += timedelta(seconds=61)
    assert "refused.draft_expired" in said(await bot.press(late.card.actions[0], OTHER))
    assert (await bot.release()).live
    again = await bot.say("abort enough", OTHER)
    assert again.card is not None
    assert (await bot.press(again.card.actions[0], OTHER)).outcome is Outcome.ACCEPTED
    assert "refused.draft_done" in said(await bot.press(again.card.actions[0], OTHER))


async def test_a_refused_confirmation_is_told_as_it_was(make: Make) -> None:
    """A preview whose *Do it* was refused did nothing, and a second press says so."""
    bot = await at_gate(make)
    shown = await bot.say("abort enough", OTHER)
    assert shown.card is not None
    do = shown.card.actions[0]
    await abort(bot)

    assert (await bot.press(do, OTHER)).outcome is Outcome.EXPIRED
    assert "refused.draft_refused" in said(await bot.press(do, OTHER))


async def test_a_preview_names_what_goes_back_in_its_order(make: Make) -> None:
    """Only what was changed, the last one first; of an ended release a new one takes it back."""
    bot = await make(confirm="each_step", components={"auth": {}, "media": {}, "push": {}})
    await bot.start()
    for _ in range(3):
        await bot.run(asked)
        await bot.answer(QuestionKind.GO, "go")
    live = await bot.run(asked)
    shown = await bot.say("rollback because it is slow", OTHER)

    assert live.step("media/deploy").state is StepState.DONE
    assert shown.card is not None
    assert shown.card.lines[0] == text("draft.rollback", step="")
    assert shown.card.lines[1:3] == ("media: 2.0 → 1.0", "auth: 2.0 → 1.0")
    assert shown.card.lines[3] == text("draft.reason", reason="it is slow")
    await bot.say("abort enough", OTHER)
    await abort(bot)
    ended_ = await bot.say("rollback #1 media too slow", OTHER)
    assert ended_.card is not None
    assert [line for line in ended_.card.lines if isinstance(line, str)] == ["media: 2.0 → 1.0"]
    assert ended_.card.lines[0] == text("draft.rollback_ended", step="")


async def abort(bot: Bot) -> None:
    """Somebody presses Abort on the board, and the release ends."""
    await bot.press(next(a for a in bot.card("board").actions if a.verb == "abort"), OTHER)
    await bot.run(ended)


async def test_a_note_is_answered(make: Make) -> None:
    """Its writer is told that it is kept; secrets in it are not."""
    bot = await make(**SINGLE)
    await bot.start()
    reply = await bot.say("note password=hunter2 is the cause")

    assert reply.outcome is Outcome.ACCEPTED
    assert reply.card is not None
    assert reply.card.text == text("note.kept", release=1)
    kept = "".join(row.body for row in await bot.journal())
    assert "is the cause" in kept
    assert "hunter2" not in kept


async def test_nothing_asked_is_not_answered_by_ok(make: Make) -> None:
    """Ok with nothing open is told so, and not to name what it means."""
    bot = await make(**SINGLE)
    await bot.start()

    assert "refused.no_question" in said(await bot.say("ok"))


async def test_in_the_try_out_a_refusal_offers_to_act_as_somebody(make: Make) -> None:
    """Only there: elsewhere nobody is offered another person's authority."""
    bot = await make(bot={"try_out": True}, **SMALL)
    await bot.start()
    await bot.run(asked)
    reply = await bot.press(await bot.button(QuestionKind.GATE, "approve"), STARTER)
    assert reply.card is not None

    assert [(a.verb, a.value) for a in reply.card.actions] == [("act_as", OTHER), ("act_as", ADMIN)]


def test_the_people_of_these_tests_have_the_roles_that_they_are_named_for() -> None:
    """A test about refusals proves nothing with the wrong people."""
    people = release_file().people

    assert [str(people[p].role) for p in (VIEWER, OPERATOR, OTHER, ADMIN)] == [
        "viewer",
        "operator",
        "approver",
        "admin",
    ]


async def test_ok_answers_exactly_one_question(make: Make) -> None:
    """With two open questions `ok` is refused: nobody knows which one was meant."""
    bot = await make(components={"chat": {}, "media": {}}, confirm="each_step", parallel=2)
    await bot.start()
    await bot.run(asked)
    assert len((await bot.release()).open_questions) == 2
    reply = await bot.say("ok", OTHER)

    assert "refused.bare" in said(reply)
    assert len((await bot.release()).open_questions) == 2


async def test_an_unreadable_record_is_settled_and_stops_nothing(make: Make) -> None:
    """A row that no version understands is answered as failed; the ones behind it are done."""
    bot = await make(**SINGLE)
    at = bot.outside.clock.now
    fields = {"surface": "web", "room": HOME, "person": STARTER, "at": at}
    good = Inbound.model_validate({**fields, "dedupe": "b", "text": "start openchat"})

    def left_over(tx: Tx) -> None:
        tx.record("a", "web", "{}", at)
        tx.record("b", "web", good.model_dump_json(), at)

    await bot.real.transact(left_over)
    bot.outside.clock.now += timedelta(seconds=6)
    await bot.recovery.take_up()

    assert [r.id for r in await bot.live()] == [1]
    assert await bot.real.read(lambda tx: tx.unsettled(bot.outside.clock.now, 9)) == []


async def test_an_unforeseen_error_is_answered(make: Make) -> None:
    """No click is silent: the person hears that nothing was changed, and nothing was."""
    bot = await make(**SINGLE)

    async def candidates(component: str) -> tuple[Candidate, ...]:
        raise RuntimeError(f"a bug about {component}")

    bot.deployer.candidates = candidates  # type: ignore[method-assign]  # it breaks as no port may
    reply = await bot.say("start openchat")

    assert "refused.failed" in said(reply)
    assert await bot.live() == []


async def test_what_is_at_work_is_not_taken_up_again(make: Make) -> None:
    """A slow start is not begun a second time by the process that is at it."""
    bot = await make(**SINGLE)
    asked_now, go_on = asyncio.Event(), asyncio.Event()
    asks = 0
    real = bot.deployer.running

    async def running(component: str) -> Running:
        nonlocal asks
        asks += 1
        asked_now.set()
        await go_on.wait()
        return await real(component)

    bot.deployer.running = running  # type: ignore[method-assign]  # it takes its time
    start = asyncio.create_task(bot.say("start openchat"))
    await asked_now.wait()
    bot.outside.clock.now += timedelta(seconds=30)
    await bot.recovery.take_up()
    go_on.set()

    assert (await start).outcome is Outcome.ACCEPTED
    assert asks == 1
