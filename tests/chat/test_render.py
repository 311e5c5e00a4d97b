"""Cards as JSON: every text becomes a sentence, every other value stays as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from bot.chat.render import ViewerWords, card_json
from bot.core.card import Action, Card, Chart, Confirm, Row, Series, Style, Table
from bot.core.config import Language
from bot.core.value import Text, text

_AT = datetime(2026, 11, 23, 14, 35, tzinfo=UTC)


def _say(message: Text) -> str:
    return f"<{message.key}>"


def _card(**more: object) -> Card:
    base = {"kind": "notice", "title": text("title"), "text": text("text")}
    return Card.model_validate(base | more)


def test_every_field_of_a_card_is_there() -> None:
    """The JSON has the fields of the card, and `links` and `state_word` beside them."""
    rendered = card_json(_card(), _say)

    assert set(rendered) == set(Card.model_fields) | {"links", "state_word"}
    assert rendered["title"] == "<title>"
    assert rendered["at"] is None
    assert rendered["footer"] is None


def test_a_full_card_becomes_strings() -> None:
    """Texts are said, data stays, and json.dumps takes all of it."""
    action = Action(
        verb="reject",
        label=text("label"),
        value="v1",
        style=Style.DANGER,
        confirm=Confirm(title=text("sure"), body=text("body"), reason=True),
    )
    full = _card(
        release=42,
        state="running",
        lines=(text("line"), "<b>data</b>"),
        fields=((text("name"), "value"), (text("name"), text("said"))),
        table=Table(
            caption=text("caption"),
            header=(text("head"),),
            rows=(Row(cells=(text("cell"),), state="done"), Row(cells=("plain",))),
        ),
        chart=Chart(
            title=text("chart"), categories=("A",), series=(Series(name=text("s"), values=(1.5,)),)
        ),
        actions=(action,),
        mentions=("rin",),
        at=_AT,
        who="Rin",
        footer="foot",
    )
    rendered = card_json(full, _say)

    assert json.loads(json.dumps(rendered)) == rendered
    assert rendered["lines"] == ["<line>", "<b>data</b>"]
    assert rendered["fields"] == [["<name>", "value"], ["<name>", "<said>"]]
    assert rendered["table"] == {
        "caption": "<caption>",
        "header": ["<head>"],
        "rows": [{"cells": ["<cell>"], "state": "done"}, {"cells": ["plain"], "state": ""}],
    }
    assert rendered["chart"] == {
        "title": "<chart>",
        "categories": ["A"],
        "series": [{"name": "<s>", "values": [1.5]}],
    }
    assert rendered["actions"] == [
        {
            "verb": "reject",
            "label": "<label>",
            "value": "v1",
            "style": "danger",
            "confirm": {"title": "<sure>", "body": "<body>", "reason": True},
        }
    ]
    assert rendered["at"] == "2026-11-23T14:35:00+00:00"
    assert (rendered["who"], rendered["mentions"], rendered["footer"]) == ("Rin", ["rin"], "foot")


def test_a_state_is_said_in_words() -> None:
    """A state with a text is said; one without is shown as it is, and none is empty."""
    words = ViewerWords(templates={"state.baking": "watching the logs"})

    assert card_json(_card(state="baking"), words)["state_word"] == "watching the logs"
    assert card_json(_card(state="odd_state"), words)["state_word"] == "odd state"
    assert card_json(_card(), words)["state_word"] == ""


def test_moments_are_left_to_the_page() -> None:
    """Moments in sentences stay exact, whatever the zone of the bot; absent ones are a dash."""
    words = ViewerWords(
        "Asia/Tokyo",
        Language.ENGLISH,
        {"next": "round {n} at {at:time}, {at:day}", "no": "{at:time}"},
    )
    said = words(text("next", n=2, at="2026-11-23T14:35:01.500000+00:00"))

    assert said == "round 2 at 2026-11-23T14:35:01+00:00, 2026-11-23T14:35:01+00:00"
    assert words(text("no", at=None)) == "\N{EN DASH}"


def test_an_action_without_a_dialog_has_none() -> None:
    """A button that acts at once says so with null."""
    rendered = card_json(_card(actions=(Action(verb="go", label=text("go"), value=""),)), _say)

    assert rendered["actions"] == [
        {"verb": "go", "label": "<go>", "value": "", "style": "plain", "confirm": None}
    ]


def test_only_a_link_field_with_a_web_address_is_a_link() -> None:
    """Other schemes and other fields stay text."""
    fields = (
        (text("check.link"), "https://logs.example.net/?q=1"),
        (text("check.link"), "javascript:alert(1)"),
        (text("check.note"), "https://elsewhere.example.net/"),
    )
    rendered = card_json(_card(fields=fields), _say)

    assert rendered["links"] == [{"label": "<check.link>", "url": "https://logs.example.net/?q=1"}]
    assert rendered["fields"] == [
        ["<check.link>", "javascript:alert(1)"],
        ["<check.note>", "https://elsewhere.example.net/"],
    ]
