"""One grammar on every surface: what is said becomes the command that a person would expect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot.core
from bot.chat.texts_intent import TEXTS
from bot.core.config.target import ConfirmMode
from bot.core.intent import (
    Command,
    Misunderstood,
    Names,
    NotForUs,
    Options,
    Verb,
    Wake,
    examples,
    parse,
)
from bot.core.span import Between, Clock, Day, Since, SinceDeploy, read_time
from bot.core.verb import STEPWISE
from tests.support.lines import FREE, GROUP, NAMES, said, wrong

COMMANDS_PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


@pytest.mark.parametrize("verb", Verb)
def test_a_number_alone_is_a_step_behind_some_verbs_only(verb: Verb) -> None:
    """Which of them is said in their help; those who ask for a reason get one."""
    meant = [parse(f"{verb} 7{rest}", wake=FREE, names=NAMES) for rest in ("", " because x")]
    steps = {one.step for one in meant if isinstance(one, Command)} - {""}

    assert steps == ({"7"} if verb in STEPWISE else set())


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("START openchat 2.5", {"verb": "start", "target": "openchat", "ref": "2.5"}),
        ("start openchat 42", {"verb": "start", "target": "openchat", "ref": "42"}),
        ("start 42", {"verb": "start", "release": 42}),
        ("plan 42 chat=2", {"verb": "plan", "release": 42, "refs": {"chat": "2"}}),
        ("approve", {"verb": "approve"}),
        ("approve #42", {"verb": "approve", "release": 42}),
        ("approve 7", {"verb": "approve", "step": "7"}),
        ("approve 42 7", {"verb": "approve", "release": 42, "step": "7"}),
        ("approve 42 chat/gate", {"verb": "approve", "release": 42, "step": "chat/gate"}),
        ("approve because 3 of 3", {"verb": "approve", "reason": "3 of 3"}),
        ('approve 7 "3 of 3"', {"verb": "approve", "step": "7", "reason": "3 of 3"}),
        ("reject “too many”", {"verb": "reject", "reason": "too many"}),
        ("reject because “too many”", {"verb": "reject", "reason": "too many"}),
        ("reject it's bad", {"verb": "reject", "reason": "it's bad"}),
        ("skip 7 flaky host", {"verb": "skip", "step": "7", "reason": "flaky host"}),
        ("skip #42 7 3 are dead", {"verb": "skip", "release": 42, "step": "7"}),
        ("pause 42", {"verb": "pause", "release": 42}),
        ("pause 42 because x", {"verb": "pause", "release": 42, "reason": "x"}),
        ("pause #42 chat is slow", {"verb": "pause", "release": 42, "reason": "chat is slow"}),
        ("confirm Each-Step", {"verb": "confirm"}),
        ("rollback 42 chat", {"verb": "rollback", "release": 42, "component": "chat"}),
        ("rollback to 2.4 too slow", {"verb": "rollback", "to_ref": "2.4", "reason": "too slow"}),
        ("rollback #42 errors everywhere", {"verb": "rollback", "reason": "errors everywhere"}),
        ("rb openchat chat", {"verb": "rollback", "target": "openchat", "component": "chat"}),
        ("unlock chat stale", {"verb": "unlock", "component": "chat", "reason": "stale"}),
        ("errors #42 top 3", {"verb": "errors", "release": 42, "top": 3}),
        ("err in canary", {"verb": "errors", "in_": "canary"}),
        ("note 42 hosts are back", {"verb": "note", "text": "42 hosts are back"}),
        ("note #42 because", {"verb": "note", "release": 42, "text": "because"}),
        ('note "#7 is odd"', {"verb": "note", "text": "#7 is odd"}),
        ("permissions @U0ALICE", {"verb": "permissions", "person": "alice"}),
        ("permissions alice", {"verb": "permissions", "person": "alice"}),
        ("help rb", {"verb": "help", "topic": "rollback"}),
        ("help ok", {"verb": "help", "topic": "approve"}),
        ("status?", {"verb": "status"}),
        ("Lgtm!", {"verb": "approve", "bare": True}),
    ],
)
def test_said_and_meant(line: str, fields: dict[str, object]) -> None:
    """Each line means the command that a person would expect."""
    command = said(line).model_dump(mode="json", exclude_defaults=True)
    assert {key: command.get(key) for key in fields} == fields


def test_options_are_read() -> None:
    """All options, with quoted text and either spelling of capitals."""
    line = 'start openchat CONFIRM=Gates only=chat,search exclude=gateway dry=Yes env=eu note="a b"'
    assert said(line).options == Options(
        confirm=ConfirmMode.GATES,
        only=("chat", "search"),
        exclude=("gateway",),
        dry=True,
        env="eu",
        note="a b",
    )


@pytest.mark.parametrize(
    ("line", "span"),
    [
        ("errors", SinceDeploy()),
        ("errors since deploy", SinceDeploy()),
        ("errors since 1h30m", Since(length="90m")),
        ("errors since 14:30", Since(time=Clock(hour=14, minute=30))),
        ("errors since Tomorrow 10:00", Since(time=Clock(day=Day.TOMORROW, hour=10, minute=0))),
        ("errors since today top 5", Since(time=Clock(day=Day.TODAY, hour=0, minute=0))),
        ("errors since 2026-08-06T14:30Z", Since(time=read_time("2026-08-06T14:30+00:00"))),
        ("errors since 2026-08-06 14:30", Since(time=read_time("2026-08-06T14:30"))),
        (
            "errors of chat between 9:00 and 10:00",
            Between(start=Clock(hour=9, minute=0), end=Clock(hour=10, minute=0)),
        ),
    ],
)
def test_spans_are_read(line: str, span: object) -> None:
    """Every way of saying a time becomes a typed value, not yet a moment."""
    assert said(line).span == span


@pytest.mark.parametrize(
    "line",
    [
        "/release status",
        "\uff0frelease\u3000status",
        "@releasebot status",
        "@releasebot, status",
        "Release status",
        "release: status",
        "@release master status",
        "@Release Master release status",
        "status @Release Master",
    ],
)
@pytest.mark.parametrize("wake", [FREE.model_copy(update={"mentions": GROUP.mentions}), GROUP])
def test_wake_words_are_taken_off(line: str, wake: Wake) -> None:
    """Every way of calling the bot works in every room."""
    assert parse(line, wake=wake, names=NAMES) == Command(verb=Verb.STATUS)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "status",
        "ok",
        "we start openchat at noon",
        "releases are fun",
        "release is delayed",
        "/releasenotes",
        "see errors since deploy",
        "x" * 100_000,
    ],
)
def test_people_may_talk_in_a_group(line: str) -> None:
    """Where a wake word is required, lines without one are none of the bot's business."""
    assert parse(line, wake=GROUP, names=NAMES) == NotForUs()


