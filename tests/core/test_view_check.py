"""The card of a check: its rounds, the verdict, the evidence."""

from __future__ import annotations

from datetime import timedelta

from bot.core import view
from bot.core.card import Card
from bot.core.config import OnFail, Policy
from bot.core.event import Checked
from bot.core.release import QuestionKind, StepState
from bot.core.value import Text, text
from bot.core.verb import Verb
from bot.core.verdict.verdict import Finding, Result, Rule, TypeLine
from bot.core.view.check import BARS, check_word, types_chart, types_table
from tests.support.releases import (
    ADMIN,
    ONE,
    OPERATOR,
    World,
    release,
    started,
    target,
    verdict,
)


def checked(*results: Result, policy: Policy | None = None) -> World:
    """One component whose check has run these rounds."""
    world = started(release(target(ONE), policy))
    world.until("auth/check")
    for result in results:
        world.results["auth/check"] = result
        before = len(world.step("auth/check").rounds)
        while len(world.step("auth/check").rounds) == before:
            world.tick()
    return world


def card(world: World) -> Card:
    """The card of the check as it is now."""
    return view.check(world.release, world.step("auth/check"))


def lines(world: World) -> list[str]:
    """The keys of the card's lines."""
    return [line.key for line in card(world).lines if isinstance(line, Text)]


def test_each_round_is_a_line_and_the_next_one_has_its_time() -> None:
    """After the third clean one: monitoring is finished."""
    assert lines(checked()) == ["check.next"]
    assert lines(checked(Result.PASS)) == ["check.round", "check.next"]
    assert lines(checked(Result.PASS, Result.PASS, Result.PASS)) == [
        "check.round",
        "check.round",
        "check.round",
        "check.finished",
    ]


def test_a_late_round_is_marked() -> None:
    """The line says so for ever."""
    world = checked()
    world.feed(Checked(step="auth/check", round=1, repeat=0, late=True, verdict=verdict()))

    assert lines(world)[0] == "check.round_late"


def test_a_repeated_round_is_told_once() -> None:
    """Its last measurement counts; how often it was repeated stands in its line."""
    world = checked(Result.INCONCLUSIVE, Result.INCONCLUSIVE, Result.PASS)
    first, *others = card(world).lines

    assert first == text(
        "check.round_repeated",
        round=1,
        rounds=3,
        repeat=2,
        result="result.pass",
        at=world.step("auth/check").rounds[2].ran_at.isoformat(),
    )
    assert [line.key for line in others if isinstance(line, Text)] == ["check.next"]


def test_findings_and_reasons_stand_under_their_round() -> None:
    """What was found, or why nothing could be measured."""
    failed = checked(Result.FAIL)
    unsure = checked(Result.INCONCLUSIVE)

    assert lines(failed) == ["check.round", "finding.new"]
    assert lines(unsure) == ["check.round", "honesty.no_documents", "check.next"]
    assert card(failed).state == "fail"


def test_under_observe_no_finish_is_announced_for_a_fail() -> None:
    """All rounds ran; what was found stays the verdict."""
    policy = Policy(on_fail=OnFail.OBSERVE)
    world = checked(Result.FAIL, Result.PASS, Result.PASS, policy=policy)

    assert "check.finished" not in lines(world)
    assert card(world).state == "fail"


def test_a_cancelled_check_says_so_in_state_text_and_line() -> None:
    """Never a pass, however clean its rounds were."""
    world = checked(Result.PASS, Result.PASS)
    world.order(Verb.ABORT, OPERATOR)

    assert card(world).state == "cancelled"
    assert card(world).text.params["result"] == "verdict.word.cancelled"
    assert lines(world)[-1] == "check.cancelled"


def test_the_word_of_a_check_follows_its_state() -> None:
    """Empty before it began; running, pass, inconclusive, overridden."""
    world = started(release(target(ONE)))
    words = [check_word(world.step("auth/check"))]
    world.until("auth/check")
    words.append(check_word(world.step("auth/check")))
    world.results["auth/check"] = Result.INCONCLUSIVE
    world.until("auth/check", StepState.UNSURE)
    words.append(check_word(world.step("auth/check")))
    world.click(world.question(QuestionKind.INCONCLUSIVE), Verb.OVERRIDE, ADMIN, reason="known")
    words.append(check_word(world.step("auth/check")))

    assert words == ["", "running", "inconclusive", "overridden"]
    assert check_word(world.step("auth/deploy")) == ""


def test_the_numbers_say_how_blind_the_rule_is() -> None:
    """Documents seen, and the rise that rule B would have needed."""
    footer = card(checked(Result.PASS)).footer

    assert isinstance(footer, Text)
    assert footer.params["multiple"] == 2880


def test_what_broke_a_rule_is_marked_whichever_rule_it_was() -> None:
    """A type that rose is marked like a new one; a type that passed is not."""
    types = tuple(
        TypeLine(error_type=name, before=before, after=9, multiple=None)
        for name, before in (("Risen", 5), ("New", 0), ("Known", 9))
    )
    table = types_table(types, frozenset({"Risen", "New"}))
    world = checked()
    boom = TypeLine(error_type="Boom", before=0, after=3, multiple=None)
    found = verdict(Result.FAIL).model_copy(update={"types": (boom, types[2])})
    world.feed(Checked(step="auth/check", round=1, repeat=0, late=False, verdict=found))
    shown = card(world).table

    assert [row.state for row in table.rows] == ["fail", "fail", ""]
    assert shown is not None
    assert [row.state for row in shown.rows] == ["fail", ""]


