"""What people read of the benchmark."""

from __future__ import annotations

from bench.judging.tables import table

SHARE = {"value": 0.01, "low": 0.005, "high": 0.02, "n": 400}


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
                "found": SHARE,
                "false_services_a_window": 0.21,
                "windows": 28,
                "seconds": 50.0,
                "found_before": {**SHARE, "value": 0.54},
                "other_services_a_defect": 0.04,
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
        "2 events", "none may pass", "after 50.0 s", "0.21 a window, n 28",
        "before it    0.5400", "0.04 a defect",
        "look_500", "met", "not judged", "no days before",
    ):  # fmt: skip
        assert part in shown
