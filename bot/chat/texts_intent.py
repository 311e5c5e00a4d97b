"""What the bot says about lines that it did not understand: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "intent.ambiguous_number": (
        "{word}: a release is written #{word}; a reason that begins with a number "
        "is written because {word} …"
    ),
    "intent.ambiguous_to": (
        'to {word}: is "{word}" the version to go back to? Then write because before the reason.'
    ),
    "intent.bad_confirm": "{word}: a release confirms each_step or gates.",
    "intent.bad_count": "{word} is not a number from 1 to {most}.",
    "intent.bad_dry": "{word}: write dry=yes or dry=no.",
    "intent.bad_release": "{word} is not a release; releases are written like #42.",
    "intent.bad_time": (
        "{word} is not a time; write deploy, 90s, 15m, 2h, 1d, 14:30, yesterday 10:00 "
        "or 2026-08-06T14:30."
    ),
    "intent.component_called_option": (
        "{key} is a component and an option; release that component with only={key}."
    ),
    "intent.component_for_target": (
        "There is no target {word}; {component} is a component of {target}."
    ),
    "intent.component_for_version": (
        "{component} is a component, not a version; to release only that one, "
        "write only={component}."
    ),
    "intent.dashes": "{word}: options are written key=value, without dashes.",
    "intent.list_with_spaces": "{key}: write the names with commas and without spaces.",
    "intent.missing_confirm": "How should the release confirm: each_step or gates?",
    "intent.missing_end_time": "Until when? Write between 10:00 and 11:00.",
    "intent.missing_group": "In which host group?",
    "intent.missing_reason": "Please say why: because …",
    "intent.missing_step": "Which step? Its number is on the board, or write component/step.",
    "intent.missing_target": "Which target?",
    "intent.missing_text": "What should be noted?",
    "intent.missing_time": "Since when? Write since deploy, since 2h or since 14:30.",
    "intent.missing_value": "Something is missing behind the = sign.",
    "intent.missing_version": "Which version?",
    "intent.name_for_reason": (
        "{word}: this takes a release like #42, not a name. If {word} begins the reason, "
        "write because before it."
    ),
    "intent.not_allowed_component": (
        "{word} cannot be a component: only letters, digits and . _ + : @ / - are allowed, "
        "beginning with a letter or digit, at most 128, without two dots in a row."
    ),
    "intent.not_allowed_env": (
        "{word} cannot be an environment: only letters, digits and . _ + : @ / - are allowed, "
        "beginning with a letter or digit, at most 128, without two dots in a row."
    ),
    "intent.not_allowed_group": (
        "{word} cannot be a host group: only letters, digits and . _ + : @ / - are allowed, "
        "beginning with a letter or digit, at most 128, without two dots in a row."
    ),
    "intent.not_allowed_target": (
        "{word} cannot be a target: only letters, digits and . _ + : @ / - are allowed, "
        "beginning with a letter or digit, at most 128, without two dots in a row."
    ),
    "intent.not_allowed_version": (
        "{word} cannot be a version: only letters, digits and . _ + : @ / - are allowed, "
        "beginning with a letter or digit, at most 128, without two dots in a row."
    ),
    "intent.span_backwards": (
        "That span ends before it begins; over midnight, name the days: "
        "between yesterday 23:00 and today 1:00."
    ),
    "intent.span_future": "That span begins in the future ({start:day}).",
    "intent.span_never": (
        "{time} never was: the clocks were put forward. Add an offset like +09:00."
    ),
    "intent.span_no_deploy": "Nothing was deployed yet; write since 2h or since 14:30.",
    "intent.span_twice": "{time} was twice: the clocks were put back. Add an offset like +09:00.",
    "intent.start_takes_no_changes": (
        "start #{release} confirms the plan as it is; change it with plan #{release} …"
    ),
    "intent.step_of_component": "{component} is a component; a step of it is written {example}.",
    "intent.too_long": "That is longer than {most} characters; please say it shorter.",
    "intent.twice": "{key} is there twice.",
    "intent.unexpected": "{word} is one word too many there.",
    "intent.unknown_component": "There is no component {word}. The nearest: {nearest}.",
    "intent.unknown_option": "{word} is no option here. The nearest: {nearest}.",
    "intent.unknown_person": "release.yml names nobody called {word}. The nearest: {nearest}.",
    "intent.unknown_target": "There is no target {word}. The nearest: {nearest}.",
    "intent.unknown_target_or_component": (
        "There is no target or component {word}. The nearest: {nearest}."
    ),
    "intent.unknown_verb": "I do not know {word}. The nearest: {nearest}.",
    "intent.yes_alone": (
        "ok, yes and lgtm stand alone; with more words, write approve and a reason."
    ),
}
"""Parameters in braces are data: words of the line, cut to 60 characters."""
