"""The parts that many commands share: release, step, names, versions and reasons."""

from __future__ import annotations

import re

from bot.core.command import Names, Trouble, is_ref
from bot.core.nearest import close, nearest
from bot.core.value import text
from bot.core.words import BECAUSE, PuzzledError, Word, Words

_TYPICAL = {
    "approve": "gate",
    "reject": "gate",
    "check": "check",
    "override": "check",
    "recount": "check",
}
_RELEASE = re.compile(r"#0*([1-9][0-9]{0,8})")


def unknown_name(words: Words, word: Word, what: str, among: tuple[str, ...]) -> PuzzledError:
    """What to raise for a name that does not exist: its nearest three are tried in its place."""
    near = nearest(word.text, among)
    why = text(f"intent.unknown_{what}", word=word.shown, nearest=", ".join(near))
    tries = tuple(words.instead(word, name) for name in near)
    return PuzzledError(Trouble.UNKNOWN_NAME, why, what=what, tries=tries)


def missing(what: str, tries: tuple[str, ...] = ()) -> PuzzledError:
    """What to raise where a required part is not there."""
    return PuzzledError(Trouble.MISSING, text(f"intent.missing_{what}"), what=what, tries=tries)


def not_allowed(word: Word, what: str) -> PuzzledError:
    """What to raise for a word that must not reach an executor."""
    why = text(f"intent.not_allowed_{what}", word=word.shown)
    return PuzzledError(Trouble.NOT_ALLOWED, why, what=what)


def end(words: Words) -> None:
    """Raise PuzzledError when the line goes on."""
    word = words.current
    if word is None:
        return
    words.refuse_dashes()
    why = text("intent.unexpected", word=word.shown)
    raise PuzzledError(Trouble.UNEXPECTED, why, what="end", tries=shorter(words))


def shorter(words: Words) -> tuple[str, ...]:
    """The line without what is left of it, and with a reason that is left as a note."""
    short, word = words.upto(), words.current
    if word is None or word.folded != BECAUSE:
        return (short,)
    said = words.line[word.end :].strip().replace('"', "'")
    return (f'{short} note="{said}"', short)


def release(words: Words, *, sure: bool = False) -> int | None:
    """Read `#42`, or `42` where it is `sure` that no reason begins with it."""
    word = words.current
    if word is None or word.quoted:
        return None
    if word.text.startswith("#"):
        return _marked_release(words, word)
    if not word.is_number or not int(word.text):
        return None
    if not (sure or words.ends_clause(1)):
        marked = words.instead(word, f"#{int(word.text)}")
        raise _ambiguous_number(word, (marked, words.with_because()))
    return int(words.take().text)


def release_unless_target(words: Words, names: Names) -> int | None:
    """Read a release where a target could stand as well; a target called 42 wins."""
    known = words.current is not None and words.current.text in names.targets
    return None if known else release(words, sure=True)


def _marked_release(words: Words, word: Word) -> int:
    match = _RELEASE.fullmatch(word.text)
    if match is None:
        why = text("intent.bad_release", word=word.shown)
        tries = (words.with_because(), words.without(word))
        raise PuzzledError(Trouble.BAD_VALUE, why, what="release", tries=tries)
    words.take()
    return int(match[1])


def _ambiguous_number(word: Word, tries: tuple[str, ...]) -> PuzzledError:
    why = text("intent.ambiguous_number", word=word.shown)
    return PuzzledError(Trouble.AMBIGUOUS, why, what="release", tries=tries)


def release_and_step(words: Words, names: Names, *, needed: bool = False) -> tuple[int | None, str]:
    """Read `[REL] [STEP]`. A number without # is a step, unless a step follows it."""
    words.refuse_dashes()
    word, number = words.current, None
    if word is not None and word.text.startswith("#") and not word.quoted:
        number = _marked_release(words, word)
    elif word is not None and word.is_number and int(word.text) and _step_follows(words, names):
        number = int(words.take().text)
    return number, step(words, names, needed=needed, released=number is not None)


def _step_follows(words: Words, names: Names) -> bool:
    following = words.ahead(1)
    if following is None or following.quoted:
        return False
    if following.is_number:
        return words.ends_clause(2)
    head, sign, _ = following.text.partition("/")
    return bool(sign) and is_ref(following.text) and head in names.components


