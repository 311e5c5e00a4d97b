"""Names that last: over restarts, order, workers and generalisation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.mining.templates import MOST_PATTERNS, NAME_LENGTH, StoredTemplates, Templates

USERS = ("anna", "ben", "carla", "dan", "emil", "fred", "greta", "hugo")
WORDS = st.sampled_from(
    ["order", "user", "anna", "ben", "FAILED", "7", "10.0.0.1", "for", "id=3", "state=ok", "a.b.C"]
)
MESSAGES = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=30)


def lines(users: tuple[str, ...] = USERS) -> list[str]:
    """Two kinds of messages about users."""
    return [f"{what} for user {user} from 10.0.0.1" for user in users for what in ("no", "bad")]


def test_a_message_has_the_name_of_its_template() -> None:
    """Known and later messages of a template have its name; another one names itself."""
    templates = Templates().learn(lines())

    assert templates.name("no for user anna from 10.0.0.1") == "no for user <*> from <*>"
    assert templates.name("no for user zoe from 10.9.9.9") == "no for user <*> from <*>"
    assert templates.name("disk 7 is full") == "disk <*> is full"
    assert templates.name("  \n ") == ""


def test_naming_teaches_nothing() -> None:
    """The set is fixed: the order of later messages cannot matter."""
    templates = Templates().learn(lines())
    before = templates.stored()
    for user in ("xaver", "yuki", "zoe", "wim", "vera"):
        templates.name(f"unknown thing for user {user}")

    assert templates.stored() == before
    assert templates.name("unknown thing for user yuki") == "unknown thing for user yuki"


def test_names_survive_a_restart_in_the_middle() -> None:
    """What was stored and went on learning gives the names that learning all at once gives."""
    messages = lines()
    stored = Templates().learn(messages[:7]).stored()
    read = StoredTemplates.model_validate_json(stored.model_dump_json())
    later = Templates.restored(read).learn(messages[7:])

    assert [later.name(one) for one in messages] == [
        Templates().learn(messages).name(one) for one in messages
    ]


def test_workers_agree() -> None:
    """Four that saw a part each find together what one finds alone."""
    messages = lines()
    together = Templates()
    for worker in range(4):
        together = together.united(Templates().learn(messages[worker::4]))

    assert together.stored() == Templates().learn(messages).stored()


def test_an_old_name_is_found_when_its_template_generalises() -> None:
    """What was counted under the old name belongs to the new one."""
    few = Templates().learn(lines(USERS[:2]))
    many = few.learn(lines(USERS[2:]))
    old = few.name("bad for user anna from 10.0.0.1")

    assert old == "bad for user anna from <*>"
    assert many.resolve(old) == "bad for user <*> from <*>"
    assert many.resolve("bad for user <*> from <*>") == "bad for user <*> from <*>"
    assert many.resolve("never seen before") == "never seen before"


def test_a_long_name_is_cut_and_still_resolved() -> None:
    """A cut name ends with its hash, tells templates apart, and has an alias when it changes."""
    tail = " because of word" * 20
    few = Templates().learn([f"no entry for user {user}{tail}" for user in USERS[:2]])
    old = few.name(f"no entry for user anna{tail}")
    many = few.learn([f"no entry for user {user}{tail}" for user in USERS[2:]])
    new = many.name(f"no entry for user anna{tail}")

    assert len(old) == len(new) == NAME_LENGTH
    assert old != few.name(f"no entry for user ben{tail}")
    assert new.startswith("no entry for user <*> because")
    assert many.resolve(old) == many.resolve(new) == new
    assert Templates.restored(many.stored()).resolve(old) == new


def test_aliases_follow_each_other() -> None:
    """A cut name that changed twice leads to the last one, also after uniting."""
    tail = " because of word" * 20
    whole = [f"no entry for user {user} at {place}{tail}" for user in USERS for place in USERS[:4]]
    first = Templates().learn(whole[:1])
    old = first.name(whole[0])
    last = first.learn(whole[:4]).learn(whole)

    assert last.resolve(old) == last.name(whole[0])
    assert Templates().united(last).resolve(old) == last.name(whole[0])


def test_a_template_of_more_words_has_the_name_of_fewer() -> None:
    """Variables side by side are one in the name, so that two words for a user split nothing."""
    one = [f"password refused for user {user} from home" for user in USERS]
    two = [f"password refused for user {user} x{user} from home" for user in USERS * 4]
    more = [f"password refused for user {a} {b} from home" for a in USERS for b in USERS if a != b]
    templates = Templates().learn([*one, *two, *more])

    assert {templates.name(message) for message in one + more} == {
        "password refused for user <*> from home"
    }


def test_what_is_forgotten_keeps_its_name() -> None:
    """Beyond the limit messages without a slot are dropped, and name themselves all the same."""
    letters = "abcdefghij"
    words = [f"{a}{b}{c}{d}x{e}" for a in letters for b in letters for c in letters for d in letters
             for e in "abc"]  # fmt: skip
    templates = Templates().learn(words)

    assert len(templates.patterns) == MOST_PATTERNS < len(words)
    assert [templates.name(word) for word in words] == words


def test_a_wrong_version_is_refused() -> None:
    """Templates of a later version are not read as if they were known."""
    with pytest.raises(ValueError, match="version"):
        StoredTemplates.model_validate({"version": 2})


@given(MESSAGES, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(messages: list[str], rng: random.Random) -> None:
    """Any order of the same messages, each any number of times, gives the same templates."""
    mixed = messages + messages[::2]
    rng.shuffle(mixed)

    assert Templates().learn(mixed).stored() == Templates().learn(messages).stored()


@given(MESSAGES, MESSAGES)
def test_every_name_is_known_later(early: list[str], late: list[str]) -> None:
    """A name that was given resolves to what its message is called after more was learnt."""
    few = Templates().learn(early)
    many = Templates.restored(few.stored()).learn(late)

    assert [many.resolve(few.name(one)) for one in early] == [many.name(one) for one in early]
