"""The grammar of the questions: status, errors, history, permissions and help."""

from __future__ import annotations

from bot.core import parts
from bot.core.command import ALIASES, ALL, YES, Command, Names, Trouble, is_ref
from bot.core.nearest import close, nearest
from bot.core.span import Between, Clock, Dated, Day, Since, SinceDeploy, read_duration, read_time
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.words import PuzzledError, Word, Words


def status(words: Words, names: Names) -> Command:
    """Read `status [REL | TARGET | all]`."""
    number = parts.release_unless_target(words, names)
    if number is not None or words.current is None:
        return Command(verb=Verb.STATUS, release=number)
    if words.keyword == ALL:
        words.take()
        return Command(verb=Verb.STATUS, target=ALL)
    _refuse_component(words, words.current, names)
    return Command(verb=Verb.STATUS, target=parts.target(words, names))


def _refuse_component(words: Words, word: Word, names: Names) -> None:
    """Raise PuzzledError for a word that is a component, perhaps misspelt, rather than a target."""
    near = nearest(word.text, (*names.targets, *names.components), count=1)
    if not is_ref(word.text) or set(near) & set(names.targets) or not close(word.text, near):
        return
    target = next(name for name, components in names.targets.items() if near[0] in components)
    why = text("intent.component_for_target", word=word.shown, component=near[0], target=target)
    tries = (words.instead(word, target),)
    raise PuzzledError(Trouble.UNKNOWN_NAME, why, what="target", tries=tries)


def errors(words: Words, names: Names) -> Command:
    """Read `errors [span] [of NAME] [in GROUP] [top N]`, the clauses in any order."""
    found: dict[str, object] = {"release": parts.release_unless_target(words, names)}
    clauses = {"since": _since, "between": _between, "of": _of, "in": _in, "top": _top}
    fields = {"since": "span", "between": "span", "in": "in_"}
    while words.current is not None and words.keyword in clauses:
        word = words.take()
        field = fields.get(word.folded, word.folded)
        if field in found:
            why = text("intent.twice", key=word.folded)
            raise PuzzledError(Trouble.UNEXPECTED, why, what=word.folded)
        found[field] = clauses[word.folded](words, names)
    if words.current is not None:
        words.refuse_dashes()
        tries = (words.instead(words.current, f"of {words.current.text}"), words.upto())
        why = text("intent.unexpected", word=words.current.shown)
        raise PuzzledError(Trouble.UNEXPECTED, why, what="span", tries=tries)
    return Command.model_validate({"verb": Verb.ERRORS, "span": SinceDeploy(), **found})


def _since(words: Words, _: Names) -> SinceDeploy | Since:
    word = words.current
    if word is None:
        raise parts.missing("time")
    if word.folded == "deploy":
        words.take()
        return SinceDeploy()
    length = read_duration(word.folded)
    if length is not None:
        words.take()
        return Since(length=length)
    return Since(time=_time(words))


def _between(words: Words, _: Names) -> Between:
    start = _time(words)
    if words.keyword != "and":
        raise parts.missing("end_time")
    words.take()
    return Between(start=start, end=_time(words))


def _time(words: Words) -> Clock | Dated:
    word = words.current
    if word is None:
        raise parts.missing("time")
    following = words.ahead(1)
    long = read_time(f"{word.text} {following.text}") if following is not None else None
    said = long or read_time(word.text)
    if said is None:
        near = nearest(word.text, ("deploy", *Day, "1h"))
        tries = tuple(words.instead(word, name) for name in near)
        if word.is_number and following is not None:
            length = f"{word.text}{following.folded[:1]}"
            tries = (words.instead(word, length, drop_next=True), *tries)
        why = text("intent.bad_time", word=word.shown)
        raise PuzzledError(Trouble.BAD_VALUE, why, what="time", tries=tries)
    words.take()
    if long is not None:
        words.take()
    return said


def _of(words: Words, names: Names) -> str:
    return parts.target_or_component(words, names)


def _in(words: Words, _: Names) -> str:
    words.refuse_dashes()
    word = words.current
    if word is None:
        raise parts.missing("group")
    if not is_ref(word.text):
        raise parts.not_allowed(word, "group")
    return words.take().text


def _top(words: Words, _: Names) -> int:
    return _count(words, 50)


def _count(words: Words, most: int) -> int:
    word = words.current
    if word is None or not word.is_number or not 1 <= int(word.text) <= most:
        shown = word.shown if word else ""
        tries = (words.instead(word, "10"),) if word else (f"{words.line} 10",)
        why = text("intent.bad_count", word=shown, most=most)
        raise PuzzledError(Trouble.BAD_VALUE, why, what="count", tries=tries)
    return int(words.take().text)


def history(words: Words, names: Names) -> Command:
    """Read `history [TARGET] [last N]`."""
    target = ""
    if words.current is not None and words.keyword != "last":
        target = parts.target(words, names)
    last = None
    if words.keyword == "last":
        words.take()
        last = _count(words, 200)
    return Command(verb=Verb.HISTORY, target=target, last_n=last)


def backtest(words: Words, names: Names) -> Command:
    """Read `backtest TARGET [last N] [pseudo N]`."""
    target = parts.target(words, names)
    counts: dict[str, int] = {}
    while words.keyword in {"last", "pseudo"}:
        word = words.take()
        if word.folded in counts:
            why = text("intent.twice", key=word.folded)
            raise PuzzledError(Trouble.UNEXPECTED, why, what=word.folded)
        counts[word.folded] = _count(words, 2000)
    last, pseudo = counts.get("last"), counts.get("pseudo")
    return Command(verb=Verb.BACKTEST, target=target, last_n=last, pseudo=pseudo)


def permissions(words: Words, names: Names) -> Command:
    """Read `permissions [USER | TARGET]`; `@` in front makes it a person."""
    word = words.current
    if word is None:
        return Command(verb=Verb.PERMISSIONS)
    if word.text in names.targets:
        return Command(verb=Verb.PERMISSIONS, target=words.take().text)
    person = parts.person(words, names, also=tuple(names.targets))
    return Command(verb=Verb.PERMISSIONS, person=person)


def topic(words: Words, _: Names) -> Command:
    """Read `help [VERB]`."""
    word = words.current
    if word is None:
        return Command(verb=Verb.HELP)
    verb = str(Verb.APPROVE) if word.folded in YES else ALIASES.get(word.folded, word.folded)
    if verb not in set(Verb):
        raise parts.unknown_name(words, word, "verb", tuple(Verb))
    words.take()
    return Command(verb=Verb.HELP, topic=str(verb))
