"""Writes the bodies of releases that this version stores: `python -m tests.support.bodies`.

Run once for each released version; the files stay for ever, so that every later version is
tested to load them.
"""

from __future__ import annotations

from pathlib import Path

from bot.core.config import ConfirmMode
from bot.core.release import QuestionKind, Release
from bot.core.verb import Verb
from bot.core.verdict.verdict import Result
from bot.store.rows import BODY_VERSION
from tests.support.releases import APPROVER, release, started

BODIES = Path(__file__).parent.parent / "data" / "bodies"


def examples() -> dict[str, Release]:
    """A release in several states, by a name for its file."""
    waiting = started(mode=ConfirmMode.EACH_STEP)
    waiting.run()
    gate = started()
    gate.run()
    failed = started()
    failed.results["chat/check-canary"] = Result.FAIL
    failed.run()
    taken_back = started()
    taken_back.results["chat/check-canary"] = Result.FAIL
    taken_back.run()
    question = taken_back.question(QuestionKind.VERDICT_FAIL)
    taken_back.click(question, Verb.ROLLBACK, APPROVER)
    taken_back.run()
    done = started()
    while done.release.live:
        done.run()
        for asked in done.release.open_questions:
            done.click(asked, asked.choices[0], APPROVER)
    return {
        "planned": release(),
        "waiting-for-go": waiting.release,
        "waiting-for-approval": gate.release,
        "regression": failed.release,
        "rolled-back-in-part": taken_back.release,
        "done": done.release,
    }


def main() -> None:
    """Write the files of the present version."""
    folder = BODIES / f"v{BODY_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, item in examples().items():
        (folder / f"{name}.json").write_text(item.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    main()
