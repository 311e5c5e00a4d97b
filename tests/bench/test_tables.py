"""What people read of the benchmark."""

from __future__ import annotations

from typing import Any

from bench.judging.tables import table

SHARE = {"value": 0.01, "low": 0.005, "high": 0.02, "n": 400}


def defects(false: float, seconds: float | None) -> dict[str, Any]:
    """One way to judge the logs with injected defects."""
    return {
        "found": SHARE,
        "false_services_a_window": false,
        "windows": 28,
        "seconds": seconds,
        "found_before": {**SHARE, "value": 0.54},
        "other_services_a_defect": 0.04,
    }


def test_every_part_is_printed() -> None:
    """Backgrounds with recall and odds, new types, bad data, seconds, goals and what is missing."""
    shown = table(
        {
            "missing": ["S2 is left out"],
            "backgrounds": {
                "S1": {
                    "methods": {
                        "calibrated": {
                            "false": SHARE,
                            "recall": {"5x": {"3-10": {**SHARE, "value": 0.75, "minutes": 4.0}}},
                            "slower": {"5x": {"3-10": {**SHARE, "minutes": None}}},
                            "slower_is": "over 5 min",
                        }
                    },
                    "odds": {"0.005": SHARE},
                }
            },
            "new_types": {"false": SHARE, "watched": SHARE, "recall": {"2 events": SHARE}},
            "defects": {
                "counts": defects(0.21, 50.0),
                "by requests": {**defects(0.0, None), "found": {**SHARE, "value": 1.0}},
            },
            "robustness": {
                "lag": {"usable": False, "passed": SHARE, "false": SHARE, "failed": SHARE}
            },
            "speed": {"look_500": {"seconds": 0.01, "limit": 1.0}},
            "goals": {
                "G1": {"met": True, **SHARE},
                "G7": {"met": None, "value": None, "n": 0, "reason": "no days before"},
            },
        }
    )

    for part in (
        "S2 is left out", "0.0100  0.0050-0.0200  n 400", "0.75/4", "over 5 min", "1 in 200",
        "2 events", "none may pass", "no policy reads them",
        "look_500", "met", "not judged", "no days before",
    ):  # fmt: skip
        assert part in shown
    rows = [row.split() for row in shown.splitlines()]
    said = ["0.0050-0.0200", "n", "400"]
    assert ["counts", "0.0100", *said, "50", "s", "0.21,", "n", "28", "0.54", "0.04"] in rows
    assert ["by", "requests", "1.0000", *said, "-", "0.00,", "n", "28", "0.54", "0.04"] in rows
