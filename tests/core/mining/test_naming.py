"""Counts by forms become counts by names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.core.counts import NO_TYPE, Counts, Sample, TypeCount, Window, WindowCounts
from bot.core.mining.masks import Masker
from bot.core.mining.naming import forms_of, named
from bot.core.mining.templates import Templates

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
WINDOW = Window(start=AT, end=AT + timedelta(hours=1))
USERS = ("anna", "ben", "carla", "dan")


def form(user: str) -> str:
    """A masked message about a user."""
    return Masker().form(f"refused for user {user} from 10.0.0.1")


def row(error_type: str, count: int, *, host: str = "h1", minute: int | None = None) -> TypeCount:
    """One count."""
    bucket = None if minute is None else AT + timedelta(minutes=minute)
    return TypeCount(error_type=error_type, level="ERROR", host=host, count=count, bucket=bucket)


def test_forms_of_one_template_are_added_up() -> None:
    """By host and bucket; the earliest sample is kept, and what has no type stays."""
    later = AT + timedelta(minutes=2)
    window = WindowCounts(
        window=WINDOW,
        types=(
            row(NO_TYPE, 5),
            row(form("anna"), 1, minute=1),
            row(form("ben"), 2, minute=1),
            row(form("carla"), 3, minute=2),
            row(form("dan"), 4, minute=1, host="h2"),
        ),
        samples=(
            Sample(error_type=form("anna"), first_seen=later, message="anna"),
            Sample(error_type=form("ben"), first_seen=AT, message="ben"),
            Sample(error_type=NO_TYPE, first_seen=AT, message=""),
        ),
    )
    counts = Counts(windows=(window,))
    templates = Templates().learn_forms(forms_of(counts))

    [found] = named(counts, templates).windows

    name = "refused for user <*> from <*>"
    assert found.types == (
        row(NO_TYPE, 5),
        row(name, 3, minute=1),
        row(name, 3, minute=2),
        row(name, 4, minute=1, host="h2"),
    )
    assert [(one.error_type, one.message) for one in found.samples] == [
        (NO_TYPE, ""),
        (name, "ben"),
    ]
    assert sum(one.count for one in found.types) == sum(one.count for one in window.types)


def test_without_templates_each_form_has_its_own_name() -> None:
    """What nobody has learnt yet is a type of its own, in the name that it keeps."""
    counts = Counts(windows=(WindowCounts(window=WINDOW, types=(row(form("anna"), 1),)),))

    [found] = named(counts, Templates()).windows

    assert found.types == (row("refused for user anna from <*>", 1),)
