"""Injected defects in logs of services: found in their service, and nobody else blamed."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np

from bench.judging import faults
from bench.judging.faults import BIN, DAY, Fault
from bench.judging.goals import judge

HOUR = 3600


def logs(folder: Path, *, broken: bool) -> Path:
    """Six minutes around each of eight faults of two services, which write in turn."""
    rng = np.random.default_rng(4)
    lines, rows = ["time_unix_ns\tpod\tmessage"], []
    for n in range(8):
        begin = HOUR * (n + 1)
        faulty = f"ts-{'ab'[n % 2]}-service"
        at = f"2023-01-29T{begin // HOUR:02}:02:00"
        rows.append(
            {"inject_time": at, "inject_pod": f"{faulty}-5c66-x7f", "inject_type": "return"}
        )
        for second in range(begin, begin + 6 * 60):
            for service in ("ts-a-service", "ts-b-service"):
                silent = broken and service == faulty and second >= begin + 120
                lines += [
                    line(service, second, word, statement)
                    for word, statement, gone in (
                        ("INFO", "x.Done#7", silent),
                        ("INFO", "x.In#3", 0),
                    )
                    for _ in range(0 if gone else int(rng.poisson(2)))
                ]
    folder.mkdir(exist_ok=True)
    with lzma.open(folder / faults.LOGS, "wt") as file:
        file.write("\n".join(lines) + "\n")
    (folder / faults.FAULTS).write_text(json.dumps({"01": rows}))
    return folder


def line(service: str, second: int, word: str, statement: str) -> str:
    """One line, by the clock of its message: eight hours ahead."""
    clock = second + 8 * HOUR
    told = f"{clock // HOUR:02}:{clock // 60 % 60:02}:{clock % 60:02}.123 {word}  {statement}"
    return f"-1\t{service}-5c66-x7f\t{told} TraceID: {second:x} SpanID: 1 [said]"


def test_what_vanished_is_found_in_its_service(tmp_path: Path) -> None:
    """A statement that is written no more: all eight, and the goal is met."""
    found = faults.run(logs(tmp_path / "logs", broken=True))

    assert (found.found.value, found.found.n, found.windows) == (1.0, 8, 8)
    assert found.false_a_window == 0
    assert found.seconds == faults.LOOKS[0] * BIN
    assert judge({}, defects=found)["G7"]["met"] is True


def test_without_a_defect_nobody_is_blamed(tmp_path: Path) -> None:
    """The same services, all well: nothing is found, and the goal is missed."""
    found = faults.run(logs(tmp_path / "logs", broken=False))

    assert found.found.value == 0
    assert found.false_a_window == 0
    assert judge({}, defects=found)["G7"]["met"] is False


def test_faults_are_read_by_their_clock_and_service(tmp_path: Path) -> None:
    """A pod is an instance of a service."""
    listed = faults.faults_of(logs(tmp_path / "logs", broken=False) / faults.FAULTS)

    assert listed[0] == Fault(HOUR + 120, "ts-a-service", "return")
    assert DAY.hour == 0


def test_lines_without_a_clock_are_left_out() -> None:
    """A stack trace is no statement; requests are distinct traces."""
    told = "08:00:01.5 INFO  a.B#1 TraceID: ff SpanID: 1 [x]"
    counted = faults.count(iter([("s", told), ("s", told), ("s", "\tat java.lang")]))

    assert counted.keys == (("s", "INFO a.B#1"),)
    assert (counted.counts[0, 0], counted.requests[0]) == (2, 1)
    assert counted.covers(0, 1)
    assert not counted.covers(0, 2)
