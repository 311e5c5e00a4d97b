"""The grammar: for every verb, how the words behind it are read."""

from __future__ import annotations

from collections.abc import Callable

from bot.core import lookups, options, parts, personal
from bot.core.command import ALL, Command, Names, Options, Trouble, is_ref
from bot.core.nearest import close, nearest
from bot.core.value import text
from bot.core.verb import Verb
from bot.core.words import PuzzledError, Words

Reader = Callable[[Words, Names], Command]


def read(verb: Verb, line: str, names: Names) -> Command:
    """Read a normalised line that begins with the verb. Raises PuzzledError."""
    words = Words(line)
    command = _READERS[verb](words, names)
    parts.end(words)
    return command


def _start(words: Words, names: Names) -> Command:
    number = parts.release_unless_target(words, names)
    if number is None:
        return _planned(Verb.START, words, names)
    if words.current is not None and not words.current.text.startswith("-"):
        rest = words.line.partition(" ")[2]
        why = text("intent.start_takes_no_changes", release=number)
        raise PuzzledError(Trouble.UNEXPECTED, why, what="end", tries=(f"plan {rest}",))
    return Command(verb=Verb.START, release=number)


def _plan(words: Words, names: Names) -> Command:
    number = parts.release_unless_target(words, names)
    if number is None:
        return _planned(Verb.PLAN, words, names)
    refs, chosen = options.settings(words, names.components)
    return Command(verb=Verb.PLAN, release=number, refs=refs, options=chosen)


def _planned(verb: Verb, words: Words, names: Names) -> Command:
    target = parts.target(words, names)
    components, ref, word = names.targets[target], "", words.current
    if word is not None and word.key is None:
        words.refuse_dashes()
        if word.text in components:
            why = text("intent.component_for_version", component=word.text)
            tries = (words.instead(word, f"only={word.text}"),)
            raise PuzzledError(Trouble.AMBIGUOUS, why, what="version", tries=tries)
        ref = parts.version(words)
    refs, chosen = options.settings(words, components)
    return Command(verb=verb, target=target, ref=ref, refs=refs, options=chosen)


def _stepwise(verb: Verb, *, because: bool | None, needed: bool = False) -> Reader:
    """Read `[REL] [STEP]`; `because`: a reason is required, possible, or None for no reason."""

    def reader(words: Words, names: Names) -> Command:
        number, step = parts.release_and_step(words, names, needed=needed)
        if because is None:
            return Command(verb=verb, release=number, step=step)
        sure = number is not None or bool(step)
        why = parts.reason(words, names, sure=sure, required=because)
        return Command(verb=verb, release=number, step=step, reason=why)

    return reader


def _whole(verb: Verb) -> Reader:
    """Read `[REL] [reason]`."""

    def reader(words: Words, names: Names) -> Command:
        words.refuse_dashes()
        number = parts.release(words)
        why = parts.reason(words, names, sure=number is not None)
        return Command(verb=verb, release=number, reason=why)

    return reader


def _resume(words: Words, _: Names) -> Command:
    return Command(verb=Verb.RESUME, release=parts.release(words, sure=True))


def _confirm(words: Words, _: Names) -> Command:
    number = parts.release(words, sure=True)
    words.refuse_dashes()
    word = words.current
    if word is None:
        raise parts.missing("confirm", (f"{words.line} gates", f"{words.line} each_step"))
    chosen = options.mode(word, word.value if word.key == "confirm" else word.text, words)
    words.take()
    return Command(verb=Verb.CONFIRM, release=number, options=Options(confirm=chosen))


def _rollback(words: Words, names: Names) -> Command:
    words.refuse_dashes()
    target, number = "", None
    if words.current and not words.current.quoted and words.current.text in names.targets:
        target = words.take().text
    else:
        following = words.ahead(1)
        followed = following is not None and (
            following.folded in {ALL, "to"} or following.text in names.components
        )
        number = parts.release(words, sure=followed)
    component = _rolled_back(words, names, target, number)
    to_ref = _back_to(words)
    return Command(
        verb=Verb.ROLLBACK,
        release=number,
        target=target,
        component=component,
        to_ref=to_ref,
        reason=parts.reason(words, names, sure=True),
    )


