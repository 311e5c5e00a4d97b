"""What a test does to a server beside counting: makes indices, writes documents."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.elasticsearch import ADMIN
from tests.support.keeper import Server

STARTS_A_SERVER = (pytest.mark.provisioned, pytest.mark.timeout(300))
"""The marks of tests that may be the first to need the server, which takes a while to start."""


class Admin:
    """Calls the server as a user that may do anything; raises RuntimeError with its words."""

    def __init__(self, server: Server) -> None:
        self._url = server.url
        password = server.passwords.get(ADMIN, "")
        token = base64.b64encode(f"{ADMIN}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"} if password else {}
        context = ssl.create_default_context(cafile=server.ca_file) if server.ca_file else None
        handlers = [urllib.request.HTTPSHandler(context=context)] if context else []
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call with a JSON body."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, "application/json")

    def make(self, index: str, properties: dict[str, Any], **settings: object) -> None:
        """Make an index that maps these fields and no others."""
        mappings = {"dynamic": False, "properties": properties}
        self.call("PUT", f"/{index}", {"settings": settings, "mappings": mappings})

    def make_stream(self, name: str, properties: dict[str, Any], **settings: object) -> None:
        """Make a data stream whose indices map these fields and no others."""
        mappings = {"dynamic": False, "properties": properties}
        template = {"settings": settings, "mappings": mappings}
        body = {"index_patterns": [name], "data_stream": {}, "template": template}
        self.call("PUT", f"/_index_template/{name}", body)
        self.call("PUT", f"/_data_stream/{name}")

    def share(self, index: str, properties: dict[str, Any]) -> None:
        """Make an index unless it is there; two workers that share a server may do it at once."""
        try:
            self.make(index, properties)
        except RuntimeError as refused:
            if "resource_already_exists_exception" not in str(refused):
                raise

    def write(
        self, index: str, documents: Iterable[dict[str, Any]], *, refresh: bool = True
    ) -> None:
        """Write documents; with `refresh` they can be found when this returns."""
        lines = [line for one in documents for line in ('{"create":{}}', json.dumps(one))]
        if not lines:
            return
        data = ("\n".join(lines) + "\n").encode()
        done = self._send(
            "POST", f"/{index}/_bulk?refresh={json.dumps(refresh)}", data, "application/x-ndjson"
        )
        if done["errors"]:
            raise RuntimeError(json.dumps(done["items"])[:1000])

    def refresh(self, index: str) -> None:
        """Let all that was written be found."""
        self._send("POST", f"/{index}/_refresh", None, "application/json")

    def _send(self, method: str, path: str, data: bytes | None, kind: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the test's own server
            self._url + path,
            data=data,
            method=method,
            headers={**self._headers, "Content-Type": kind},
        )
        try:
            with self._opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:1000]) from None
