"""What is not understood is refused with help, and never guessed."""

from __future__ import annotations

import pytest

from bot.chat.texts_intent import TEXTS
from bot.core.intent import LONGEST, Names, Trouble
from tests.support.lines import said, wrong


@pytest.mark.parametrize(
    ("line", "code", "key", "first"),
    [
        ("strat openchat", "unknown_verb", "unknown_verb", "start openchat"),
        ("openchat", "unknown_verb", "unknown_verb", "start openchat"),
        ("deploy openchat", "unknown_verb", "unknown_verb", "start openchat"),
        ("start", "missing", "missing_target", "start openchat"),
        ("start opnchat 2.5", "unknown_name", "unknown_target", "start openchat 2.5"),
        ("start open", "unknown_name", "unknown_target", "start openchat"),
        ("start openchat chta=2", "unknown_option", "unknown_option", "start openchat chat=2"),
        ("start openchat cnfirm=gates", "unknown_option", "unknown_option", None),
        ("start openchat only=chta", "unknown_name", "unknown_component", None),
        ("start openchat chat", "ambiguous", "component_for_version", "start openchat only=chat"),
        ("start openchat 2.5 2.6", "unexpected", "unexpected", "start openchat 2.5"),
        ("start openchat note=fix login", "unexpected", "unexpected", "start openchat note=fix"),
        ("start openchat chat=1 chat=2", "unexpected", "twice", "start openchat chat=1"),
        ("start openchat chat=", "missing", "missing_version", None),
        ("start openchat dry=maybe", "bad_value", "bad_dry", "start openchat dry=yes"),
        ("start #42 chat=2", "unexpected", "start_takes_no_changes", "plan #42 chat=2"),
        ("start #x", "bad_value", "bad_release", None),
        ("status #0", "bad_value", "bad_release", "status"),
        ("reject", "missing", "missing_reason", None),
        ("reject because", "missing", "missing_reason", None),
        ("skip", "missing", "missing_step", None),
        ("skip flaky", "missing", "missing_step", None),
        ("skip 7 3 are dead", "ambiguous", "ambiguous_number", "skip 7 because 3 are dead"),
        ("approve gatewy/gate", "unknown_name", "unknown_component", "approve gateway/gate"),
        ("approve chat", "ambiguous", "step_of_component", "approve chat/gate"),
        ("pause 42 are down", "ambiguous", "ambiguous_number", "pause #42 are down"),
        ("abort openchat", "ambiguous", "name_for_reason", "abort because openchat"),
        ("confirm", "missing", "missing_confirm", "confirm gates"),
        ("confirm gate", "bad_value", "bad_confirm", "confirm each_step"),
        ("rollback #42 chta", "unknown_name", "unknown_component", "rollback #42 chat"),
        ("rollback #42 chta to 2.4", "unknown_name", "unknown_component", None),
        ("rollback #42 to be safe", "ambiguous", "ambiguous_to", None),
        ("rollback #42 to", "missing", "missing_version", None),
        ("unlock chta x", "unknown_name", "unknown_target_or_component", "unlock chat x"),
        ("status chta", "unknown_name", "component_for_target", "status openchat"),
        ("status cart", "unknown_name", "component_for_target", "status shop"),
        ("status shp", "unknown_name", "unknown_target", "status shop"),
        ("status zzz", "unknown_name", "unknown_target", None),
        ("errors of chta", "unknown_name", "unknown_target_or_component", "errors of chat"),
        ("errors of opnchat", "unknown_name", "unknown_target_or_component", "errors of openchat"),
        ("unlock chat", "missing", "missing_reason", None),
        ("unlock", "missing", "missing_target", None),
        ("start openchat confirm=always", "bad_value", "bad_confirm", None),
        ("errors since monday", "bad_value", "bad_time", None),
        ("errors since 2026-13-01", "bad_value", "bad_time", None),
        ("errors since 0s", "bad_value", "bad_time", None),
        ("errors since 99999d", "bad_value", "bad_time", None),
        ("errors between 9:00", "missing", "missing_end_time", None),
        ("errors since", "missing", "missing_time", None),
        ("errors since 2 hours", "bad_value", "bad_time", "errors since 2h"),
        ("errors between", "missing", "missing_time", None),
        ("errors in", "missing", "missing_group", None),
        ("errors of", "missing", "missing_target", None),
        ("errors top", "bad_value", "bad_count", "errors top 10"),
        ("errors top 3 please", "unexpected", "unexpected", "errors top 3"),
        ("start openchat note=", "missing", "missing_value", None),
        ("start openchat env=;rm", "not_allowed", "not_allowed_env", None),
        ("start openchat only=chat, search", "bad_value", "list_with_spaces", None),
        ("start openchat 2.5 because fix", "unexpected", "unexpected", None),
        ("errors top 0", "bad_value", "bad_count", "errors top 10"),
        ("errors chat", "unexpected", "unexpected", "errors of chat"),
        ("errors since 1h since 2h", "unexpected", "twice", None),
        ("history last many", "bad_value", "bad_count", "history last 10"),
        ("note #42", "missing", "missing_text", None),
        ("permissions @carol", "unknown_name", "unknown_person", None),
        ("help frobnicate", "unknown_name", "unknown_verb", None),
        ("whoami now", "unexpected", "unexpected", "whoami"),
        ("ok let me see", "unexpected", "yes_alone", "approve let me see"),
    ],
)
def test_not_understood_and_helped(line: str, code: str, key: str, first: str | None) -> None:
    """The refusal says what is wrong, and its first suggestion is what was probably meant."""
    refusal = wrong(line)
    assert (refusal.code, refusal.text.key) == (Trouble(code), f"intent.{key}")
    assert first is None or refusal.suggestions[0] == first


