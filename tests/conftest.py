"""What all tests share: a provisioned database and the house rules for tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
import structlog
from hypothesis import settings

from tests.support.elasticsearch import running_elasticsearch
from tests.support.keeper import Server
from tests.support.opensearch import running_opensearch
from tests.support.postgres import fresh_database, running_postgres
from tests.support.provision import MissingProgramError
from tests.support.skipping import without

# How long one example takes says more about the machine than about the code.
settings.register_profile("release-master", deadline=None, print_blob=True)
settings.load_profile("release-master")
# Thousands of releases move in tests; who looks at their lines configures the log.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

# Whole bots on loopback, every card in every language, small benchmarks: not in make test-fast.
_THOROUGH = {
    "slack", "line", "bench", "test_sample_files.py", "test_support.py", "test_crashes.py",
    "test_whole_release.py", "test_two_engines.py", "test_executors.py", "test_people.py",
    "test_log_store.py", "test_command.py", "test_files.py", "test_interleavings.py",
}  # fmt: skip
_PROVISIONED_FIXTURES = {
    "postgres_url",
    "postgres_database",
    "socket_slack",
    "http_slack",
    "elasticsearch_server",
    "opensearch_server",
}
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
"""The same for all workers."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, shared by the tests of one worker."""
    try:
        with running_postgres() as url:
            yield url
    except MissingProgramError as missing:
        without(missing)


@pytest.fixture(scope="session")
def elasticsearch_server() -> Iterator[Server]:
    """An Elasticsearch with TLS and users, shared by the tests of all workers."""
    try:
        with running_elasticsearch(_RUN) as server:
            yield server
    except MissingProgramError as missing:
        without(missing)


@pytest.fixture(scope="session")
def opensearch_server() -> Iterator[Server]:
    """An OpenSearch, shared by the tests of all workers."""
    try:
        with running_opensearch(_RUN) as server:
            yield server
    except MissingProgramError as missing:
        without(missing)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of a PostgreSQL database that only this test uses."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server and refuse tests that break the house rules."""
    complaints: set[str] = set()
    for item in items:
        if _THOROUGH.intersection(part.name for part in item.path.parents) or item.path.name in (
            _THOROUGH
        ):
            item.add_marker(pytest.mark.thorough)
        if _PROVISIONED_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.provisioned)
        complaints.update(_complaints(item))
    if complaints:
        raise pytest.UsageError("\n".join(sorted(complaints)))


def _complaints(item: pytest.Item) -> Iterator[str]:
    name = item.nodeid.split("[", maxsplit=1)[0]
    function = getattr(item, "function", None)
    if function is not None and not (function.__doc__ or "").strip():
        yield f"{name}: say in a docstring what is expected"
    numbers = [number for mark in item.iter_markers("scenario") for number in mark.args]
    if len(numbers) > 3:
        yield f"{name}: keeps {len(numbers)} promises at once; at most three can be seen to hold"
