"""What differs between the search servers: names, rights, and how a moment of an index is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.logs.search.query import Body


@dataclass(frozen=True)
class Speech:
    """How a server is asked to hold an index as it is at one moment (a point in time)."""

    path: str
    """The path after the index that opens one, and after nothing that gives it back."""
    key: str
    """The key of its id in the answer."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What else is said to open one that speaks for every shard."""
    several: bool = False
    """Whether ids are given back as a list."""

    def forget(self, pit: str) -> Body:
        """The body that gives it back."""
        return {self.key: [pit] if self.several else pit}


@dataclass(frozen=True)
class Product:
    """A search server as people know it."""

    name: str
    distribution: str
    """What `version.distribution` of GET / says; empty: there is no such key."""
    readable: str
    """The versions that can be read."""
    rights: str
    """What a user needs to read an index."""
    speech: Speech

    def foreign(self, about: object, hint: str = "") -> str:
        """Say what a server is that is not this one, from its answer to GET /.

        `hint` is what to say when it says nothing about itself.
        """
        version: Any = about.get("version") if isinstance(about, dict) else None
        if not isinstance(version, dict):
            return hint or (
                f"the address answers, but not as {self.name} {self.readable}: a proxy, a login "
                "page or another server; check `addresses`"
            )
        number = str(version.get("number", "?"))[:20]
        if version.get("distribution", "") == self.distribution:
            return f"the server is {self.name} {number}; {self.readable} can be read"
        other = _NAMES.get(version.get("distribution", ""), "another server")
        return f"the server is {other} {number}, not {self.name}; use the log store of its kind"


_NAMES = {"": "Elasticsearch", "opensearch": "OpenSearch"}