@pytest.mark.parametrize(
    "verb",
    ["freeze", "unfreeze", "schedule", "train", "xyzzy"],
)
def test_unknown_verbs_get_the_nearest_three(verb: str) -> None:
    """Verbs of later versions and of no version are answered with three that exist."""
    refusal = wrong(f"{verb} openchat")
    assert refusal.code is Trouble.UNKNOWN_VERB
    assert len(refusal.suggestions) == 3
    assert len(str(refusal.text.params["nearest"]).split(", ")) == 3


def test_an_unknown_target_gets_the_nearest_three() -> None:
    """Of many targets the three nearest are offered, nearest first."""
    many = Names(targets=dict.fromkeys(("mail", "maps", "media", "music", "payments"), ("x",)))
    assert wrong("start mal", names=many).suggestions == ("start mail", "start maps", "start media")


def test_a_component_called_like_an_option_is_never_guessed() -> None:
    """`note=2.5` could be a version or a remark, so the one clear spelling is offered."""
    refusal = wrong("start shop note=2.5", names=Names(targets={"shop": ("cart", "note")}))
    assert refusal.code is Trouble.AMBIGUOUS
    assert refusal.suggestions[0] == "start shop 2.5 only=note"


@pytest.mark.scenario(34)
@pytest.mark.parametrize(
    "bad",
    [
        ";rm",
        "$(reboot)",
        "`id`",
        "a;b",
        "a|b",
        "a&b",
        "../x",
        "a/../b",
        "-rf",
        "a" * 129,
        "a\\b",
        "*",
        "été",
    ],
)
@pytest.mark.parametrize(
    "line", ["start openchat {}", "start openchat chat={}", "rollback #1 to {}"]
)
def test_no_version_can_be_a_shell_command(line: str, bad: str) -> None:
    """A version outside the allow-list is refused with what is allowed, on every way in."""
    refusal = wrong(line.format(bad))
    assert refusal.code in {Trouble.NOT_ALLOWED, Trouble.DASHES}
    assert "allowed" in TEXTS[refusal.text.key] or refusal.code is Trouble.DASHES


@pytest.mark.scenario(34)
@pytest.mark.parametrize(
    "line",
    ["start ;rm", "start openchat only=;rm", "rollback #1 $(x)", "unlock ;rm x", "errors in $(x)"],
)
def test_no_name_can_be_a_shell_command(line: str) -> None:
    """The same holds for targets, components and host groups."""
    assert wrong(line).code is Trouble.NOT_ALLOWED


def test_a_rest_of_shell_is_no_command() -> None:
    """What follows a right beginning is refused, too, and not dropped."""
    assert wrong("start openchat 2.5 ; rm -rf /").code is Trouble.UNEXPECTED


@pytest.mark.scenario(34)
@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("start openchat --confirm gates", "start openchat confirm=gates"),
        ("start openchat --confirm=gates 2", None),
        ("start openchat —confirm gates", "start openchat confirm=gates"),
        ("start openchat 2.5 --only=chat", "start openchat 2.5 only=chat"),
        ("start openchat --dry", "start openchat dry=yes"),
        ('start openchat --note "a b"', 'start openchat note="a b"'),
        ("abort #42 --force", "abort #42"),
        ("start --help", None),
    ],
)
def test_dashes_are_answered_with_the_right_spelling(line: str, right: str | None) -> None:
    """`--key value` does nothing and shows key=value."""
    refusal = wrong(line)
    assert refusal.code is Trouble.DASHES
    assert right is None or refusal.suggestions[0] == right


def test_a_long_line_is_refused_and_not_cut() -> None:
    """A reason beyond the limit is not recorded in half."""
    assert wrong("pause because " + "x" * LONGEST).code is Trouble.TOO_LONG
    assert said("pause because " + "x" * (LONGEST - 14)).reason == "x" * (LONGEST - 14)


def test_many_mistakes_stay_cheap() -> None:
    """A line of nothing but mistakes is answered by looking at a few lines, not at all of them."""
    refusal = wrong("start openchat " + " ".join(f"k{n}=1" for n in range(200)))
    assert refusal.suggestions == ("help start",)


def test_nothing_is_suggested_that_does_not_exist() -> None:
    """Without targets there are no examples of targets, and still an answer."""
    refusal = wrong("start x", names=Names())
    assert (refusal.example, refusal.suggestions) == ("", ("help start",))
