"""Commands written the way people would type them, and two right lines for every verb."""

from __future__ import annotations

from bot.core.command import Command, Names, Options
from bot.core.span import SinceDeploy, spell_span
from bot.core.verb import Verb
from bot.core.watch import Events
from bot.core.words import BECAUSE

_EXAMPLES: dict[Verb, tuple[str, str]] = {
    Verb.START: ("start {target}", "start {target} {component}=2.5.0 confirm=gates"),
    Verb.PLAN: ("plan {target}", "plan #42 {component}=2.5.0"),
    Verb.STATUS: ("status", "status {target}"),
    Verb.APPROVE: ("approve", "approve #42 {component}/gate looks good"),
    Verb.REJECT: ("reject because new errors", "reject #42 {component}/gate new errors"),
    Verb.GO: ("go", "go #42 {component}/deploy"),
    Verb.CONFIRM: ("confirm gates", "confirm #42 each_step"),
    Verb.PAUSE: ("pause", "pause #42 because the database is slow"),
    Verb.RESUME: ("resume", "resume #42"),
    Verb.ABORT: ("abort", "abort #42 because wrong version"),
    Verb.RETRY: ("retry", "retry #42 {component}/deploy"),
    Verb.SKIP: ("skip 7 because done by hand", "skip #42 {component}/restart done by hand"),
    Verb.CHECK: ("check", "check #42 {component}/check"),
    Verb.OVERRIDE: ("override because known noise", "override #42 {component}/check known noise"),
    Verb.ROLLBACK: ("rollback #42", "rollback #42 {component} to 2.4.1 because of new errors"),
    Verb.UNLOCK: ("unlock {target} because its holder is gone", "unlock {component} left over"),
    Verb.ERRORS: ("errors since deploy", "errors since 2h of {component} in canary top 5"),
    Verb.HISTORY: ("history", "history {target} last 5"),
    Verb.RECOUNT: ("recount #42", "recount #42 {component}/check"),
    Verb.BACKTEST: ("backtest {target}", "backtest {target} last 20 pseudo 400"),
    Verb.NOTE: ("note customers were told", "note #42 customers were told"),
    Verb.WATCH: ("watch {target}", "watch #42 all"),
    Verb.UNWATCH: ("unwatch {target}", "unwatch"),
    Verb.LINK: ("link", "link"),
    Verb.UNLINK: ("unlink", "unlink"),
    Verb.WHOAMI: ("whoami", "whoami"),
    Verb.PERMISSIONS: ("permissions", "permissions {target}"),
    Verb.HELP: ("help", "help rollback"),
}


def examples(verb: Verb, names: Names) -> tuple[str, ...]:
    """At most two right lines for the verb, with names that exist; none where none exist."""
    target = next((name for name, components in names.targets.items() if components), "")
    component = names.targets[target][0] if target else ""
    return tuple(
        dict.fromkeys(
            example.format(target=target, component=component)
            for example in _EXAMPLES[verb]
            if target or "{" not in example
        )
    )


def spell(command: Command) -> str:
    """The line that means this command.

    Parsing it gives the same command again, provided that its reason, note and text are as
    parsing leaves them: normalised, without quotes around the whole.
    """
    if command.bare:
        return "ok"
    words = [str(command.verb), *_subject(command), *_settings(command)]
    words += [f"to {command.to_ref}"] if command.to_ref else []
    words += _question(command)
    words += [f"{BECAUSE} {command.reason}"] if command.reason else []
    words += [_text(command.text)] if command.text else []
    return " ".join(words)


def _subject(command: Command) -> list[str]:
    number = [] if command.release is None else [f"#{command.release}"]
    named = (command.target, command.component, command.step, command.ref)
    return number + [word for word in named if word]


def _settings(command: Command) -> list[str]:
    options = command.options
    if command.verb is Verb.CONFIRM:
        return [str(options.confirm)] if options.confirm else []
    return [f"{name}={ref}" for name, ref in command.refs.items()] + _options(options)


def _options(options: Options) -> list[str]:
    lists = (("only", options.only), ("exclude", options.exclude))
    words = [f"confirm={options.confirm}"] if options.confirm else []
    words += [f"{key}={','.join(names)}" for key, names in lists if names]
    words += ["dry=yes"] if options.dry else []
    words += [f"env={options.env}"] if options.env else []
    words += [f"note={_quoted(options.note)}"] if options.note else []
    return words


def _question(command: Command) -> list[str]:
    words: list[str] = []
    if command.span is not None and command.span != SinceDeploy():
        words.append(spell_span(command.span))
    words += [f"of {command.of}"] if command.of else []
    words += [f"in {command.in_}"] if command.in_ else []
    words += [f"top {command.top}"] if command.top is not None else []
    words += [f"last {command.last_n}"] if command.last_n is not None else []
    words += [f"pseudo {command.pseudo}"] if command.pseudo is not None else []
    words += [command.topic] if command.topic else []
    words += [f"@{command.person}"] if command.person else []
    words += [str(command.events)] if command.events is Events.ALL else []
    return words


def _quoted(text: str) -> str:
    if " " not in text and text[0] not in "\"'":
        return text
    return f"'{text}'" if '"' in text else f'"{text}"'


def _text(text: str) -> str:
    # Without quotes, a text that begins with # would name a release.
    return _quoted(text) if text.startswith("#") else text