def step(words: Words, names: Names, *, needed: bool, released: bool) -> str:
    """Read `component/word` or a number; empty where a reason begins or the line ends."""
    words.refuse_dashes()
    word = words.current
    if word is None or words.ends_clause(0):
        if needed:
            raise missing("step")
        return ""
    if word.is_number:
        return _numbered_step(words, word, needed=needed, released=released)
    head, _, tail = word.text.partition("/")
    if is_ref(word.text) and tail[:1].isalnum():
        if head not in names.components:
            raise _unknown_step(words, word, names)
        return words.take().text
    if word.text in names.components:
        example = f"{word.text}/{_TYPICAL.get(words.verb, 'deploy')}"
        why = text("intent.step_of_component", component=word.text, example=example)
        tries = (words.instead(word, example), words.with_because())
        raise PuzzledError(Trouble.AMBIGUOUS, why, what="step", tries=tries)
    if needed:
        raise missing("step")
    return ""


def _numbered_step(words: Words, word: Word, *, needed: bool, released: bool) -> str:
    following = words.ahead(1)
    another = following is not None and following.is_number
    sure = needed and (released or not another)
    if not (sure or words.ends_clause(1)):
        marked = words.instead(word, f"#{int(word.text)}")
        tries = (words.with_because(1), marked, words.with_because())
        raise _ambiguous_number(word, tries)
    return str(int(words.take().text))


def _unknown_step(words: Words, word: Word, names: Names) -> PuzzledError:
    head, _, tail = word.text.partition("/")
    near = nearest(head, names.components)
    why = text("intent.unknown_component", word=head[:60], nearest=", ".join(near))
    likely = near[:2] if close(head, near) else ()
    tries = (*(words.instead(word, f"{name}/{tail}") for name in likely), words.with_because())
    return PuzzledError(Trouble.UNKNOWN_NAME, why, what="component", tries=tries)


def target(words: Words, names: Names) -> str:
    """Read a known target."""
    words.refuse_dashes()
    word = words.current
    if word is None:
        tries = tuple(f"{words.line} {name}" for name in tuple(names.targets)[:3])
        raise missing("target", tries)
    if word.quoted or word.text not in names.targets:
        raise _not_a_name(words, word, "target", tuple(names.targets))
    return words.take().text


def _not_a_name(words: Words, word: Word, what: str, among: tuple[str, ...]) -> PuzzledError:
    if not is_ref(word.text):
        return not_allowed(word, what)
    return unknown_name(words, word, what, among)


def target_or_component(words: Words, names: Names) -> str:
    """Read a known target or component."""
    words.refuse_dashes()
    word, among = words.current, (*names.targets, *names.components)
    if word is None:
        raise missing("target")
    if not is_ref(word.text):
        raise not_allowed(word, "target")
    if word.quoted or word.text not in among:
        raise unknown_name(words, word, "target_or_component", among)
    return words.take().text


def person(words: Words, names: Names, *, also: tuple[str, ...] = ()) -> str:
    """Read a known person, `@` in front or not; `also` are other names that could stand here."""
    word = words.current
    if word is None:
        raise missing("target")
    said = word.text.removeprefix("@")
    found = said if said in names.people else names.accounts.get(said, "")
    if not found:
        words.refuse_dashes()
        among = (*(f"@{name}" for name in names.people), *also)
        raise unknown_name(words, word, "person", among)
    words.take()
    return found


def version(words: Words) -> str:
    """Read a version."""
    words.refuse_dashes()
    word = words.current
    if word is None:
        raise missing("version")
    if not is_ref(word.text):
        raise not_allowed(word, "version")
    return words.take().text


def reason(words: Words, names: Names, *, sure: bool = False, required: bool = False) -> str:
    """Read `[because] TEXT` or a quoted text: everything to the end of the line.

    Unless it is `sure` which release is meant, a reason that begins with the name of a target, or
    is the name of a component, must be marked: it might have been meant to choose the release.
    """
    words.refuse_dashes()
    word = words.current
    if word is not None and not sure and not words.ends_clause(0):
        alone = words.ahead(1) is None
        if word.text in names.targets or (alone and word.text in names.components):
            why = text("intent.name_for_reason", word=word.shown)
            tries = (words.with_because(), f"status {word.text}")
            raise PuzzledError(Trouble.AMBIGUOUS, why, what="release", tries=tries)
    if words.keyword == BECAUSE:
        words.take()
    said = words.free_text()
    if required and not said:
        raise missing("reason")
    return said
