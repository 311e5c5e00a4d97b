"""What the tests of search servers share: a server, an index, and a proxy that spoils answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.support.counting import MAPPING, document
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.keeper import Server
from tests.support.search_admin import Admin


@pytest.fixture(scope="module", params=["elasticsearch", "opensearch"])
def server(request: pytest.FixtureRequest) -> Server:
    """A real server of each kind; a module may name one of them."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def admin(server: Server) -> Admin:
    """Somebody who may do anything."""
    return Admin(server)


@pytest.fixture
def index(admin: Admin) -> str:
    """An index of its own, with one error of this moment."""
    name = f"logs-{uuid4().hex}"
    admin.make(name, MAPPING)
    admin.write(name, [document()])
    return name


@pytest.fixture(scope="module")
def shared(server: Server) -> str:
    """An index for tests that only read: one error of this moment."""
    admin, name = Admin(server), f"logs-{uuid4().hex}"
    admin.make(name, MAPPING)
    admin.write(name, [document()])
    return name


@pytest.fixture
async def proxied(server: Server) -> AsyncIterator[tuple[Server, FaultProxy]]:
    """The server behind a proxy that spoils answers."""
    async with fault_proxy(server) as made:
        yield made
