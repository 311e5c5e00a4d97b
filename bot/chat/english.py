"""The English sentences: one template for every message key that the core and the engine name."""

from __future__ import annotations

from bot.chat.texts_backtest import TEXTS as BACKTEST
from bot.chat.texts_baseline import TEXTS as BASELINE
from bot.chat.texts_calibrated import TEXTS as CALIBRATED
from bot.chat.texts_intent import TEXTS as INTENT
from bot.chat.texts_line import TEXTS as LINE
from bot.chat.texts_people import TEXTS as PEOPLE
from bot.chat.texts_recount import TEXTS as RECOUNT
from bot.chat.texts_slack import TEXTS as SLACK

TEXTS: dict[str, str] = {
    **BASELINE,
    **CALIBRATED,
    **INTENT,
    **BACKTEST,
    **RECOUNT,
    **LINE,
    **PEOPLE,
    **SLACK,
    # Words
    "state.planned": "planned",
    "state.step_waiting": "waits its turn",
    "state.running": "running",
    "state.waiting": "waiting for an answer",
    "state.waiting_approval": "waiting for approval",
    "state.baking": "watching the logs",
    "state.paused": "paused",
    "state.aborting": "aborting",
    "state.rolling_back": "rolling back",
    "state.done": "done",
    "state.aborted": "aborted",
    "state.rolled_back": "rolled back",
    "state.failed": "failed",
    "state.asked": "asked",
    "state.stopping": "stopping",
    "state.unsure": "unsure",
    "state.skipped": "skipped",
    "state.overridden": "overridden",
    "state.cancelled": "cancelled",
    "result.pass": "pass",
    "result.fail": "FAIL",
    "result.inconclusive": "inconclusive",
    "past.approve": "Approved",
    "past.reject": "Rejected",
    "past.start": "Started",
    "past.go": "Go given",
    "past.confirm": "Run on to the next gate",
    "past.pause": "Stopped",
    "past.resume": "Resumed",
    "past.abort": "Aborted",
    "past.retry": "Retried",
    "past.skip": "Skipped",
    "past.check": "Checked again",
    "past.override": "Waved through",
    "past.rollback": "Rolled back",
    "confirm_mode.each_step": "before each step",
    "confirm_mode.gates": "at the gates only",
    "time": "{at:time}",
    "time.day": "{at:day}",
    "zone.viewer": "your own zone",
    "said": "{who}: {line}",
    "by": "{who}",
    "elsewhere": "{who} ({place:via})",
    "via.line": "on LINE",
    "via.slack": "on Slack",
    "via.web": "in the web room",
    "said.line": "{line}",
    "tally": (
        "{operations} operations: {sharing} sharing, {deployment} deployment, "
        "{monitoring} monitoring; {people} by people"
    ),
    # Board
    "board.title": "Release #{release} · {target}",
    "board.text": "Release #{release} of {target}: {state:state}",
    "board.table": "Components of {target}",
    "board.paused": "Paused since {at:time}",
    "board.paused_by": "Paused by {who} since {at:time}",
    "board.asked": "{kind:text} {step}: asked of {who} since {at:time}",
    "board.asked_until": "{kind:text} {step}: asked of {who} since {at:time}, until {until:time}",
    "board.alert": "Alert {name} for {component} since {at:time}",
    "board.overridden": "{step} {state:state} by {who}: {reason}",
    "field.started_by": "Started by",
    "field.confirm": "Asks",
    "field.begun": "Began",
    "field.took": "Took",
    "field.policy": "Verdict",
    "field.note": "Note",
    "field.rollback_of": "Rollback of",
    "field.rolled_back_by": "Rolled back by",
    "policy.line": "{comparison}; on fail: {on_fail}",
    "policy.no_backtest": (
        "{comparison}; on fail: ask (roll_back acts as ask: no backtest has shown how often "
        "it would be wrong)"
    ),
    "row.waiting": "waiting",
    "row.waiting_start": "waiting for the start",
    "row.step": "{step}: {state:state} {detail} ({done}/{steps})",
    "row.done": "done",
    "row.cancelled": "left out",
    "row.rolled_back": "rolled back",
    "next.done": "Finished: nothing is left to do",
    "next.aborted": "Aborted: nothing further happens; released components stay as they are",
    "next.rolled_back": "Rolled back and confirmed",
    "next.failed": "Ended without a confirmed rollback: look at the hosts",
    "next.aborting": "Aborting: waits for {step} to come to rest, begun at {at:time}",
    "next.rollback_waits": "Rolling back: waits for {step} to come to rest",
    "next.rolling_back": "Next: {step}",
    "next.countdown": "Rolls back {component} by itself at {at:time}",
    "next.answer": "Next: your answer about {step}",
    "next.resume": "Next: somebody resumes it",
    "next.operation": (
        "Now: {step}, begun at {at:time}; if it still runs at {until:time}, you are asked"
    ),
    "next.round": "{step}: round {round} of {rounds} at {at:time}",
    "next.settling": "Next: about to begin",
    # Questions
    "question.kind.start": "Start?",
    "question.kind.go": "Go for",
    "question.kind.gate": "Approve",
    "question.kind.step_failed": "Failed step",
    "question.kind.step_unsure": "Unsure step",
    "question.kind.overdue": "Overdue step",
    "question.kind.verdict_fail": "Regression in",
    "question.kind.inconclusive": "Inconclusive check",
    "question.kind.countdown": "Automatic rollback after",
    "question.kind.rejected": "Rejected",
    "question.kind.rolled_back": "What next?",
    "question.kind.rollback_failed": "Failed rollback step",
    "question.kind.alert": "Alert for",
    "question.kind.drift": "Foreign version in",
    "question.start.title": "Start release #{release} of {target}?",
    "question.start.text": "Release #{release} of {target} is planned and waits for Start",
    "question.go.title": "#{release}: Go for {step}?",
    "question.go.text": "Release #{release} waits for the Go for {step}: {running} → {candidate}",
    "question.gate.title": "#{release}: promote {component} {candidate} to all hosts?",
    "question.gate.text": (
        "Release #{release} waits for the approval of {component}: {running} → {candidate}"
    ),
    "question.step_failed.title": "#{release}: {step} failed",
    "question.step_failed.text": "Release #{release}: {step} failed; what now?",
    "question.step_unsure.title": "#{release}: nobody can tell how {step} ended",
    "question.step_unsure.text": (
        "Release #{release}: {step} may have run or not; it is not repeated blindly. What now?"
    ),
    "question.overdue.title": "#{release}: {step} runs past its deadline",
    "question.overdue.text": "Release #{release}: {step} still runs past its deadline",
    "question.verdict_fail.title": "#{release}: {component} {candidate} has a regression",
    "question.verdict_fail.text": "Release #{release}: {step} failed; roll {component} back?",
    "question.inconclusive.title": "#{release}: {step} could not measure",
    "question.inconclusive.text": (
        "Release #{release}: {step} is inconclusive, which is not a pass; what now?"
    ),
    "question.countdown.title": "#{release}: {component} is about to be rolled back",
    "question.countdown.text": "Release #{release}: {component} rolls back by itself after {step}",
    "question.rejected.title": "#{release}: promotion of {component} rejected",
    "question.rejected.text": "Release #{release}: the promotion of {component} was rejected",
    "question.rejected": "Rejected by {who}: {reason}",
    "question.rolled_back.title": "#{release}: rolled back; what next?",
    "question.rolled_back.text": "Release #{release}: a part was rolled back; what next?",
    "question.rolled_back": "{components} rolled back and confirmed. No further component starts.",
    "question.rollback_failed.title": "#{release}: ROLLBACK FAILED at {step}",
    "question.rollback_failed.text": (
        "Release #{release}: the rollback failed at {step}; the locks stay until it is settled"
    ),
    "question.rollback_failed": (
        "By hand: bring {hosts} back to {version}, then press Restored by hand ({step})"
    ),
    "question.alert.title": "#{release}: alert for {component}",
    "question.alert.text": "Release #{release} is paused by an alert for {component}",
    "question.alert": "{name}: {summary}",
    "question.drift.title": "#{release}: {component} runs something else",
    "question.drift.text": (
        "Release #{release}: somebody deployed {component} outside this release; "
        "its verdict is suspended"
    ),
    "question.drift": "{component}: expected {expected}, found {found}",
    "question.vote": "Approved by {who} at {at:time}",
    "question.votes": "{votes} of {needed} approvals",
    "closed.by": "{verb:past} by {who} at {at:time}",
    "closed.reason": "{verb:past} by {who} at {at:time}: {reason}",
    "closed.expired": "Expired at {at:time} without an answer",
    "closed.superseded": "No longer needed since {at:time}",
    "closed.rollback": "The countdown ended at {at:time}: rolled back by the policy",
    "silence.start": "If nobody answers, it is cancelled at {at:time}",
    "silence.pause": "If nobody answers, the release pauses at {at:time}",
    "silence.countdown": "If nobody stops it, this happens at {at:time}",
    "silence.stands": "Nothing happens by itself: the release stands still until somebody decides",
    "reminder.again": "Still open: {kind:text} {step} in #{release}, asked since {at:time}",
    "reminder.escalation": "Escalated: {kind:text} {step} in #{release}, asked since {at:time}",
    # Buttons and dialogs
    "button.start": "Start",
    "button.cancel": "Cancel the release",
    "button.go": "Go",
    "button.confirm": "Run on to the next gate",
    "button.each_step": "Ask before each step",
    "button.approve": "Approve",
    "button.reject": "Reject",
    "button.pause": "Pause",
    "button.resume": "Resume",
    "button.abort": "Abort",
    "button.retry": "Retry",
    "button.skip": "Skip",
    "button.check": "Check again",
    "button.wait": "Keep waiting",
    "button.look_again": "Look again",
    "button.override": "Go on anyway",
    "button.it_finished": "It finished",
    "button.restored_by_hand": "Restored by hand",
    "button.rollback_one": "Roll back {component}",
    "button.rollback_all": "Roll back all {count} released so far",
    "button.rollback_now": "Roll back {component} now",
    "button.stop_rollback": "Stop the rollback",
    "button.ask_again": "Ask again",
    "button.go_on_others": "Go on with the others",
    "button.end_here": "End here",
    "button.go_on_drift": "Go on with what runs",
    "button.act_as": "Act as {name}",
    "button.form": "Choose what to start",
    "button.say_why": "Say why",
    "button.do": "Do it",
    "button.keep": "Keep",
    "confirm.say.title": "{line}: why?",
    "confirm.approve.title": "Approve {step} of #{release}?",
    "confirm.approve.body": "All hosts of {component} go from {running} to {candidate}.",
    "confirm.reject.title": "Reject {step} of #{release}?",
    "confirm.reject.body": "The release pauses; nothing is rolled back yet.",
    "confirm.abort.title": "Abort #{release}?",
    "confirm.abort.body": (
        "It stops here and nothing is rolled back: what was released stays. "
        "A rollback can be asked for afterwards."
    ),
    "confirm.end_here.title": "End #{release} here?",
    "confirm.end_here.body": (
        "What was rolled back stays rolled back, what was released stays released, "
        "and nothing further begins."
    ),
    "confirm.override.title": "Go on with #{release} in spite of {step}?",
    "confirm.override.step_unsure": (
        "You say that it finished on all hosts. It stays visible for ever who said so, and why."
    ),
    "confirm.override.rollback_failed": (
        "You say that {running} runs on the hosts again. It stays visible for ever who said so, "
        "and why; the release then ends as not confirmed."
    ),
    "confirm.abort_rollback.body": (
        "The rollback stops where it is: hosts may run different versions, and nobody looks "
        "after them any more."
    ),
    "confirm.override.body": "It stays visible for ever that this was waved through, and why.",
    "confirm.skip.title": "Skip {step} of #{release}?",
    "confirm.skip.body": "It stays visible for ever that this was skipped, and why.",
    "confirm.rollback.body": (
        "{component} goes from {candidate} back to {running}, on the hosts that changed."
    ),
    "confirm.rollback_all.body": "These go back, the last one first: {components}.",
    "confirm.unwatched.title": "Start #{release} without monitoring?",
    "confirm.unwatched.body": (
        "This target has no monitoring: no check will look at any log. "
        "Say that you know, and why it is all right."
    ),
    # Plans
    "plan.title": "Plan of {target}: {steps} steps",
    "plan.table": "What {target} would run",
    "plan.left": "Left out: {components}",
    "plan.left_out": "unchanged, left out",
    "plan.unwanted": "left out as asked",
    "plan.difference": "The plan has changed: {changes}",
    "plan.nothing": "Nothing to release: {left} run their candidate already.",
    "plan.nothing_wanted": (
        "Nothing to release: everything that would change was left out ({left})."
    ),
    "plan.no_canary_hosts": "{component} has no hosts in its canary group {group}.",
    "plan.all_canary": "The canary group {group} of {component} is all of its hosts.",
    "plan.no_candidates": "{component}: name a version, {component}=VERSION; none are listed.",
    "plan.unknown_component": "{target} has no component {component}. The nearest: {nearest}.",
    "plan.no_env": "There is no env {env}: what is released elsewhere is a target ({targets}).",
    "plan.unknown_version": "{component} has no candidate {version}. The nearest: {nearest}.",
    "plan.unreachable": "The executor of {component} does not tell what runs: {detail}",
    # Checks
    "check.title": "#{release} {step}: error logs before and after",
    "check.text": "Release #{release} {step}: {result:text}",
    "check.running": "Release #{release} {step}: round {round} of {rounds}",
    "check.table": "Error types of ERROR and WARN",
    "check.chart": "Documents before and after",
    "check.round": "Round {round} of {rounds} at {at:time}: {result:text}",
    "check.round_late": "Round {round} of {rounds} at {at:time} (late): {result:text}",
    "check.round_repeated": (
        "Round {round} of {rounds} at {at:time}, after {repeat} repeats: {result:text}"
    ),
    "check.next": "Next: round {round} of {rounds} at {at:time}",
    "check.late": "Lines arrive up to {lag} late, and are waited for",
    "check.under_way": "Lines arrive up to {lag} late: all of those until {at:time} are here",
    "check.finished": "Monitoring of {step} is finished: nothing was found",
    "check.cancelled": "The remaining rounds of {step} are cancelled",
    "check.numbers": (
        "{documents} log lines of any level since {since:time}; rule B sees a known error only "
        "when its rate is {multiple} times as high"
    ),
    "check.link": "The log lines of this window",
    "finding.new": "NEW {type}: {after} since the deployment, never in the baseline. {sample}",
    "finding.rise": "UP {type}: {after} since the deployment, {before} in the baseline. {sample}",
    "calibrated.up": (
        "UP x{ratio} ({low}-{high}) {type}: {seen} in {minutes} min, {mean} expected at this hour; "
        "1 in {odds} healthy releases; since minute {after}"
    ),
    "calibrated.stays_up": (
        "STAYS UP x{ratio} ({low}-{high}) {type}: {seen} in {minutes} min, {mean} expected at this "
        "hour, above all of the two hours before; 1 in {odds} healthy releases; at minute {after}"
    ),
    "calibrated.gone": (
        "GONE x{ratio} ({low}-{high}) {type}: {seen} in {minutes} min, {mean} expected; "
        "1 in {odds} healthy releases; since minute {after}"
    ),
    "calibrated.canary": (
        "UP x{ratio} on the canary {type}: {seen}, {mean} expected from {control} on the other "
        "hosts; since minute {after}"
    ),
    "calibrated.new": (
        "NEW {type}: {seen} on {hosts} hosts, never seen before; 1 in {odds} healthy releases"
    ),
    "calibrated.new_watch": (
        "new, watch {type}: {seen} on {hosts} hosts; 1 in {odds} healthy releases shows such a one"
    ),
    "calibrated.variant": "new variant of {known}: {type}, {seen} on {hosts} hosts",
    "calibrated.common": "Everything rose x{factor}, as with traffic",
    "calibrated.quiet": (
        "quiet: {count} types within range, largest x{largest}; in {minutes} min we would have "
        "seen x{limit} on {type}, x{rare} on the type in the middle"
    ),
    "calibrated.short_baseline": (
        "The baseline has {days} days and {moments} moments to compare with ({needed} days and "
        "{moments_needed} moments are needed)"
    ),
    "calibrated.window_open": "{minutes} of {needed} minutes are over",
    "calibrated.missing_minutes": "Minutes without any log line: {count}, unknown and not zero",
    "verdict.fail": "{type}: {before} before, {after} after (error types in trouble: {count})",
    "verdict.pass": "pass (a known error must be {multiple} times as frequent to be seen)",
    "verdict.unexplained": "No reason was given",
    "verdict.word.pass": "pass",
    "verdict.word.fail": "FAIL",
    "verdict.word.inconclusive": "inconclusive",
    "verdict.word.overridden": "waved through",
    "verdict.word.skipped": "skipped",
    "verdict.word.cancelled": "cancelled, no verdict",
    "verdict.word.running": "round {round} of {rounds}",
    "verdict.word.waiting": "not begun",
    "honesty.no_documents": "No log line of any level: no traffic, or the logs do not arrive",
    "honesty.silent_hosts": "No log line of any level from {hosts} since the restart ({count})",
    "honesty.lag": "The newest log line is {lag} old (at most {limit}): lines are under way",
    "honesty.missed": "The round ran {late} too late: what it should have seen was missed",
    "honesty.missed_all": "All rounds were missed; this one would have come {late} too late",
    "honesty.fault": "The round could not be run: {detail}",
    "honesty.log_store": "The log store could not count: {detail}",
    "honesty.version_unknown": "The running version could not be read: {detail}",
    "gap.missing_file": "No log file matches {pattern}",
    "gap.unreadable": "{lines} lines of {file} cannot be read ({share:percent})",
    "gap.no_level": "{lines} of {whole} lines have no level ({share:percent}): see fields.level",
    "gap.no_documents": "No log line of any level: no traffic, or the logs do not arrive",
    "gap.closed_index": (
        "Index {index} is closed, so its log lines are not counted: open it, or leave it out of "
        "the pattern"
    ),
    "gap.unmapped": (
        "{documents} log lines in {index} cannot be counted by {field}: the mapping lacks it"
    ),
    "gap.late": "Log lines arrive {lag} late, or later (at most {limit}): lines are under way",
    "gap.clock_ahead": (
        "The log store's clock is {skew} ahead of the bot's (at most {limit}): set the clocks"
    ),
    "gap.clock_behind": (
        "The log store's clock is {skew} behind the bot's (at most {limit}): set the clocks"
    ),
    "gap.unfinished": "{file} could not be read: {error}",
    # Errors since deploy
    "errors.title": (
        "Errors of {subject} since {since:day} ({releases}): "
        "{rows} error types by component, {new} new"
    ),
    "errors.title_each": (
        "Errors of {subject} since the last deployment of each component ({releases}): "
        "{rows} error types by component, {new} new"
    ),
    "errors.title_since": (
        "Errors of {subject} since {since:day}: {rows} error types by component, {new} new"
    ),
    "errors.title_between": (
        "Errors of {subject} from {since:day} to {until:day}: "
        "{rows} error types by component, {new} new"
    ),
    "errors.counting": "Still counting the errors; the answer will stand here",
    "errors.group": "Only the hosts of {group}",
    "errors.no_group": "{component}: no hosts in {group}, left out",
    "errors.hosts_unknown": "{component}: the hosts of {group} could not be read: {detail}",
    "errors.unknown_group": "There is no host group {group} here. The nearest: {nearest}.",
    "errors.never": ("{component}: not deployed yet in any release; write since 2h or since 14:30"),
    "errors.not_lately": (
        "{component}: not deployed in the last {count} releases; write since 2h or since 14:30"
    ),
    "errors.not_in": "{component}: not deployed in #{release}",
    "errors.waiting": "{component}: not deployed in #{release} yet",
    "errors.log_store": "{component}: the log store could not count: {detail}",
    "errors.silent": (
        "{component}: no log line of any level after that: no traffic, or the logs do not arrive"
    ),
    "errors.short": (
        "The logs before reach back less than {asked}: {component}; the rate divides by that"
    ),
    "errors.no_baseline": "{component}: no log line at all before that, so nothing is called new",
    "errors.unknown": "no logs before",
    "errors.nothing": "Errors of {subject}: nothing can be counted",
    "errors.table": "Error types by component, before and after: {shown} of {rows}",
    "errors.window_of": (
        "{component}: before from {base:day}, after from {start:day} to {end:day}"
    ),
    "errors.windows": (
        "Before: {base:day} to {start:day}. After: {start:day} to {end:day}. "
        "The rate compares the two per hour. Times in {zone:zone}."
    ),
    "errors.windows_each": (
        "The rate compares the two windows of a component per hour. Times in {zone:zone}."
    ),
    "errors.link": "Log lines of {component}",
    "errors.more": "Rows not shown: {count} of {rows}; top {top} behind the command shows {top}",
    "errors.more_of": "Rows not shown: {count} of {rows}; ask for one component with of",
    "errors.new": "new",
    "errors.known": "known",
    "errors.vanished": "vanished",
    "errors.unwatched": "{component}: no log store",
    # Sharing
    "share.start.each": "{component}: release of {candidate} begins (#{release}, by {who})",
    "share.start.digest": (
        "{target}: release #{release} of {count} components begins ({components})"
    ),
    "share.canary.each": "{component}: the canary runs {candidate} (#{release})",
    "share.canary.digest": "{target}: the first canary of #{release} runs ({component})",
    "share.finish.each": "{component}: {candidate} is released (#{release})",
    "share.finish.digest": "{target}: release #{release} is finished ({components})",
    "result.title": "Release #{release} of {target}: {state:state}",
    "result.text": "Release #{release} of {target} ended: {state:state}",
    "result.rolled_back": "Rolled back: {components}",
    "override.title": "#{release}: {step} {state:state} by {who}",
    "override.text": "{who} went on in spite of {step}: {reason}",
    "rollback.running": "#{release}: rolling back {components} (asked by {who})",
    "rollback.done": "#{release}: {components} rolled back and confirmed",
    "rollback.failed": "#{release}: the rollback of {components} FAILED",
    "rollback.stopped": "#{release}: the rollback of {components} was stopped before it was done",
    "rollback.by_hand": "#{release}: {components} restored by hand, not confirmed by the bot",
    # Pauses
    "expired": "Release #{release} is paused: nobody answered in time ({kind:text} {step})",
    "expired.start": "Release #{release} is cancelled: nobody pressed Start in time",
    "paused.rule": "Release #{release} of {target} is paused",
    "paused.by": "Release #{release} of {target} is paused by {who}",
    "pause.person": "Paused by hand. {reason}",
    "pause.step_failed": "{step} failed",
    "pause.unsure": "Nobody can tell how {step} ended",
    "pause.verdict_fail": "{step} found a regression",
    "pause.inconclusive": "{step} could not measure",
    "pause.rejected": "The promotion {step} was rejected",
    "pause.rolled_back": "{components} rolled back",
    "pause.expired": "Nobody answered about {step}",
    "pause.alert": "Alert {name} for {component}",
    "pause.drift": "{component} runs what this release did not put there",
    "step.failed": "{step}: {failed} of {hosts} hosts not done ({names}). {detail}",
    "step.not_started": "{step} was not begun: {detail}",
    "step.unsure": "{step} may have begun: {detail}",
    "step.unknown": "{step}: the executor answers, but not with anything understood: {detail}",
    "step.lost": "{step}: the executor does not know the operation any more: {detail}",
    "step.cannot_stop": "{step} cannot be stopped: {detail}",
    "step.not_confirmed": "{step}: not confirmed, expected {expected}, found {found}",
    # Refusals
    "refusal.refused": "Not done",
    "refusal.decided": "Already decided",
    "refusal.expired": "No longer open",
    "refusal.not_understood": "Not understood",
    "refused.role": "{verb} needs the role {role}.",
    "refused.who_may": "Who may: {who}",
    "refused.self_approval": "Whoever started a release does not approve its promotions.",
    "refused.voted": "You approved already; another person is needed.",
    "refused.decided": "{verb:past} by {who} at {at:time} already.",
    "refused.closed_expired": "This question expired at {at:time} without an answer.",
    "refused.closed_superseded": "This question is not needed any more since {at:time}.",
    "refused.closed_rollback": (
        "Too late: the countdown ended at {at:time}, it is being rolled back."
    ),
    "refused.stale": "This button belongs to something that is over; nothing was changed.",
    "refused.ended": "Release #{release} has ended ({phase:state}).",
    "refused.ended_decided": (
        "{verb:past} by {who} at {at:time}; release #{release} has ended ({phase:state})."
    ),
    "refused.phase": "That makes no sense while the release is {phase:state}.",
    "refused.paused": "The release is paused; resume it first.",
    "refused.paused_by": "{who} paused the release; resume it first.",
    "refused.not_paused": "The release is not paused ({phase:state}).",
    "refused.answer_first": "First the open question must be answered: {question:text} {step}.",
    "refused.aborting": "It is being aborted already.",
    "refused.reason": "{verb} needs a reason.",
    "refused.acknowledge": "Nothing is monitored here: the start needs your word that you know.",
    "refused.no_question": "There is nothing to {verb} at present.",
    "refused.which": "Which one? {verb} could mean: {steps}. Name the step.",
    "refused.which_release": "Which release? Active here: {releases}.",
    "refused.no_release": "No release is active in this room.",
    "refused.unknown_release": "There is no release #{release}.",
    "refused.never_released": "{target} was never released.",
    "refused.no_step": "This release has no step {step}.",
    "refused.skip": "{step} cannot be skipped ({state:state}).",
    "refused.confirm_same": "It asks like that already ({mode}).",
    "refused.not_asked": "There is nothing to {verb} about {step}.",
    "refused.not_asked_but": "There is nothing to {verb} about {step}; asked about: {steps}.",
    "refused.bare": "ok answers exactly one open question; name what you mean.",
    "refused.nothing_changed": "Nothing has been changed that could be rolled back.",
    "refused.no_previous": "{component} has no previous version to go back to.",
    "refused.same_version": (
        "{component} already ran {version} before: there is nothing to go back to."
    ),
    "refused.no_component": "{component} is not in this release.",
    "refused.room": "{target} is commanded in another room: {rooms}.",
    "refused.locked": "{name} is taken by release #{release} of {owner}, for {age}: {reason}",
    "button.show_release": "Show #{release}",
    "refused.lock_ambiguous": (
        "The lock {name} cannot be read, so it blocks. An admin frees it: unlock NAME reason"
    ),
    "refused.not_your_draft": "Only the person who typed it may confirm it.",
    "refused.draft_expired": "That was too long ago; type it again.",
    "refused.draft_done": "Done already.",
    "refused.draft_kept": "You kept it as it was; type the command again to do it.",
    "refused.draft_refused": "It was refused before; type the command again.",
    "refused.failed": "That failed inside the bot, and nothing was changed. Please say it again.",
    "refused.not_running": "{component} runs {found} by now, not {version}: nothing to take back.",
    "refused.rollback_to": "{component} goes back to {running} only, not to {version}.",
    # Drafts
    "draft.title": "{verb} {target} #{release}?",
    "draft.title_lock": "{verb} {target}?",
    "draft.abort": "It stops here and nothing is rolled back.",
    "draft.rollback": "These go back to what ran before, in this order.",
    "draft.rollback_ended": "A new release takes these back to what ran before, in this order.",
    "draft.skip": "{step} is left out for good.",
    "draft.override": "It goes on in spite of the open question.",
    "draft.unlock": "The lock is freed by hand.",
    "draft.reason": "Reason: {reason}",
    "draft.expires": "Confirm within {seconds}.",
    "draft.kept": "Nothing was changed.",
    "unlock.free": "{name} is not locked.",
    "unlock.live": "{name} belongs to the live release #{release}: abort that first.",
    "unlock.done": "{name} is free.",
    "hint.example": "For example: {line}",
    "hint.try": "{line}",
    "hint.number": "{release} alone is a step; a release is written #{release}.",
    "trouble.now": "Nothing can be stored at present ({code}), so nothing is done until that works",
    "outage.now": (
        "{platform} is out of order ({why}): its rooms hear nothing and nobody can decide there. "
        "The release goes on waiting; decide here."
    ),
    "outage.over": "{platform} works again; what it missed is shown there now.",
    "trouble.over": "For a while nothing could be stored ({code}); nothing was done meanwhile",
    # Answers
    "status.title": "Active releases: {count}",
    "history.title": "Newest releases: {count}",
    "history.tally": "{operations} ({people} by people)",
    "whoami.title": "You are {name}",
    "whoami.role": "{target}: {role}; owns: {owns}",
    "whoami.unknown": "release.yml does not name you: you may look only.",
    "permissions.title": "Who may do what",
    "help.title": "What you may do here",
    "help.verb": "{verb}",
    "help.start": "plan a release and ask to start it; start #42 confirms it",
    "help.plan": "show what would happen, or change the plan of #42",
    "help.status": "how the active release is",
    "help.approve": "approve a promotion",
    "help.reject": "reject a promotion, with a reason",
    "help.go": "give the Go for the next step",
    "help.confirm": "ask at the gates only, or before each step",
    "help.pause": "begin nothing further for now",
    "help.resume": "go on after a pause",
    "help.abort": "stop here; nothing is rolled back",
    "help.retry": "try the failed step again",
    "help.skip": "leave a failed step out, with a reason",
    "help.check": "look again, or repeat an inconclusive round",
    "help.override": "go on in spite of a fail, with a reason",
    "help.rollback": "take back a component, or everything",
    "help.unlock": "free a lock that nobody owns any more",
    "help.errors": "count errors before and after the deployment",
    "help.history": "the last releases",
    "help.note": "write something into the journal",
    "help.whoami": "who you are here, and what you may",
    "help.permissions": "who may do what",
    "help.help": "this list, or help VERB",
    # LINE
    "line.reason": (
        "Why? Tap a reason, or type it: your next message here within two minutes is the reason."
    ),
    "reason.logs": "Errors in the logs",
    "reason.version": "Wrong version",
    "reason.moment": "Not a good moment",
    "reason.known": "Known, does no harm",
    "reason.checked": "Checked by hand",
    "line.later": "Recorded; it is done as soon as that is possible.",
    "line.done": "Done.",
    "line.unlinked": (
        "This LINE account belongs to nobody in release.yml, so it may only look. "
        "Say link on Slack or in the web room, and send the code to the bot one to one."
    ),
    "line.no_consent": (
        "LINE does not say who you are, so you may only look here. Add the bot as a friend, "
        "talk to it one to one and link your account, or decide on another surface."
    ),
    "line.quota": "LINE messages left this month: {left} of {limit}",
    "line.need": (
        "LINE: at most {pushes} pushes; messages to all members: {messages}; "
        "left this month: {left} of {limit}"
    ),
    "line.need_too_many": (
        "LINE: up to {pushes} pushes; messages to all members: {messages}, but left this month: "
        "{left} of {limit}. The end and the shares may not be sent; ask for the status"
    ),
    "line.need_unlimited": "LINE: at most {pushes} pushes; messages to all members: {messages}",
    "line.hello": (
        "This is the release bot. The id of this chat for release.yml: {chat}. Say: release help"
    ),
    "line.unknown_chat": "This chat is not in release.yml; its id is {chat}.",
    "line.from": "Since when?",
    "line.until": "Until when?",
    "line.until_now": "Until now",
    "line.picked": "From {at}. Until when?",
    "short.confirm": "On to the next gate",
    "short.rollback_all": "Roll back all {count}",
    "short.rollback_now": "Roll back now",
    "short.go_on_others": "Go on with others",
    # Columns
    **{
        f"column.{name}": words
        for name, words in {
            "component": "Component",
            "change": "Change",
            "step": "Step",
            "verdict": "Verdict",
            "canary": "Canary",
            "operations": "Operations",
            "type": "Error type",
            "before": "Before",
            "after": "After",
            "multiple": "Rate",
            "known": "Known",
            "first_seen": "First after",
            "sample": "Sample",
            "number": "No.",
            "kind": "Kind",
            "needs": "After",
            "release": "Release",
            "target": "Target",
            "state": "State",
            "next": "Next",
            "age": "Age",
            "what": "What",
            "when": "When",
            "took": "Took",
            "result": "Result",
            "by": "By",
            "tally": "Operations",
            "person": "Person",
            "role": "Role",
            "owns": "Owner of",
            "may": "May",
            "verb": "Say",
            "meaning": "What it does",
        }.items()
    },
    # Journal
    **{
        f"fact.{word}": f"release {word.replace('_', ' ')}"
        for word in (
            "planned_phase",
            "running",
            "paused",
            "aborting",
            "rolling_back",
            "done",
            "aborted",
            "rolled_back",
            "failed",
        )
    },
    "event.step_started": "{step}: the executor has it (attempt {attempt})",
    "event.step_not_started": "{step} was not begun: {detail}",
    "event.step_progressed": "{step}: {state:state}, {done} of {hosts} hosts done",
    "event.step_unsure": "{step} may have begun: {detail}",
    "event.stop_answered": "{step}: the executor answered the stop. {detail}",
    "event.checked": "{step} round {round} ran",
    "event.version_read": "{step}: the running versions were read",
    "event.timer_rang": "a moment came: {name} {step}",
    "event.linked": "taken back by release #{release}",
    "fact.planned": "planned {target}: {steps} steps",
    "fact.replanned": "plan changed by {who}",
    "fact.asked": "asked {kind} {step} (question {question})",
    "fact.expired": "question {question} expired ({kind} {step})",
    "fact.step_running": "{step} begun (attempt {attempt})",
    "fact.step_done": "{step} done",
    "fact.step_failed": "{step} failed",
    "fact.step_unsure": "{step}: nobody can tell how it ended",
    "fact.step_stopped": "{step} stopped",
    "fact.stop_accepted": "{step} is being stopped",
    "fact.cannot_stop": "{step} cannot be stopped",
    "fact.round": "{step} round {round}: {result}",
    "fact.monitoring_finished": "{step}: monitoring finished ({result})",
    "fact.checks_cancelled": "remaining rounds of {step} cancelled",
    "fact.drift": "{component} runs something else: expected {expected}, found {found}",
    "fact.rollback_confirmed": "{component} confirmed back on {version}",
    "fact.order": "{verb} by {who} {reason}",
    "fact.vote": "{who} agreed ({votes} of {needed})",
    "fact.approved": "{step} approved by {who}",
    "fact.overridden": "{step} waved through by {who}: {reason}",
    "note.kept": "Noted in the journal of release #{release}.",
    "fact.note": "{who} notes: {text}",
    "fact.alert": "alert {name} for {component}: {summary}",
    "fact.alert_resolved": "alert {name} for {component} resolved",
    "fact.fault": "#{release}: {effect} fails again and again by a fault of this bot: {detail}",
    "fact.delivery_failed": "could not be delivered to {rooms}: {slot}",
    "fact.unlocked": "{name} unlocked by {who}: {reason}",
    "fact.without_backtest": (
        "{components} roll back by themselves, and no backtest has shown how often that is wrong"
    ),
}
