"""Stands for a team's own deploy command: hosts in a file, faults by files; for tests.

`deployctl.py FOLDER deploy|restart COMPONENT VERSION GROUP HOSTS KEY`, `running COMPONENT` or
`candidates COMPONENT`. In FOLDER: `starts` has a line for each start, `hold` keeps operations
running while it exists, `fail` names failing hosts (or `all`), `down` breaks questions.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

_FIRST = "1.0"


def hosts_of(component: str) -> list[str]:
    """Return the names of the component's hosts; the first is in the group canary."""
    return [f"{component}-{number}" for number in range(1, 6)]


def load(folder: Path) -> dict[str, Any]:
    """Return what lies and what runs on the hosts."""
    file = folder / "world.json"
    empty: dict[str, Any] = {"artifacts": {}, "running": {}}
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else empty


def operate(folder: Path, kind: str, component: str, rest: list[str]) -> int:
    """Do a deploy or restart and print how each host came out."""
    version, group, named, key = rest
    with (folder / "starts").open("a", encoding="utf-8") as starts:
        starts.write(key + "\n")
    while (folder / "hold").exists():
        time.sleep(0.02)
    failing = (
        (folder / "fail").read_text(encoding="utf-8").split() if (folder / "fail").exists() else []
    )
    world = load(folder)
    everyone = hosts_of(component)
    hosts = named.split(",") if named else everyone[:1] if group == "canary" else everyone
    for host in hosts:
        is_failing = host in failing or "all" in failing
        sys.stdout.write(f"host {host} {'failed no answer' if is_failing else 'succeeded'}\n")
        if not is_failing and kind == "deploy":
            world["artifacts"][host] = version
        elif not is_failing and host in world["artifacts"]:
            world["running"][host] = world["artifacts"][host]
    (folder / "world.json").write_text(json.dumps(world), encoding="utf-8")
    return 1 if failing else 0


def answer(folder: Path, kind: str, component: str) -> int:
    """Print the running versions or the candidates."""
    if (folder / "down").exists():
        sys.stderr.write("inventory is down, password=hunter2\n")
        return 3
    if kind == "candidates":
        sys.stdout.write("1.2 Build 1.2\n1.1\n")
        return 0
    running = load(folder)["running"]
    for host in hosts_of(component):
        group = " canary" if host.endswith("-1") else ""
        sys.stdout.write(f"{host} {running.get(host, _FIRST)}{group}\n")
    return 0


if __name__ == "__main__":
    _folder, _kind, _component, *_rest = sys.argv[1:]
    if _rest:
        sys.exit(operate(Path(_folder), _kind, _component, _rest))
    sys.exit(answer(Path(_folder), _kind, _component))
