"""A private Elasticsearch for tests, with TLS and users; run as a program it is its keeper."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from examples.openchat.search_node import ElasticsearchNode, Node
from tests.support.certificates import make_certificates
from tests.support.keeper import Server, main, running_server
from tests.support.provision import require, unprivileged_user
from tests.support.recommended import recommended_role

_COST = 1000
ADMIN, READER, STRANGER = "admin", "reader", "stranger"
"""Users: may do anything; has the role that the documentation recommends; may do nothing."""


@contextmanager
def running_elasticsearch(run: str) -> Iterator[Server]:
    """Yield a server with TLS and users, the same for everybody who names the same test run.

    Raises MissingProgramError, naming the packages, without Elasticsearch or Java; RuntimeError
    with the server's words when it does not start.
    """
    with running_server("elasticsearch", run) as server:
        yield server


def _password_line(name: str, password: str) -> str:
    """A line of the file `users`, with the password hashed as the server does it."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _COST, dklen=32)
    first, second = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"{name}:{{PBKDF2}}{_COST}${first}${second}\n"


def node(folder: Path, settings: Mapping[str, str], *, heap: int = 512) -> Node:
    """A node of the provisioned server that has not started yet."""
    user = unprivileged_user() if os.geteuid() == 0 else None
    return ElasticsearchNode(require("elasticsearch"), folder, settings, user=user, heap=heap)


def _secured(folder: Path) -> tuple[Node, Server]:
    """A node with TLS, the recommended role, and three users."""
    passwords = {name: os.urandom(12).hex() for name in (ADMIN, READER, STRANGER)}
    config = folder / "config"
    config.mkdir()
    make_certificates(config)
    roles = {"recommended": recommended_role(), "nothing": {"cluster": []}}
    (config / "roles.yml").write_text(json.dumps(roles), encoding="utf-8")
    (config / "users").write_text(
        "".join(_password_line(name, word) for name, word in passwords.items()), encoding="utf-8"
    )
    (config / "users_roles").write_text(
        f"superuser:{ADMIN}\nrecommended:{READER}\nnothing:{STRANGER}\n", encoding="utf-8"
    )
    settings = {
        "discovery.type": "single-node",
        "xpack.security.enabled": "true",
        "xpack.security.autoconfiguration.enabled": "false",
        "xpack.security.http.ssl.enabled": "true",
        "xpack.security.http.ssl.key": "server.key",
        "xpack.security.http.ssl.certificate": "server.pem",
    }
    return node(folder, settings), Server(
        "https://127.0.0.1:{port}", str(config / "ca.pem"), passwords
    )


if __name__ == "__main__":
    main(_secured)