def test_counts_are_a_table_and_bars() -> None:
    """A new type is marked; the bars are the largest types only."""
    types = tuple(
        TypeLine(error_type=f"T{n}", before=n % 2, after=9 - n, multiple=1.5 if n % 2 else None)
        for n in range(9)
    )
    table, chart = types_table(types), types_chart(types)

    assert [row.state for row in table.rows[:2]] == ["new", ""]
    assert [row.cells[3] for row in table.rows[:2]] == ["\N{EN DASH}", "\N{MULTIPLICATION SIGN}1.5"]
    assert chart is not None
    assert len(chart.categories) == BARS
    assert [s.values[0] for s in chart.series] == [0.0, 9.0]
    assert types_chart(()) is None


def test_the_link_of_the_last_round_is_a_field() -> None:
    """A person opens the documents of the very window; without a page there is no field."""
    world = checked(Result.PASS)
    step = world.step("auth/check")
    assert card(world).fields == ()
    link = "https://kibana.example/#/auth"
    last = step.rounds[-1]
    told = last.model_copy(update={"verdict": last.verdict.model_copy(update={"link": link})})
    found = view.check(world.release, step.model_copy(update={"rounds": (told,)}))
    assert [(name.key, value) for name, value in found.fields] == [("check.link", link)]


def calibrated(**more: object) -> World:
    """One component whose check has run a round of policy `calibrated`."""
    world = checked()
    lines = (
        TypeLine(
            error_type="Slow",
            before=9,
            after=61,
            multiple=4.2,
            expected=14.5,
            low=2.9,
            high=6.1,
            limit=2.1,
            control=120,
        ),
        TypeLine(error_type="Rare", before=0, after=1, multiple=None),
    )
    made = verdict(Result.FAIL).model_copy(
        update={
            "comparison": "calibrated",
            "types": lines,
            "findings": (Finding(rule=Rule.RISE, error_type="Slow", before=9, after=61),),
            "alarms": (text("calibrated.canary", type="Slow"),),
            "quiet": text("calibrated.quiet_few"),
            **more,
        }
    )
    world.feed(Checked(step="auth/check", round=1, repeat=0, late=False, verdict=made))
    return world


def test_what_was_expected_stands_beside_what_was_seen() -> None:
    """With the range, the control, and what could have been seen; bars of both."""
    shown = card(calibrated())

    assert lines(calibrated()) == ["check.round", "calibrated.canary", "calibrated.quiet_few"]
    assert shown.table is not None
    assert [cell.key for cell in shown.table.header][-1] == "column.control"
    assert shown.table.rows[0].cells[1:] == ("14.5", "61", "×4.2", "×2.9 \N{EN DASH} ×6.1", "120")
    assert [row.state for row in shown.table.rows] == ["fail", "new"]
    assert shown.chart is not None
    assert shown.chart.series[0].values == (14.5, 0.0)
    assert isinstance(shown.footer, Text)
    assert shown.footer.key == "check.numbers_canary"


def test_a_round_that_could_not_measure_at_first_spoils_nothing() -> None:
    """Repeated it said nothing so far, and the check passed in the end: that is a pass."""
    world = checked()
    failed = verdict(Result.INCONCLUSIVE)
    opened = failed.model_copy(update={"open_until": world.now + timedelta(minutes=16)})
    for number, repeat, said in ((1, 0, failed), (1, 1, opened), (2, 0, opened), (3, 0, verdict())):
        event = Checked(step="auth/check", round=number, repeat=repeat, late=False, verdict=said)
        world.feed(event)

    assert world.step("auth/check").state is StepState.DONE
    assert world.step("auth/check").result is Result.PASS


def test_an_open_window_says_nothing_so_far_and_is_no_repeat() -> None:
    """The last round waits for the window; what it was repeated for is not told as a failure."""
    world = checked()
    opened = verdict(Result.INCONCLUSIVE).model_copy(
        update={"comparison": "calibrated", "open_until": world.now + timedelta(minutes=16)}
    )
    for number in (1, 2, 3):
        world.feed(Checked(step="auth/check", round=number, repeat=0, late=False, verdict=opened))
    first = card(world).lines[0]
    assert isinstance(first, Text)
    assert first.params["result"] == "result.open"
    watch = tuple(text("calibrated.common", factor=n) for n in range(9))
    passed = verdict().model_copy(update={"comparison": "calibrated", "watch": watch})
    world.feed(Checked(step="auth/check", round=3, repeat=1, late=False, verdict=passed))

    assert world.step("auth/check").state is StepState.DONE
    assert world.step("auth/check").result is Result.PASS
    assert lines(world).count("check.round") == 3
    assert lines(world).count("calibrated.common") == 5
    assert lines(world)[-2:] == ["check.more_watch", "check.finished_watch"]
