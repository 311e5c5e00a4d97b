"""What every LogStore makes of fields that say who wrote a line and how much was served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.logs.files import FilesStore
from bot.core.config.log_store import Fields, FilesLogStore
from bot.core.counts import CountRequest, LogStoreError
from tests.contracts.test_log_store import (
    FIELDS,
    MINUTE,
    NOW,
    Document,
    LogFolder,
    Make,
    Subject,
    memory,
    on_server,
    window,
)
from tests.support.search_admin import STARTS_A_SERVER

FIELDED: dict[str, Make] = {
    "memory": memory,
    "files": lambda folder, _: LogFolder(folder, fields=Fields(**FIELDS)).subject(),
    "elasticsearch": lambda _, request: on_server(
        request.getfixturevalue("elasticsearch_server"), fields=FIELDS
    ),
    "opensearch": lambda _, request: on_server(
        request.getfixturevalue("opensearch_server"), fields=FIELDS
    ),
}


@pytest.fixture(
    params=[
        pytest.param(name, marks=[*STARTS_A_SERVER] if "search" in name else []) for name in FIELDED
    ]
)
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    """One implementation that reads the fields, with a canary and two other hosts in it."""
    made = FIELDED[request.param](tmp_path, request)
    written = [("pod-1", "canary", 10.0), ("pod-2", "stable", 20.0), ("pod-3", "stable", 0.5)]
    at = NOW - 3 * MINUTE
    made.write(
        "chat",
        [
            Document(at, host=host, group=group, served=served)
            for host, group, served in (*written, *written)
        ]
        + [
            Document(at + MINUTE, host="pod-2", error_type=("Timeout", "Slow"), served=3.2),
            Document(at + MINUTE, host="pod-1", group="canary", served=-4),
            Document(at, host="pod-4", group="stable", level="INFO", error_type=None),
        ],
    )
    try:
        yield made
    finally:
        await made.store.close()


def minutes(group: str = "") -> CountRequest:
    """Ten minutes, by the minute, with the hosts that were alive."""
    return CountRequest(
        component="chat",
        windows=(window(-10, 0),),
        bucket=timedelta(minutes=1),
        alive=True,
        samples=True,
        group=group,
    )


async def test_one_group_is_counted_alone(subject: Subject) -> None:
    """By the name that its documents give: types, hosts, life and samples."""
    [canary] = (await subject.store.count(minutes("canary"))).windows
    [stable] = (await subject.store.count(minutes("stable"))).windows
    [whole] = (await subject.store.count(minutes())).windows

    assert [(one.error_type, one.host, one.count) for one in canary.types] == [
        ("Timeout", "pod-1", 2),
        ("Timeout", "pod-1", 1),
    ]
    assert canary.documents == {"pod-1": 3}
    assert {one.host for one in canary.alive} == {"pod-1"}
    assert [one.error_type for one in canary.samples] == ["Timeout"]
    assert stable.documents == {"pod-2": 2, "pod-3": 2, "pod-4": 1}
    assert sum(one.count for one in stable.types) == 4
    assert whole.documents == {"pod-1": 3, "pod-2": 3, "pod-3": 2, "pod-4": 1}


async def test_a_group_that_nobody_names_has_no_documents(subject: Subject) -> None:
    """It is silent, which is no zero."""
    counts = await subject.store.count(minutes("canaries"))

    assert counts.windows[0].types == ()
    assert [gap.key for gap in counts.gaps] == ["gap.no_documents"]


async def test_what_was_served_is_added_up_by_host_and_minute(subject: Subject) -> None:
    """In whole numbers, rounded up, never below 0; a line with two types served once."""
    [found] = (await subject.store.count(minutes())).windows
    at = NOW - 3 * MINUTE

    assert {(one.host, (one.bucket - at) // MINUTE): one.exposure for one in found.alive} == {
        ("pod-1", 0): 20,
        ("pod-1", 1): 0,
        ("pod-2", 0): 40,
        ("pod-2", 1): 4,
        ("pod-3", 0): 1,
        ("pod-4", 0): 0,
    }


async def test_files_refuse_a_field_that_no_line_has(tmp_path: Path) -> None:
    """As a server refuses one that no index maps; without lines nothing is known yet."""
    for key in FIELDS:
        folder = LogFolder(tmp_path, fields=Fields(**{key: "nowhere"}))
        made = folder.subject()
        made.write(key, [])
        request = minutes("canary" if key == "group" else "").model_copy(update={"component": key})
        assert (await made.store.count(request)).windows[0].documents == {}
        made.write(key, [Document(NOW - MINUTE, group="canary", served=1)])
        with pytest.raises(LogStoreError, match=f"no line has the field nowhere.*fields.{key}"):
            await made.store.count(request)
        await made.store.close()


async def test_files_in_a_pattern_name_groups_of_it(tmp_path: Path) -> None:
    """Words that are no number serve nothing."""
    config = FilesLogStore(
        kind="files",
        paths=("{component}.log",),
        format="pattern",
        pattern=r"(?P<time>\S+) (?P<level>\w+) (?P<track>\w+) (?P<n>\S+)",
        fields=Fields(group="track", exposure="n"),
    )
    at = (NOW - MINUTE).isoformat()
    lines = (f"{at} ERROR canary {n}" for n in ("7", "inf", "many", "1e0"))
    (tmp_path / "chat.log").write_text("\n".join([*lines, f"{at} WARN stable 5", ""]))
    store = FilesStore(config, tmp_path, now=lambda: NOW)
    [found] = (await store.count(minutes("canary"))).windows
    await store.close()

    assert [(one.count, one.exposure) for one in found.alive] == [(4, 8)]
