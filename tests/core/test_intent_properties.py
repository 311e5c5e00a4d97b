"""What holds for every text and for every command of the grammar."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.texts_intent import TEXTS
from bot.core.config.target import ConfirmMode
from bot.core.intent import Command, Misunderstood, Names, Options, Verb, Wake, parse, spell
from bot.core.normalise import normalise, unquote
from bot.core.span import Between, Clock, Day, Since, SinceDeploy
from tests.support.lines import FREE, GROUP, NAMES, said

KEYWORDS = """#42 42 7 #0 0 # chat/gate because to all since deploy 2h 14:30 tomorrow between and
of in top last --x —y only=chat dry=no chta 2.5 = release @alice gates ok - a=b $(x) note=' " 'q"""
PIECES = st.sampled_from(
    (*Verb, *NAMES.targets, *NAMES.components, *KEYWORDS.split(), 'note="a b"', "'q r'")
)
LINES = st.lists(PIECES, max_size=7).map(" ".join)
ANYTHING = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@settings(max_examples=100, deadline=None)
@given(
    LINES | ANYTHING | st.tuples(LINES, ANYTHING).map(" ".join),
    st.sampled_from([FREE, GROUP, FREE.model_copy(update={"slack": True})]),
    st.sampled_from([NAMES, Names()]),
)
def test_every_text_is_read_without_raising(line: str, wake: Wake, names: Names) -> None:
    """Parsing is total; refusals can be worded, and each suggestion is a line that parses."""
    intent = parse(line, wake=wake, names=names)
    if isinstance(intent, Misunderstood):
        assert TEXTS[intent.text.key].format(**intent.text.params)
        assert len(intent.suggestions) <= 3
        for suggestion in intent.suggestions:
            said(suggestion, names=names)
    if isinstance(intent, Command):
        assert Command.model_validate_json(intent.model_dump_json()) == intent


@settings(max_examples=100, deadline=None)
@given(LINES)
def test_what_is_understood_can_be_spelled(line: str) -> None:
    """Spelling a command that was parsed and parsing it again gives the same command."""
    intent = parse(line, wake=FREE, names=NAMES)
    if isinstance(intent, Command):
        assert said(spell(intent)) == intent


FREE_TEXT = (
    st.text(max_size=20)
    .map(lambda s: unquote(normalise(s)))
    .filter(lambda s: s == unquote(normalise(s)))
)
REASON = st.one_of(st.just(""), FREE_TEXT)
REF = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._+:@/-]{0,20}\Z").filter(
    lambda s: ".." not in s and s not in NAMES.components
)
RELEASE = st.none() | st.integers(1, 999_999_999)
STEP = st.sampled_from(["chat/gate", "gateway/restart-canary", "7", "0"])
COMPONENT = st.sampled_from(NAMES.targets["openchat"])
CLOCKS = st.builds(
    Clock, day=st.none() | st.sampled_from(Day), hour=st.integers(0, 23), minute=st.integers(0, 59)
)
SPANS = st.one_of(
    st.just(SinceDeploy()),
    st.integers(1, 10**7).map(lambda n: Since(length=n)),
    CLOCKS.map(lambda clock: Since(time=clock)),
    st.builds(Between, start=CLOCKS, end=CLOCKS),
)
OPTIONS = st.builds(
    Options,
    confirm=st.none() | st.sampled_from(ConfirmMode),
    only=st.lists(COMPONENT, max_size=2).map(tuple),
    exclude=st.lists(COMPONENT, max_size=2).map(tuple),
    note=FREE_TEXT.filter(lambda s: not (s and '"' in s and "'" in s)),
    dry=st.booleans(),
    env=st.just("") | REF,
)


def built(
    verb: st.SearchStrategy[Verb], **fields: st.SearchStrategy[object]
) -> st.SearchStrategy[Command]:
    """Commands of these verbs with these fields."""
    return st.builds(Command, verb=verb, **fields)


def verbs(*names: str) -> st.SearchStrategy[Verb]:
    """One of these verbs."""
    return st.sampled_from([Verb(name) for name in names])


COMMANDS = st.one_of(
    built(
        verbs("start", "plan"),
        target=st.just("openchat"),
        ref=st.just("") | REF,
        refs=st.dictionaries(COMPONENT, REF, max_size=2),
        options=OPTIONS,
    ),
    built(verbs("plan"), release=st.integers(1, 99), options=OPTIONS),
    built(verbs("status"), target=st.sampled_from(["", "all", "shop"])),
    built(verbs("status", "pause", "abort", "resume", "start", "plan"), release=st.integers(1, 99)),
    built(verbs("pause", "abort", "approve"), release=RELEASE, reason=REASON),
    built(verbs("approve"), release=RELEASE, step=st.just("") | STEP, reason=REASON),
    built(
        verbs("reject", "skip", "override"), release=RELEASE, step=STEP, reason=REASON.filter(bool)
    ),
    built(verbs("go", "retry", "check"), release=RELEASE, step=st.just("") | STEP),
    built(
        verbs("confirm"),
        release=RELEASE,
        options=st.sampled_from(ConfirmMode).map(lambda mode: Options(confirm=mode)),
    ),
    built(
        verbs("rollback"),
        release=RELEASE,
        component=st.sampled_from(["", "all", "cart"]),
        to_ref=st.just("") | REF,
        reason=REASON,
    ),
    built(verbs("rollback", "permissions"), target=st.just("openchat")),
    built(verbs("unlock"), component=COMPONENT, reason=REASON.filter(bool)),
    built(
        verbs("errors"),
        span=SPANS,
        release=RELEASE,
        of=st.sampled_from(["", "chat", "shop"]),
        in_=st.just("") | REF,
        top=st.none() | st.integers(1, 50),
    ),
    built(verbs("history"), target=st.just("") | st.just("shop"), last_n=st.none() | st.just(9)),
    built(
        verbs("backtest"),
        target=st.just("shop"),
        last_n=st.none() | st.just(9),
        pseudo=st.none() | st.integers(1, 2000),
    ),
    built(
        verbs("note"),
        release=RELEASE,
        text=FREE_TEXT.filter(bool).filter(lambda s: not s.startswith("#")),
    ),
    built(verbs("permissions"), person=st.just("alice")),
    built(verbs("help"), topic=st.sampled_from(["", "start"])),
    built(verbs("approve"), bare=st.just(value=True)),
)


@settings(max_examples=100, deadline=None)
@given(COMMANDS)
def test_parsing_the_spelling_gives_the_command(command: Command) -> None:
    """Every command has one right spelling, which every room understands."""
    assert said(spell(command)) == command
    assert parse(f"/release {spell(command)}", wake=GROUP, names=NAMES) == command
