"""The sample cards: nothing that people may see is left out."""

from __future__ import annotations

from bot.chat import samples
from bot.chat.texts import Words
from bot.core.question import QuestionKind
from bot.core.release import Phase, StepState


def test_every_kind_and_state_is_there() -> None:
    """Each name once; boards in all phases, questions of all kinds in all states."""
    found = list(samples.every())
    cards = [card for _, card in found]

    assert len({name for name, _ in found}) == len(found)
    assert {c.kind for c in cards} >= {
        "answer", "board", "notice", "question", "refusal", "reminder", "result", "share", "verdict"
    }  # fmt: skip
    assert {n.partition("-")[0] for n, c in found if c.kind == "board"} >= set(Phase)
    for kind in QuestionKind:
        for state in ("open", "reject", "expired"):
            assert f"running-question-{kind}-{state}" in dict(found)
    assert {step.state for step in samples.release().steps} == set(StepState)
    assert {c.title.key for c in cards if c.kind == "notice"} >= {
        "expired", "expired.start", "paused.by", "paused.rule", "override.title"
    }  # fmt: skip


def test_no_sample_shows_a_template() -> None:
    """A placeholder of a template that nothing filled would be shown to people as it is."""
    say = Words("UTC")
    said = {say(card.text) for name, card in samples.every() if not name.startswith("hostile")}

    assert [sentence for sentence in said if "{" in sentence] == []
    assert "Release #42 component-001/check: round 2 of 3" in said
