"""Runs a search server beside the target and ships the target's log lines into it.

Run as a script; prints one JSON line with the port when the history is in it. Ends, and the server
with it, when its standard input ends.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import select
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

if not __package__:  # run as a script: its neighbours are found like those of a package
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = "openchat"
    __import__(__package__)

from .search_node import node_in
from .shipper import Shipper, ShippingError

_EVERY = 0.2
"""Seconds between two looks at the log files."""
_SETTINGS = {"discovery.type": "single-node"}
_USER = "nobody"
"""Who runs the server where this is started by root."""


def main() -> int:
    """Start the server, ship until the input ends, stop it."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--home", type=Path, required=True, help="the unpacked server")
    arguments.add_argument("--root", type=Path, required=True, help="the folder of the target")
    options = arguments.parse_args()
    kind = node_in(options.home)
    if kind is None:
        sys.exit(f"{options.home} holds neither Elasticsearch nor OpenSearch")
    # Ctrl-C reaches the whole group; this one ends with its input, after its server.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop_by_signal)
    user = _USER if os.geteuid() == 0 and pwd.getpwnam(_USER) else None
    folder = Path(tempfile.mkdtemp(prefix=f"release-master-{kind.name.lower()}-"))
    node = kind(options.home, folder, _SETTINGS, user=user)
    try:
        port = node.start()
        _ship(Shipper(options.root, folder / "shipped.json", port), port)
    except (RuntimeError, ShippingError) as error:
        print(str(error).splitlines()[-1], file=sys.stderr)
        return 1
    finally:
        node.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _stop_by_signal(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _ship(shipper: Shipper, port: int) -> None:
    shipper.prepare()
    while shipper.ship(history=True):
        pass
    print(json.dumps({"port": port}), flush=True)
    while not select.select([0], [], [], _EVERY)[0] or os.read(0, 4096):
        shipper.ship()


if __name__ == "__main__":
    sys.exit(main())
