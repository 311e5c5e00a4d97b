"""Policy `calibrated` applied to a release: what to ask the log store, and how to judge it.

Where some hosts still run what they ran, they are the control: the canary's share of every type
since its restart is tested against its share of the day before, and decides about known types.
Otherwise the minutes since the end of the restart are compared with what the baseline expects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from bot.core.baseline import watermark
from bot.core.calibrated import report
from bot.core.calibrated.concurrent import Asked, Contrast, Hosts, contrast
from bot.core.calibrated.observed import Observed, observe
from bot.core.calibrated.prior import Prior
from bot.core.counts import CountRequest, Counts, Window
from bot.core.level import level_name
from bot.core.minutes import bin_of, joined, moment_of
from bot.core.value import Text, text
from bot.core.verdict.calibrated.births import NewType, judge_new, variant_of
from bot.core.verdict.calibrated.canary import HOUR, MEMORY
from bot.core.verdict.calibrated.judgement import Judgement, Seen
from bot.core.verdict.calibrated.judgement import judge as judged
from bot.core.verdict.calibrated.look import Alarm, Look
from bot.core.verdict.calibrated.look import look as look_at
from bot.core.verdict.calibrated.panel import Floats, Panel
from bot.core.verdict.calibrated.scores import BEFORE, RISE, WINDOW, Score
from bot.core.verdict.situation import Situation
from bot.core.verdict.verdict import Result, Verdict

OPEN = "calibrated.window_open"
UNTESTED = "calibrated.untested"
"""Whatever the cause: what was compared with nothing does not pass."""


def request(situation: Situation) -> CountRequest:
    """Minutes by host since the start of the restart, and who lives since its end."""
    start = moment_of(bin_of(situation.restart_started, situation.minute), situation.minute)
    ended = min(situation.restart_ended, situation.now)
    return CountRequest(
        component=situation.component,
        windows=(
            Window(start=start, end=situation.now),
            Window(start=ended, end=situation.now),
        ),
        levels=situation.policy.counted_levels,
        bucket=situation.minute,
        alive=True,
        samples=True,
    )


def history_request(situation: Situation) -> CountRequest:
    """The 24 whole hours before the restart, by hour and host: what the canary used to write."""
    hour = HOUR * situation.minute
    end = moment_of(bin_of(situation.restart_started, hour), hour)
    return CountRequest(
        component=situation.component,
        windows=(Window(start=end - MEMORY * situation.minute, end=end),),
        levels=situation.policy.counted_levels,
        bucket=hour,
        alive=True,
    )


@dataclass(frozen=True)
class Times:
    """The moments of a situation; minutes of the comparison are counted since the epoch."""

    began: int
    """The first minute in which every restarted host runs nothing but the new version."""
    clean: dict[str, int]
    """Restarted host -> its first such minute."""
    settled: int
    """Lines before this minute have arrived."""
    ripe_at: datetime
    """When lines of the whole window will have arrived."""


def times(situation: Situation, counts: Counts) -> Times:
    """Find them. Documents are waited for as long as is known to be needed, at least a minute."""
    minute = situation.minute
    lag = counts.ingest_lag or timedelta(0)
    settled = watermark(situation.now, lag, situation.time_scale)
    began = _after(situation.restart_ended, minute)
    return Times(
        began=began,
        clean={host: _after(at, minute) for host, at in situation.restarted.items()},
        settled=bin_of(settled, minute),
        # A minute is settled before a very long lag is over; a pass waits for all of it.
        ripe_at=moment_of(began + WINDOW, minute) + max(situation.now - settled, lag),
    )


def _after(moment: datetime, minute: timedelta) -> int:
    """The first minute that begins at a moment or after it."""
    number = bin_of(moment, minute)
    return number if moment_of(number, minute) == moment else number + 1


def judge(
    situation: Situation, counts: Counts, prior: Prior, reasons: Iterable[Text] = ()
) -> Verdict:
    """One round or look: fail on proof, pass on complete data, open while the window is.

    `counts` answers `request`; `reasons` are what the honesty rules found wrong with it.
    """
    shown, found, when = _found(situation, counts, prior, reasons)
    decided, waits = _decided(found, situation, when)
    verdict = report.verdict(shown, decided)
    return verdict.model_copy(update={"open_until": when.ripe_at if waits else None})


def outcome(situation: Situation, counts: Counts, prior: Prior) -> Outcome:
    """The same without what rooms show of it, for those who judge thousands of times."""
    shown, found, when = _found(situation, counts, prior, ())
    decided, _ = _decided(found, situation, when)
    say = report.names(shown)
    types = tuple(say(str(line.params.get("type", ""))) for line in decided.alarms)
    return Outcome(decided.result, types, decided.reasons)


@dataclass(frozen=True)
class Outcome:
    """What a verdict comes to."""

    result: Result
    types: tuple[str, ...]
    """What made it fail, as people call it."""
    reasons: tuple[Text, ...]


def _found(
    situation: Situation, counts: Counts, prior: Prior, reasons: Iterable[Text]
) -> tuple[report.Shown, Judgement, Times]:
    when = times(situation, counts)
    seen = observe(counts.windows[0], situation.minute)
    against = _contrast(situation, replace(seen, end=when.settled), prior, when)
    look = _look(situation, seen, prior, when)
    new = tuple(_new(situation, seen, prior))
    gaps = (*reasons, *([prior.missing] if prior.missing else []))
    found = _before_after(look, prior, Seen(gaps=gaps, new=new, rituals=prior.rituals))
    if against is not None:
        found = report.with_contrast(found, against, prior.rituals)
    tested = against if situation.control else look
    if tested is None and situation.now >= when.ripe_at and not found.reasons:
        found = replace(found, reasons=(text(UNTESTED, component=situation.component),))
    if situation.control and against is None:
        # What is known of all hosts together would be read as if the canary had been seen.
        found = replace(found, quiet=None)
    if situation.now < when.ripe_at and not any(one.key == OPEN for one in found.reasons):
        elapsed = max(when.settled - when.began, 0)
        found = replace(found, reasons=(*found.reasons, text(OPEN, minutes=elapsed, needed=WINDOW)))
    return report.Shown(situation, counts, prior, seen, look, against), found, when


def _decided(found: Judgement, situation: Situation, when: Times) -> tuple[Judgement, bool]:
    """With its result; and whether it only waits for the window to be over."""
    others = [one for one in found.reasons if one.key != OPEN]
    waits = not found.alarms and not others and situation.now < when.ripe_at
    result = Result.PASS
    if found.alarms:
        result = Result.FAIL
    elif others or waits:
        result = Result.INCONCLUSIVE
    reasons = found.reasons if waits else tuple(others)
    return replace(found, result=result, reasons=reasons), waits


def _contrast(situation: Situation, seen: Observed, prior: Prior, when: Times) -> Contrast | None:
    if prior.history is None or not situation.control:
        return None
    hosts = Hosts(when.clean, situation.control)
    asked = Asked(
        hour=HOUR * situation.minute,
        closes=when.began + WINDOW,
        two_sided=situation.policy.two_sided,
    )
    return contrast(seen, prior.history, hosts, asked)


def _look(situation: Situation, seen: Observed, prior: Prior, when: Times) -> Look | None:
    """All hosts together against the baseline; with a control it only says what is suspicious."""
    recent, calibration = prior.recent, prior.calibration
    if recent is None or calibration is None:
        return None
    late = bool(situation.control) or situation.policy.two_sided
    end = when.settled if late else _newest(seen, when)
    if end <= when.began:
        return None
    since = {host: when.clean.get(host, seen.start) for host in seen.hosts}
    after = replace(seen, end=end).panel(calibration.keys, since)
    begin = min(when.began - BEFORE, calibration.end)
    before = joined([recent], start=begin, end=seen.start)
    found = look_at(calibration, _behind(before.panel(), after), began=when.began)
    return replace(found, alarms=tuple(_weighed(situation, found)))


def _newest(seen: Observed, when: Times) -> int:
    """Behind the newest minute of which anything is known, or all that have settled."""
    alive = seen.life[1]
    known = alive[alive < seen.end]
    return max(when.settled, int(known.max()) + 1 if known.size else 0)


def _behind(before: Panel, after: Panel) -> Panel:
    """One panel with the types of the second."""
    counts: Floats = np.where(before.known, 0.0, np.nan) * np.ones((len(after.keys), 1))
    rows = {key: row for row, key in enumerate(after.keys)}
    for row, key in enumerate(before.keys):
        if key in rows:
            counts[rows[key]] = before.counts[row]
    return Panel(
        before.start,
        after.keys,
        np.concatenate([counts, after.counts], axis=1),
        np.concatenate([before.exposure, after.exposure]),
    )


def _weighed(situation: Situation, look: Look) -> Iterable[Alarm]:
    """An alarm counts where nothing knows better, and a rise only at the levels of trouble.

    What is no alarm and has gone down again is not worth a line.
    """
    for alarm in look.alarms:
        rises = alarm.score is not Score.FALL
        harmless = rises and not _trouble(situation, alarm.key)
        found = replace(alarm, proven=False) if situation.control or harmless else alarm
        row = look.keys.index(alarm.key)
        if found.proven or not rises or look.seen[row] > RISE * look.mean[row]:
            yield found


def _trouble(situation: Situation, key: str) -> bool:
    return key.partition(" ")[0] in {level_name(word) for word in situation.policy.levels}


def _new(situation: Situation, seen: Observed, prior: Prior) -> Iterable[NewType]:
    """Types that were never seen, on the hosts that run the new version."""
    if prior.births is None:
        return
    control = seen.totals(situation.control)
    hosts = [host for host in seen.hosts if host not in set(situation.control)]
    part = len(hosts) / max(len(seen.hosts), 1)
    for key, (events, wrote) in seen.totals(hosts).items():
        if key in prior.known or not _trouble(situation, key):
            continue
        only_here = key not in control
        made = judge_new(
            key,
            events,
            wrote,
            known=prior.births,
            canary_share=part if situation.control and only_here else 1.0,
            similar=variant_of(key, prior.known),
        )
        # What the old version writes as well is not the new one's.
        yield made if only_here else replace(made, alarm=False)


def _before_after(look: Look | None, prior: Prior, seen: Seen) -> Judgement:
    if prior.calibration is not None and look is not None:
        return judged(prior.calibration, look, seen)
    alarms = tuple(report.new_line(new) for new in seen.new if new.alarm)
    watch = tuple(report.new_line(new) for new in seen.new if not new.alarm)
    return Judgement(Result.INCONCLUSIVE, alarms, watch, None, seen.gaps)
