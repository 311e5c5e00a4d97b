"""Injected defects in logs of services: found in their service, and nobody else blamed."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from bench.judging import faults, lines
from bench.judging.faults import COUNTS, DAY, REQUESTS, Fault, Found
from bench.judging.figures import Share, share
from bench.judging.goals import judge
from bench.judging.lines import Lines
from bench.judging.windows import LOOKS

HOUR = 3600


def logs(folder: Path, *, broken: bool, lost: bool = False) -> Path:
    """Six minutes around each of eight faults of two services, of which one calls the other."""
    rng = np.random.default_rng(4)
    written, rows = ["time_unix_ns\tpod\tmessage"], []
    for n in range(8):
        begin = HOUR * (n + 1)
        faulty = f"ts-{'ab'[n % 2]}-service"
        at = f"2023-01-29T{begin // HOUR:02}:02:00"
        rows.append(
            {"inject_time": at, "inject_pod": f"{faulty}-5c66-x7f", "inject_type": "return"}
        )
        for second in range(begin, begin + 6 * 60):
            gone = broken and second >= begin + 120
            for request in range(int(rng.poisson(1))):
                trace = f"{second:x}{request:02x}"
                written.append(line("ts-a-service", second + 0.1, "x.In#3", trace))
                if lost and n == 3:
                    written.append(line("ts-a-service", second + 0.2, "x.Sorry#9", trace, LOST))
                    continue
                written.append(line("ts-b-service", second + 0.3, "x.In#4", trace))
                for service in ("ts-b-service", "ts-a-service"):
                    if gone and service == faulty:
                        break
                    written.append(line(service, second + 0.5, "x.Done#7", trace))
    folder.mkdir(exist_ok=True)
    with lzma.open(folder / faults.logs(), "wt") as file:
        file.write("\n".join(written) + "\n")
    (folder / faults.listed()).write_text(json.dumps({"01": rows}))
    return folder


LOST = "No instances available for ts-b-service"


def line(service: str, second: float, statement: str, trace: str, said: str = "[said]") -> str:
    """One line, by the clock of its message: eight hours ahead."""
    clock = second + 8 * HOUR
    told = (
        f"{int(clock // HOUR):02}:{int(clock // 60 % 60):02}:{clock % 60:06.3f} INFO  {statement}"
    )
    return f"-1\t{service}-5c66-x7f\t{told} TraceID: {trace} SpanID: 1 {said}"


@pytest.mark.parametrize(("way", "others"), [(COUNTS, 1 / 2), (REQUESTS, 0)])
def test_what_vanished_is_found_in_its_service(tmp_path: Path, way: str, others: float) -> None:
    """A statement that is written no more: all eight; counts blame the caller of four with them."""
    found = faults.run(logs(tmp_path / "logs", broken=True))[way]

    assert (found.found.value, found.found.n, found.windows) == (1.0, 8, 8)
    assert found.false_a_window == 0
    assert found.seconds == LOOKS[0]
    assert (found.before.value, found.others) == (0, others)


@pytest.mark.parametrize("way", [COUNTS, REQUESTS])
def test_without_a_defect_nobody_is_blamed(tmp_path: Path, way: str) -> None:
    """The same services, all well: nothing is found."""
    found = faults.run(logs(tmp_path / "logs", broken=False))[way]

    assert found.found.value == 0
    assert found.false_a_window == 0
    assert found.seconds is None


def test_the_goal_is_judged_by_counts() -> None:
    """What no policy does is said with it, and meets no goal."""
    whole, part = share(np.array([True] * 24)), share(np.array([True] * 9 + [False] * 15))
    good, bad = _found(whole, 0.0), _found(part, 6 / 28)

    missed = judge({}, defects={COUNTS: bad, REQUESTS: good})["G7"]
    assert (missed["met"], missed["value"], missed["n"]) == (False, 9 / 24, 24)
    assert missed["reason"] == (
        "0.21 false services a window, n 28; by requests, which no policy reads yet: 24 of 24, 0.00"
    )
    assert judge({}, defects={COUNTS: good, REQUESTS: bad})["G7"]["met"] is True
    loud = {COUNTS: _found(whole, 2 / 28), REQUESTS: good}
    assert judge({}, defects=loud)["G7"]["met"] is False


def _found(found: Share, false: float) -> Found:
    return Found(found, false, windows=28, seconds=50.0, before=found, others=0.0)


def test_faults_are_read_by_their_clock_and_service(tmp_path: Path) -> None:
    """A pod is an instance of a service."""
    listed = faults.faults_of(logs(tmp_path / "logs", broken=False) / faults.listed())

    assert listed[0] == Fault(HOUR + 120, "ts-a-service", "return")
    assert DAY.hour == 0


def test_who_is_gone_has_no_defect(tmp_path: Path) -> None:
    """In one of the windows no instance is there to be called: that blames no code."""
    found = faults.run(logs(tmp_path / "logs", broken=True, lost=True))[REQUESTS]

    assert (found.found.n, found.windows) == (8, 8)
    assert found.false_a_window == 0


def test_what_shows_before_the_fault_is_counted(tmp_path: Path) -> None:
    """The list is a minute late for one of each service: neither missed nor false."""
    told, listed = _told(tmp_path)
    late = [
        Fault(one.second + (60 if n < 2 else 0), one.service, one.kind)
        for n, one in enumerate(listed)
    ]
    found = faults.judge(told, late)[REQUESTS]

    assert (found.found.value, found.before.value, found.false_a_window) == (1, 2 / 8, 0)


def test_blame_before_the_fault_of_another_is_false(tmp_path: Path) -> None:
    """A late list names a wrong service; what shows in that window is the limit from then on."""
    told, listed = _told(tmp_path)
    late = [
        Fault(one.second + 60, "ts-c-service" if n == 5 else one.service, one.kind)
        for n, one in enumerate(listed)
    ]
    found = faults.judge(told, late)[REQUESTS]

    assert found.false_a_window == 1 / 8
    assert found.found.value == 0


def test_a_window_is_judged_by_the_others_alone(tmp_path: Path) -> None:
    """A line that was only written in the minute before one fault is new there, by a bystander."""
    told, listed = _told(tmp_path, odd="13:01:")
    found = faults.judge(told, listed)[REQUESTS]

    assert listed[4] == Fault(5 * HOUR + 120, "ts-a-service", "return")
    assert found.false_a_window == 1 / 8


def _told(folder: Path, odd: str = "never") -> tuple[Lines, list[Fault]]:
    """The broken services; one writes another line at the minute `odd`."""
    made = logs(folder / "logs", broken=True)
    table = lzma.decompress((made / faults.logs()).read_bytes()).decode().splitlines()
    said = [one.split("\t")[1:] for one in table[1:]]
    said += [
        [pod, told.replace(".300 INFO  x.In#4", ".400 WARN  x.Odd#5")]
        for pod, told in said
        if told.startswith(odd) and "x.In#4" in told
    ]
    told = lines.read((lines.service_of(pod), message) for pod, message in said)
    return told, faults.faults_of(made / faults.listed())