def _rolled_back(words: Words, names: Names, target: str, number: int | None) -> str:
    words.refuse_dashes()
    components = names.targets[target] if target else names.components
    word = words.current
    if word is None or words.ends_clause(0) or word.folded == "to":
        return ""
    if word.folded == ALL:
        words.take()
        return ALL
    if word.text in components:
        return words.take().text
    among = components if target or number is not None else (*names.targets, *components)
    following = words.ahead(1)
    # A misspelt component taken for a reason would roll back everything.
    if following is None or following.folded == "to" or close(word.text, among):
        if not is_ref(word.text):
            raise parts.not_allowed(word, "component")
        near = nearest(word.text, among)
        why = text("intent.unknown_component", word=word.shown, nearest=", ".join(near))
        tries = (*(words.instead(word, name) for name in near[:2]), words.with_because())
        raise PuzzledError(Trouble.UNKNOWN_NAME, why, what="component", tries=tries)
    return ""


def _back_to(words: Words) -> str:
    if words.keyword != "to":
        return ""
    because = words.with_because()
    words.take()
    ref = parts.version(words)
    # "to be safe" is a reason, "to 2.4" is a version; anything between is asked.
    if not words.ends_clause(0) and not any(letter.isdigit() for letter in ref):
        why = text("intent.ambiguous_to", word=ref[:60])
        tries = (words.with_because(), because)
        raise PuzzledError(Trouble.AMBIGUOUS, why, what="version", tries=tries)
    return ref


def _unlock(words: Words, names: Names) -> Command:
    if words.current is not None and words.current.text in names.targets:
        target, component = parts.target(words, names), ""
    else:
        target, component = "", parts.target_or_component(words, names)
    why = parts.reason(words, names, sure=True, required=True)
    return Command(verb=Verb.UNLOCK, target=target, component=component, reason=why)


def _note(words: Words, _: Names) -> Command:
    word = words.current
    marked = word is not None and not word.quoted and word.text.startswith("#")
    number = parts.release(words) if marked else None
    said = words.free_text()
    if not said:
        raise parts.missing("text")
    return Command(verb=Verb.NOTE, release=number, text=said)


_READERS: dict[Verb, Reader] = {
    Verb.START: _start,
    Verb.PLAN: _plan,
    Verb.STATUS: lookups.status,
    Verb.APPROVE: _stepwise(Verb.APPROVE, because=False),
    Verb.REJECT: _stepwise(Verb.REJECT, because=True),
    Verb.GO: _stepwise(Verb.GO, because=None),
    Verb.CONFIRM: _confirm,
    Verb.PAUSE: _whole(Verb.PAUSE),
    Verb.RESUME: _resume,
    Verb.ABORT: _whole(Verb.ABORT),
    Verb.RETRY: _stepwise(Verb.RETRY, because=None),
    Verb.SKIP: _stepwise(Verb.SKIP, because=True, needed=True),
    Verb.CHECK: _stepwise(Verb.CHECK, because=None),
    Verb.OVERRIDE: _stepwise(Verb.OVERRIDE, because=True),
    Verb.ROLLBACK: _rollback,
    Verb.UNLOCK: _unlock,
    Verb.ERRORS: lookups.errors,
    Verb.HISTORY: lookups.history,
    Verb.RECOUNT: _stepwise(Verb.RECOUNT, because=None),
    Verb.BACKTEST: lookups.backtest,
    Verb.NOTE: _note,
    Verb.WATCH: personal.watch,
    Verb.UNWATCH: personal.unwatch,
    Verb.LINK: personal.link,
    Verb.UNLINK: personal.unlink,
    Verb.WHOAMI: lambda _words, _names: Command(verb=Verb.WHOAMI),
    Verb.PERMISSIONS: lookups.permissions,
    Verb.HELP: lookups.topic,
}
