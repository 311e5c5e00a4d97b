"""What Slack delivers: keys that stop repeats, and nothing that nobody typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.slack import inbound

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["event", "actions", "user", "view", "container", "message", "state", "values", "id",
             "action_id", "channel", "ts", "type", "subtype", "text", "selected_option", "value"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


def _event(**event: Any) -> dict[str, Any]:
    base = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2", "text": "hi"}
    return {"team_id": "T1", "event": base | event}


def test_a_mention_and_its_message_have_one_key() -> None:
    """Slack sends both for one mention in the chat with the bot; one counts."""
    mention = inbound.line(_event())
    message = inbound.line(_event(type="message", channel_type="im"))

    assert mention is not None
    assert message is not None
    assert mention.dedupe == message.dedupe


@pytest.mark.scenario(25, 26)
@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message"},
        {"bot_id": "B1"},
        {"app_id": "A1"},
        {"edited": {"user": "U1"}},
        {"user": ""},
        {"hidden": True},
        {"type": "message", "channel_type": "channel"},
    ],
)
def test_what_nobody_typed_for_the_bot_is_no_line(event: dict[str, Any]) -> None:
    """Edits, bots, deletions, and what people say to each other."""
    assert inbound.line(_event(**event)) is None


def _click(**action: Any) -> dict[str, Any]:
    return {
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": "C1"},
        "container": {"message_ts": "5.6"},
        "response_url": "https://hooks.slack.com/x",
        "actions": [{"action_id": "press.approve.0", "value": "v", "action_ts": "7.8"} | action],
    }


def test_a_click_says_verb_value_and_place() -> None:
    """The same click has the same key, another one another."""
    first = inbound.click(_click())
    assert first is not None
    again, later = inbound.click(_click()), inbound.click(_click(action_ts="7.9"))

    assert (first.verb, first.value, first.asks) == ("approve", "v", False)
    assert again == first
    assert later is not None
    assert later.dedupe != first.dedupe
    asking = inbound.click(_click(action_id="ask.reject.1"))
    assert asking is not None
    assert asking.asks
    assert inbound.click(_click(action_id="nonsense")) is None


def test_a_dialog_with_other_words_is_another_thing() -> None:
    """A refused dialog may be sent again with other words; the same words count once."""

    def body(said: str) -> dict[str, Any]:
        values = {"reason": {"reason": {"type": "plain_text_input", "value": said}}}
        return {"user": {"id": "U1"}, "view": {"id": "V1", "state": {"values": values}}}

    first, again, other = (inbound.submitted(body(said), {}) for said in ("a", "a", "b"))

    assert first.dedupe == again.dedupe
    assert first.dedupe != other.dedupe
    assert inbound.values(body(" a ")) == {"reason": "a"}


@settings(max_examples=40)
@given(body=st.dictionaries(st.text(max_size=8), JSON, max_size=5), more=JSON)
def test_no_payload_makes_it_fail(body: dict[str, Any], more: Any) -> None:
    """Whatever is signed and sent, reading it raises nothing."""
    whole = body | {"event": more, "actions": [more], "view": more, "user": more}
    inbound.line(whole)
    inbound.click(whole)
    inbound.command(whole)
    inbound.shortcut(whole)
    inbound.submitted(whole, {})
    inbound.values(whole)
