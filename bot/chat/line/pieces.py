"""Pieces of Flex messages: texts, rows, bars and buttons, each within LINE's limits."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.line.limits import DISPLAY, LABEL, Message, shown, width
from bot.chat.line.taps import PRESS, Tap
from bot.chat.line.taps import fits as tap_fits
from bot.core.card import Action, Card, Style
from bot.core.value import Text, text
from bot.engine.cards import SAY

WAKE = "release"
"""The word that wakes the bot in a group."""

INK, DIM, RED, GREEN, AMBER, BLUE = (
    "#1F2328", "#6B7280", "#B42318", "#067647", "#B54708", "#175CD3",
)  # fmt: skip
_TRACK = "#E5E7EB"
_COLOURS = {
    "failed": RED,
    "fail": RED,
    "aborted": RED,
    "aborting": RED,
    "unsure": AMBER,
    "paused": AMBER,
    "inconclusive": AMBER,
    "asked": BLUE,
    "waiting_approval": BLUE,
    "rolling_back": AMBER,
    "rolled_back": AMBER,
    "running": BLUE,
    "baking": BLUE,
    "done": GREEN,
    "pass": GREEN,
    "new": RED,
}
_MARKS = {RED: "✕", AMBER: "▲", BLUE: "▶", GREEN: "✓", DIM: "•"}
_OF_BOARDS = {"waiting": BLUE, "planned": BLUE}
"""States that are calm in a row of a table, and say what a whole release is about."""
ONE_TEXT = 600
"""Units of one text in a bubble: more is read in the logs, not on a phone."""


def colour(state: str) -> str:
    """The colour of a state; there is always a word and a mark beside it."""
    return _COLOURS.get(state, DIM)


def mark(state: str) -> str:
    """The sign of a state."""
    return _MARKS[colour(state)]


def heading(card: Card) -> tuple[str, str]:
    """The colour and the sign of a card's state; empty ones for a state that says nothing."""
    boards = _OF_BOARDS if card.kind == "board" else {}
    shade = boards.get(card.state) or _COLOURS.get(card.state, "")
    return shade, _MARKS.get(shade, "")


def words(said: str, **style: object) -> Message:
    """One text that wraps; LINE takes no empty one."""
    return {
        "type": "text",
        "text": shown(said, ONE_TEXT),
        "wrap": True,
        "size": "sm",
        "color": INK,
        **style,
    }


def box(layout: str, contents: Sequence[Message], **style: object) -> Message:
    """A box around other pieces."""
    return {"type": "box", "layout": layout, "contents": list(contents), **style}


def field(name: str, value: str) -> Message:
    """A name and its value beside each other."""
    left = words(name, color=DIM, size="xs", flex=3)
    return box("horizontal", [left, words(value, size="xs", flex=7)], spacing="sm")


def bubble(body: Sequence[Message], buttons: Sequence[Message] = ()) -> Message:
    """A bubble of some pieces under each other, with its buttons in its foot."""
    found: Message = {"type": "bubble", "size": "mega", "body": box("vertical", body, spacing="sm")}
    return found | ({"footer": box("vertical", buttons, spacing="sm")} if buttons else {})


def bars(name: str, values: Sequence[tuple[str, float]], most: float) -> Message:
    """One category: for each series a bar in a track, with its number beside it."""
    drawn = [
        box(
            "horizontal",
            [
                words(series, size="xxs", color=DIM, flex=2),
                box("vertical", [_bar(value, most, index)], flex=6, justifyContent="center"),
                words(number(value), size="xxs", align="end", flex=2),
            ],
            spacing="sm",
        )
        for index, (series, value) in enumerate(values)
    ]
    return box("vertical", [words(name, size="xs", weight="bold"), *drawn], margin="md")


def number(value: float) -> str:
    """A count is shown to the last digit, whatever its size."""
    return f"{value:.0f}" if value.is_integer() else f"{value:g}"


def _bar(value: float, most: float, index: int) -> Message:
    share = round(100 * value / most) if most > 0 else 0
    # A value above nothing is never drawn as nothing.
    percent = min(100, max(share, 1 if value > 0 else 0))
    filler: Message = {"type": "filler"}
    inner = box(
        "vertical",
        [filler],
        width=f"{percent}%",
        height="8px",
        backgroundColor=RED if index else DIM,
    )
    return box("vertical", [inner], height="8px", backgroundColor=_TRACK, cornerRadius="4px")


def text_bar(values: Sequence[tuple[str, float]]) -> str:
    """The numbers of one category in words, where bars need too much room."""
    return " · ".join(f"{series} {number(value)}" for series, value in values)


def button(label: str, action: Action) -> Message:
    """A button of a card in the foot of a bubble."""
    look: dict[Style, Message] = {
        Style.PRIMARY: {"style": "primary", "color": GREEN},
        Style.DANGER: {"style": "primary", "color": RED},
        Style.PLAIN: {"style": "secondary"},
    }
    tap = Tap(kind=PRESS, verb=action.verb, value=action.value)
    does = message(label, spoken(action)) if _is_line(action) else postback(label, tap)
    return {"type": "button", "height": "sm", **look[action.style], "action": does}


def link(label: str, data: str) -> Message:
    """A button that changes nothing and shows more."""
    does = {"type": "postback", "label": shown(label, LABEL), "data": data}
    does["displayText"] = shown(label, DISPLAY)
    return {"type": "button", "height": "sm", "style": "link", "action": does}


def fits(action: Action) -> bool:
    """Whether a button can do it; a line that is too long is only shown."""
    if _is_line(action):
        return width(spoken(action)) <= DISPLAY
    return tap_fits(Tap(kind=PRESS, verb=action.verb, value=action.value))


def whole(action: Action, label: str) -> bool:
    """Whether the button shows all of what it says or asks the reason of."""
    return action.verb != SAY or (fits(action) and label == action.value)


def spoken(action: Action) -> str:
    """A line as it is typed in a group, with the word that wakes the bot."""
    return f"{WAKE} {action.value}"


def message(label: str, line: str) -> Message:
    """An action that has the person who presses say a line."""
    return {"type": "message", "label": shown(label, LABEL), "text": shown(line, DISPLAY)}


def _is_line(action: Action) -> bool:
    return action.verb == SAY and action.confirm is None


def postback(label: str, tap: Tap, **options: object) -> Message:
    """An action that comes back to the bot; the chat shows what was pressed."""
    return {
        "type": "postback",
        "label": shown(label, LABEL),
        "data": tap.write(),
        "displayText": shown(label, DISPLAY),
        **options,
    }


def short(label: Text) -> Text:
    """The message that says the same within LINE's twenty characters, where there is one."""
    name = label.key.rpartition(".")[2]
    return text(f"short.{name}", **label.params)
