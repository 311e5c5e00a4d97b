"""What only Slack says: message key to English template."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    "slack.accepted": "Accepted: #{release}",
    "slack.back": "Back",
    "slack.later": "It is recorded and at work; the room is told when it is done.",
    "slack.loading": "Asking the executors which versions there are …",
    "slack.no_dialog": "The dialog could not be opened in time. Press again, or write: {line}",
    "slack.not_recorded": "Not recorded: please repeat it.",
    "slack.not_recorded_yet": "Not recorded yet; you are told as soon as it is.",
    "slack.queued": "Recorded. Many are asking at this moment; the answer follows.",
    "slack.reason": "Why?",
    "slack.send": "Send",
    "slack.start.title": "Start a release",
    "slack.start.send": "Plan it",
    "slack.start.target": "What",
    "slack.start.newest": "the newest one",
    "slack.start.confirm": "Ask",
    "slack.start.note": "Note",
    "slack.start.none": "No target is released from here.",
    "slack.start.more": "Versions of {count} more components: write component=VERSION in a line.",
    "slack.start.unreachable": "The versions could not be listed; the newest ones will be planned.",
    "slack.note.title": "Note in a release",
    "slack.note.release": "Release",
    "slack.note.text": "Note",
    "slack.note.none": "No release is running.",
    "slack.home.title": "Releases",
    "slack.home.running": "Running",
    "slack.home.nothing": "Nothing is running.",
    "slack.home.waiting": "Waits for you",
    "slack.home.quiet": "Nothing waits for you.",
    "slack.home.history": "History",
    "slack.home.open": "Open",
    "slack.home.stranger": "This bot serves the members of one workspace only.",
    "slack.home.more": "{count} more: write status all",
    "refused.slack_stranger": "Guests and people of other workspaces may not use this bot.",
    "refused.slack_unknown": (
        "Slack did not say who you are, so nothing was done. Please try again in a moment."
    ),
    "fact.slack_stranger": "Refused: {user} of {team} is a stranger here ({said})",
}