@pytest.mark.parametrize(
    "line", ["errors since deploy", " Errors  since deploy?", "Ｅｒｒｏｒｓ　since deploy。"]
)
def test_errors_since_deploy_needs_no_wake_word(line: str) -> None:
    """The one sentence that works everywhere."""
    expected = Command(verb=Verb.ERRORS, span=SinceDeploy())
    assert parse(line, wake=GROUP, names=NAMES) == expected


@pytest.mark.parametrize("line", ["release freeze openchat", "release strat", "@releasebot hello"])
def test_a_called_bot_answers(line: str) -> None:
    """Whoever calls the bot by name, or nearly says a verb, is helped."""
    assert isinstance(parse(line, wake=GROUP, names=NAMES), Misunderstood)


def test_calling_without_a_word_is_asking_for_help() -> None:
    """A wake word alone gives help; an empty line gives nothing."""
    assert parse("/release", wake=GROUP, names=NAMES) == Command(verb=Verb.HELP)
    assert parse("  ", wake=FREE, names=NAMES) == NotForUs()


def test_slack_markup_is_undone_before_reading() -> None:
    """A mention of the bot calls it, a linked version is a version, a linked person a person."""
    wake = Wake(required=True, mentions=("@U0BOT",), slack=True)
    line = "<@U0BOT|bot> start openchat chat=<http://v2.example|v2.example>"
    assert parse(line, wake=wake, names=NAMES) == said("start openchat chat=v2.example")
    assert parse("<@U0BOT> permissions <@U0ALICE>", wake=wake, names=NAMES) == said(
        "permissions alice"
    )


def test_every_verb_has_examples_that_parse() -> None:
    """What the help shows is right, also with names that exist elsewhere."""
    for verb in Verb:
        for names in (NAMES, Names(targets={"a-b": ("c.d",)})):
            shown = examples(verb, names)
            assert shown
            assert {said(line, names=names).verb for line in shown} == {verb}


def test_every_line_of_the_page_is_right() -> None:
    """Each example of the page for people parses, each verb has one, each refusal is refused."""
    page = COMMANDS_PAGE.read_text("utf-8")
    taken: set[Verb] = set()
    for refused, block in re.findall(r"```text( refused)?\n(.*?)```", page, re.DOTALL):
        for line in block.splitlines():
            if refused:
                wrong(line)
            else:
                taken.add(said(line).verb)
    assert taken == set(Verb)


def test_every_message_has_a_template_and_every_template_a_message() -> None:
    """The core names messages that exist, and no template is left over."""
    core = Path(str(bot.core.__file__)).parent
    sources = [
        (core / f"{name}.py").read_text("utf-8")
        for name in ("grammar", "intent", "lookups", "options", "parts", "span", "words")
    ]
    used = {key for source in sources for key in re.findall(r'"(intent\.[a-z_]+)"', source)}
    spoken = {word for source in sources for word in re.findall(r'"([a-z_]+)"', source)}
    composed = {key for key in TEXTS if re.match(r"intent\.(missing|not_allowed|unknown)_", key)}
    assert used | composed == set(TEXTS)
    assert {
        re.sub(r"intent\.(missing|not_allowed|unknown)_", "", key) for key in composed
    } <= spoken
