"""What the bot says about watching and about accounts: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "intent.bad_events": "{word}: write failures or all.",
    "whoami.linked": "Linked accounts: {accounts}",
    "whoami.watches": "You watch: {names}",
    "help.watch": "be told one to one about a release or a target",
    "help.unwatch": "be told no longer",
    "help.link": "link your LINE account with you",
    "help.unlink": "take back the link of an account",
    "hint.link": (
        "The bot does not know who you are. Say link on Slack or in the web room, and send the "
        "code to the bot one to one."
    ),
    "watch.on": "You are told one to one about {what}: {events:text}",
    "watch.events.failures": "failures only",
    "watch.events.all": "everything",
    "watch.off": "You are no longer told about {what}.",
    "watch.none": "You do not watch that.",
    "watch.unreachable": (
        "Nothing reaches you yet: release.yml names no Slack or LINE account of yours. "
        "link gives you a code to link LINE."
    ),
    "link.title": "Link your LINE account",
    "link.code": "Send this code to the bot on LINE, one to one, within {minutes}: {code}",
    "link.secret": "Whoever sends it is {name} to the bot. Show it to nobody.",
    "link.shown": "The code was shown once; link gives a new one.",
    "link.elsewhere": "Say link on Slack or in the web room to get a code, and send it here.",
    "link.confirm.title": "Link {account} with {name}?",
    "link.confirm.text": (
        "The LINE account {account} would act as {name} ({person} in release.yml), with that "
        "person's roles."
    ),
    "button.link": "Link",
    "button.not_me": "Not me",
    "link.done": "{account} is linked with {name}. unlink takes it back.",
    "link.kept": "Nothing was linked.",
    "link.wrong": (
        "This code is not valid: mistyped, used, or older than {minutes}. link gives a new one."
    ),
    "link.too_many": "Too many wrong codes; try again later ({minutes}).",
    "link.known": "This account is {name} already.",
    "link.void": (
        "Others saw this code, so it is void now. link gives a new one; send it to the bot one to "
        "one."
    ),
    "link.none": "No account is linked with {name}.",
    "link.revoked": "No longer linked with {name}: {accounts}",
    "fact.watched": "{who} watches {what} ({events})",
    "fact.unwatched": "{who} no longer watches {what}",
    "fact.link_code": "{who} took a code to link an account",
    "fact.linked": "{account} linked with {who}",
    "fact.link_revoked": "{account} no longer linked with {name}, by {who}",
    "fact.link_guessed": "{account} sent a wrong code",
}
"""`account` is what the platform calls it, with its id: both are data."""
