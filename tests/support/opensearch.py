"""A private OpenSearch for tests, without users; run as a program it is its keeper."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from examples.openchat.search_node import Node, OpensearchNode
from tests.support.keeper import Server, main, running_server
from tests.support.provision import require, unprivileged_user


@contextmanager
def running_opensearch(run: str) -> Iterator[Server]:
    """Yield a server, the same for everybody who names the same test run.

    Raises MissingProgramError, naming the packages, without OpenSearch or Java; RuntimeError with
    the server's words when it does not start.
    """
    with running_server("opensearch", run) as server:
        yield server


def node(folder: Path, settings: Mapping[str, str], *, heap: int = 512) -> Node:
    """A node of the provisioned server that has not started yet."""
    user = unprivileged_user() if os.geteuid() == 0 else None
    return OpensearchNode(require("opensearch"), folder, settings, user=user, heap=heap)


def _open(folder: Path) -> tuple[Node, Server]:
    """A node that answers whoever is on this machine."""
    made = node(folder, {"discovery.type": "single-node"})
    return made, Server("http://127.0.0.1:{port}", "", {}, kind="opensearch")


if __name__ == "__main__":
    main(_open)
