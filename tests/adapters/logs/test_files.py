"""Log files as they really are: half-written, rotated, packed, damaged, of other formats."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.logs.files import FilesStore
from adapters.logs.files.component import ComponentLogs
from adapters.logs.files.listing import list_files
from adapters.logs.files.parsing import group_numbers
from bot.core.config.log_store import FilesLogStore
from bot.core.config.problem import UnusableError
from bot.core.counts import NO_TYPE, CountRequest, Counts, LogStoreError, Window

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
LAST_HOUR = Window(start=NOW - HOUR, end=NOW)
REAL_LOGS = Path(__file__).parents[4] / "shared" / "data" / "loghub-2k"

Make = Callable[..., FilesStore]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Make stores for the test's folder, and close them."""
    stores: list[FilesStore] = []

    def one(now: Callable[[], datetime] = lambda: NOW, **config: Any) -> FilesStore:
        config.setdefault("paths", ("{component}.log*",))
        made = FilesStore(FilesLogStore(kind="files", **config), tmp_path, now=now)
        stores.append(made)
        return made

    yield one
    for store in stores:
        await store.close()


def line(at: datetime, level: str = "ERROR", kind: str = "Timeout", **more: object) -> str:
    """One JSON line with its newline."""
    return json.dumps({"time": at.isoformat(), "level": level, "type": kind, **more}) + "\n"


def lines(count: int, kind: str = "Timeout", since: datetime = LAST_HOUR.start) -> str:
    """So many JSON lines, a millisecond apart."""
    return "".join(
        line(since + number * timedelta(milliseconds=1), kind=kind) for number in range(count)
    )


def append(path: Path, written: str | bytes) -> None:
    """Write at the end of a file, making it when needed."""
    with path.open("ab") as log:
        log.write(written.encode() if isinstance(written, str) else written)


async def count(store: FilesStore, *windows: Window, **request: Any) -> Counts:
    """Count the component `chat`, by default in the last hour."""
    return await store.count(
        CountRequest(component="chat", windows=windows or (LAST_HOUR,), **request)
    )


def total(counts: Counts, number: int = 0) -> int:
    """How many documents of the levels asked for are in a window."""
    return sum(one.count for one in counts.windows[number].types)


def gaps(counts: Counts) -> list[tuple[str, dict[str, object]]]:
    """The gaps with their parameters."""
    return [(gap.key, dict(gap.params)) for gap in counts.gaps]


class TestHalfWritten:
    """The writer is in the middle of a line when the bot looks."""

    async def test_a_half_line_waits_for_its_end(self, tmp_path: Path, make: Make) -> None:
        """The half line is neither counted nor unreadable, and counted once when it is whole."""
        log, store = tmp_path / "chat.log", make()
        whole = line(LAST_HOUR.start, message="größer 😀")
        half = len(whole.encode()) - 9
        append(log, lines(2))
        append(log, whole.encode()[:half])
        first = await count(store)
        assert (total(first), first.gaps) == (2, ())
        append(log, whole.encode()[half:])
        second = await count(store)
        assert (total(second), second.gaps) == (3, ())

    async def test_a_line_that_lacks_only_its_newline_waits(
        self, tmp_path: Path, make: Make
    ) -> None:
        """Valid JSON without newline may go on, so it waits too."""
        log, store = tmp_path / "chat.log", make()
        append(log, lines(1) + line(LAST_HOUR.start).rstrip("\n"))
        assert total(await count(store)) == 1
        append(log, "\n")
        assert total(await count(store)) == 2


class TestUnreadable:
    """Lines that are no documents."""

    @pytest.mark.parametrize(
        "bad",
        [
            b'{"time": "2026-01-15T11:30:00Z", "level": "ERR\n',
            b"plain text\n",
            b'{"level": "ERROR"}\n',
            b'{"time": "yesterday"}\n',
            b'{"time": "epoch"}\n',
            b'{"time": 3}\n',
            b"[1]\n",
            b"null\n",
            b"\xff\xfe\n",
        ],
    )
    async def test_too_many_are_a_gap(self, tmp_path: Path, make: Make, bad: bytes) -> None:
        """A share of unreadable lines above the limit is said; the others are counted."""
        append(tmp_path / "chat.log", lines(3).encode() + bad)
        counts = await count(make(max_unreadable=0.2))
        assert total(counts) == 3
        assert gaps(counts) == [("gap.unreadable", {"file": "chat.log", "share": 0.25, "lines": 1})]

    async def test_a_misnamed_level_is_a_gap(self, tmp_path: Path, make: Make) -> None:
        """Errors under another name are no documents without errors; blanks are no level."""
        for fields in ({"severity": "ERROR"}, {"level": None}, {"level": "  "}):
            written = {"time": LAST_HOUR.start.isoformat(), "type": "Boom", **fields}
            append(tmp_path / "chat.log", json.dumps(written) + "\n")
        before = Window(start=NOW - 2 * HOUR, end=NOW - HOUR)
        append(tmp_path / "chat.log", lines(9, since=before.start))
        counts = await count(make(max_unreadable=0.99), before, LAST_HOUR)
        assert (total(counts, 0), total(counts, 1), counts.windows[1].documents) == (9, 0, {})
        assert gaps(counts) == [
            ("gap.no_level", {"lines": 3, "whole": 3, "share": 1.0}),
            ("gap.no_documents", {}),
        ]

    async def test_few_are_no_gap(self, tmp_path: Path, make: Make) -> None:
        """A share at the limit is accepted."""
        append(tmp_path / "chat.log", lines(3) + "half\n")
        assert (await count(make(max_unreadable=0.25))).gaps == ()

    async def test_the_share_is_of_each_file_and_window(self, tmp_path: Path, make: Make) -> None:
        """Many good lines of another file or hour do not hide a bad one."""
        append(tmp_path / "chat.log.a", lines(1) + "bad\n" + lines(1))
        append(tmp_path / "chat.log.b", lines(300))
        before = Window(start=NOW - 2 * HOUR, end=NOW - HOUR)
        append(tmp_path / "chat.log.c", lines(300, since=before.start))
        counts = await count(make(), before, LAST_HOUR)
        assert gaps(counts) == [
            ("gap.unreadable", {"file": "chat.log.a", "share": 0.3333, "lines": 1})
        ]
        assert (await count(make(), before)).gaps == ()

    async def test_a_bad_line_between_windows_counts_for_both(
        self, tmp_path: Path, make: Make
    ) -> None:
        """A line that may have been written in a window makes it incomplete, whichever it was."""
        middle = NOW - HOUR / 2
        append(tmp_path / "chat.log", line(LAST_HOUR.start) + "bad\n" + line(middle))
        halves = (
            Window(start=LAST_HOUR.start, end=middle - SECOND),
            Window(start=middle, end=NOW),
        )
        for half in halves:
            assert [key for key, _ in gaps(await count(make(), half))] == ["gap.unreadable"]

    async def test_a_later_line_bounds_a_bad_one(self, tmp_path: Path, make: Make) -> None:
        """When a bad line was written at the latest is known once a good one follows it."""
        log, store = tmp_path / "chat.log", make()
        append(log, line(LAST_HOUR.start) + "bad\n")
        late = Window(start=NOW - SECOND, end=NOW)
        assert [key for key, _ in gaps(await count(store, late))] == [
            "gap.unreadable",
            "gap.no_documents",
        ]
        append(log, line(LAST_HOUR.start + SECOND) + line(late.start))
        assert (await count(store, late)).gaps == ()

    async def test_hostile_bytes_do_not_break_the_count(self, tmp_path: Path, make: Make) -> None:
        """Invalid UTF-8, holes of NULs, a byte order mark, CRLF and empty lines are survived."""
        good = lines(1).encode()
        bad_text = line(LAST_HOUR.start, message="M").encode().replace(b'"M"', b'"\xff\xfe"')
        append(
            tmp_path / "chat.log",
            b"\xef\xbb\xbf"
            + good
            + b"\0" * 5000
            + good
            + b"\r\n\n"
            + good[:-1]
            + b"\r\n"
            + bad_text,
        )
        counts = await count(make())
        assert (total(counts), counts.gaps) == (4, ())

    async def test_an_endless_line_does_not_fill_the_memory(
        self, tmp_path: Path, make: Make
    ) -> None:
        """A line of many megabytes is unreadable, and the lines behind it are counted."""
        append(tmp_path / "chat.log", lines(1) + "x" * (9 * 1024 * 1024) + "\n" + lines(1))
        counts = await count(make())
        assert total(counts) == 2
        assert [key for key, _ in gaps(counts)] == ["gap.unreadable"]


class TestRotation:
    """Files that are renamed, copied, emptied and packed are counted once."""

    async def test_only_new_bytes_are_read(self, tmp_path: Path, make: Make) -> None:
        """The second look reads what was added, not a byte more."""
        log, store = tmp_path / "chat.log", make()
        append(log, lines(1000))
        await count(store)
        before = store.bytes_read
        assert before == log.stat().st_size
        await count(store)
        assert store.bytes_read == before
        append(log, lines(1, kind="Other"))
        counts = await count(store)
        assert store.bytes_read == log.stat().st_size
        assert total(counts) == 1001

    async def test_by_rename_and_packing(self, tmp_path: Path, make: Make) -> None:
        """Renamed, then packed with the original still there, then alone: each line counts once."""
        log, store = tmp_path / "chat.log", make()
        append(log, lines(5))
        assert total(await count(store)) == 5
        append(log, lines(2, kind="BeforeRename"))
        log.rename(tmp_path / "chat.log.1")
        append(log, lines(3, kind="AfterRename"))
        assert total(await count(store)) == 10
        old = tmp_path / "chat.log.1"
        append(old, lines(1, kind="Late"))
        packed = tmp_path / "chat.log.1.gz"
        packed.write_bytes(gzip.compress(old.read_bytes())[:-9])
        counts = await count(store)
        assert (total(counts), counts.gaps) == (11, ())
        append(old, lines(1, kind="Later"))
        packed.write_bytes(gzip.compress(old.read_bytes()))
        old.unlink()
        assert total(await count(store)) == 12
        packed.rename(tmp_path / "chat.log.2.gz")
        read = store.bytes_read
        assert total(await count(store)) == 12
        assert store.bytes_read == read

    async def test_by_copy_and_truncate(self, tmp_path: Path, make: Make) -> None:
        """The copy goes on where the original was read; the emptied original begins anew."""
        log, copy, store = tmp_path / "chat.log", tmp_path / "chat.log.1", make()
        append(log, lines(5))
        assert total(await count(store)) == 5
        append(log, lines(2, kind="BeforeCopy"))
        shutil.copy(log, copy)
        assert total(await count(store)) == 7
        os.truncate(log, 0)
        assert total(await count(store)) == 7
        append(log, lines(40, kind="AfterCopy"))
        assert total(await count(store)) == 47

    async def test_by_copy_and_truncate_between_two_looks(self, tmp_path: Path, make: Make) -> None:
        """Also when the emptied file has grown past its old length since the last look."""
        log, store = tmp_path / "chat.log", make()
        append(log, lines(5))
        await count(store)
        shutil.copy(log, tmp_path / "chat.log.1")
        append(tmp_path / "chat.log.1", lines(1, kind="BetweenLookAndCopy"))
        os.truncate(log, 0)
        append(log, lines(40, kind="AfterCopy"))
        assert total(await count(store)) == 46

    async def test_a_deleted_file_stays_counted(self, tmp_path: Path, make: Make) -> None:
        """What was read before a file was deleted is not forgotten, and a new file is read."""
        log, store = tmp_path / "chat.log", make()
        append(log, lines(5))
        await count(store)
        log.unlink()
        append(log, lines(2, kind="New"))
        assert total(await count(store)) == 7

    async def test_files_that_are_equal_by_chance_both_count(
        self, tmp_path: Path, make: Make
    ) -> None:
        """Two hosts that wrote the same line are two documents."""
        store = make(paths=("*/chat.log",), host_from_path="^([^/]+)/")
        for host in ("a", "b"):
            (tmp_path / host).mkdir()
            append(tmp_path / host / "chat.log", lines(1))
        assert (await count(store)).windows[0].documents == {"a": 1, "b": 1}

    async def test_links_and_overlapping_globs_count_once(self, tmp_path: Path, make: Make) -> None:
        """A file that is found by several names is one file."""
        append(tmp_path / "chat.log", lines(3))
        (tmp_path / "current").symlink_to("chat.log")
        store = make(paths=("chat.log", "*.log", "current", str(tmp_path / "chat.*")))
        counts = await count(store)
        assert (total(counts), counts.gaps) == (3, ())


class Rotator:
    """Writes a log of unique lines and rotates it in every usual way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "chat.log"
        self.written = 0
        self.half = b""
        append(self.log, b"")

    def write(self) -> None:
        """Write the rest of a half line, then two more lines."""
        append(self.log, self.half)
        self.written += 3 if self.half else 2
        self.half = b""
        append(self.log, lines(2, kind=f"T{self.written}"))

    def write_half(self) -> None:
        """Write the first half of a line."""
        if not self.half:
            whole = lines(1, kind=f"H{self.written}").encode()
            append(self.log, whole[:40])
            self.half = whole[40:]

    def finish(self) -> None:
        """Write the rest of a half line."""
        append(self.log, self.half)
        self.written += bool(self.half)
        self.half = b""

    def shift(self) -> Path:
        """Count up the numbers of the rotated files, and name the free one."""
        self.finish()
        for number in range(20, 0, -1):
            for end in ("", ".gz"):
                old = self.folder / f"chat.log.{number}{end}"
                if old.exists():
                    old.rename(self.folder / f"chat.log.{number + 1}{end}")
        return self.folder / "chat.log.1"

    def rename(self) -> None:
        """Rename the log and begin a new one."""
        self.log.rename(self.shift())
        append(self.log, b"")

    def copy_and_truncate(self) -> None:
        """Copy the log and empty it."""
        shutil.copy(self.log, self.shift())
        os.truncate(self.log, 0)

    def pack(self) -> None:
        """Pack the newest rotated file that is not packed yet."""
        for old in sorted(self.folder.glob("chat.log.?"))[:1]:
            Path(f"{old}.gz").write_bytes(gzip.compress(old.read_bytes()))
            old.unlink()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(["write", "write_half", "look", "rename", "copy_and_truncate", "pack"]),
        min_size=4,
        max_size=14,
    )
)
async def test_any_rotation_counts_each_line_once(steps: list[str]) -> None:
    """However writing, looking and rotating are mixed, each whole line counts exactly once."""
    with tempfile.TemporaryDirectory() as folder:
        rotator = Rotator(Path(folder))
        config = FilesLogStore(kind="files", paths=("chat.log*",))
        store = FilesStore(config, Path(folder), now=lambda: NOW)
        for step in [*steps, "look"]:
            if step == "look":
                counts = await count(store)
                assert total(counts) == rotator.written
                assert [key for key, _ in gaps(counts)] == (
                    [] if rotator.written else ["gap.no_documents"]
                )
            else:
                getattr(rotator, step)()
        await store.close()


class TestIncomplete:
    """Counts that may be too low say so."""

    async def test_a_glob_that_finds_nothing(self, tmp_path: Path, make: Make) -> None:
        """The pattern is named with the component filled in; folders are no log files."""
        (tmp_path / "chat.log.d").mkdir()
        counts = await count(make())
        assert gaps(counts) == [
            ("gap.missing_file", {"pattern": "chat.log*"}),
            ("gap.no_documents", {}),
        ]

    async def test_a_damaged_archive(self, tmp_path: Path, make: Make) -> None:
        """A damaged .gz is named at every look; other files are counted, and a repair heals it."""
        store = make()
        append(tmp_path / "chat.log", lines(2))
        packed = tmp_path / "chat.log.7.gz"
        whole = gzip.compress(lines(50, kind="Old").encode())
        packed.write_bytes(whole[: len(whole) // 2])
        for _ in range(2):
            counts = await count(store)
            assert [(key, params["file"]) for key, params in gaps(counts)] == [
                ("gap.unfinished", "chat.log.7.gz")
            ]
        packed.write_bytes(whole)
        counts = await count(store)
        assert (total(counts), counts.gaps) == (52, ())

    async def test_an_archive_that_is_none(self, tmp_path: Path, make: Make) -> None:
        """A .gz that is no gzip file is named."""
        append(tmp_path / "chat.log.gz", lines(2))
        assert gaps(await count(make()))[0][0] == "gap.unfinished"

    async def test_the_time_limit(self, tmp_path: Path, make: Make) -> None:
        """A count over its limit is an error that names the limit; later counts stay exact."""
        append(tmp_path / "chat.log", lines(60_000))
        store = make(timeout=timedelta(milliseconds=1))
        for _ in range(3):
            with pytest.raises(LogStoreError, match="longer than the limit of 1ms"):
                await count(store)
        store.config = store.config.model_copy(update={"timeout": timedelta(seconds=50)})
        assert total(await count(store)) == 60_000
        assert store.bytes_read == (tmp_path / "chat.log").stat().st_size

    async def test_a_cancelled_count_leaves_nothing_behind(
        self, tmp_path: Path, make: Make
    ) -> None:
        """The count after a cancelled one is exact."""
        append(tmp_path / "chat.log", lines(20_000))
        store = make()
        task = asyncio.create_task(count(store))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert total(await count(store)) == 20_000

    async def test_counts_at_once_agree(self, tmp_path: Path, make: Make) -> None:
        """Counts of one component that are asked for together wait for each other."""
        append(tmp_path / "chat.log", lines(5000))
        store = make()
        answers = await asyncio.gather(*(count(store) for _ in range(6)))
        assert [total(one) for one in answers] == [5000] * 6

    async def test_a_link_to_nothing_is_no_file(self, tmp_path: Path, make: Make) -> None:
        """A dangling link is passed over, and named by its pattern when it is all there is."""
        (tmp_path / "chat.log").symlink_to("gone")
        assert gaps(await count(make()))[0] == ("gap.missing_file", {"pattern": "chat.log*"})

    def test_a_file_that_moved_since_the_listing_is_not_read(self, tmp_path: Path) -> None:
        """Another file under the listed name is an error, so that its lines count for no other."""
        log = tmp_path / "chat.log"
        append(log, lines(1))
        (found,), missing = list_files(("{component}.log",), "chat", tmp_path)
        assert missing == ()
        log.rename(tmp_path / "chat.log.1")
        append(log, lines(1))
        with pytest.raises(OSError, match="moved"), found.opened():
            pass

    async def test_close_ends_a_running_count(self, tmp_path: Path, make: Make) -> None:
        """Closing the store does not wait for a long count; that count is an error."""
        append(tmp_path / "chat.log", lines(60_000))
        store = make()
        task = asyncio.create_task(count(store))
        await asyncio.sleep(0)
        assert not task.done()
        await store.close()
        with pytest.raises(LogStoreError):
            await task

    async def test_a_closed_store_counts_nothing(self, make: Make) -> None:
        """After close a count is refused."""
        store = make()
        await store.close()
        with pytest.raises(LogStoreError, match="closed"):
            await count(store)


class TestMemory:
    """What is kept between the looks."""

    async def test_old_documents_are_dropped_and_found_again(
        self, tmp_path: Path, make: Make
    ) -> None:
        """Only what may be asked for is kept; who asks further back gets it from the files."""
        moment = [NOW]
        log, store = tmp_path / "chat.log", make(now=lambda: moment[0])
        append(log, lines(7))
        assert total(await count(store)) == 7
        later = NOW + timedelta(days=9)
        moment[0] = later
        append(log, lines(2, since=later - HOUR))
        assert total(await count(store, Window(start=later - HOUR, end=later))) == 2
        assert stored(store._components["chat"]) == 2
        counts = await count(store, Window(start=NOW - HOUR, end=later))
        assert (total(counts), stored(store._components["chat"])) == (9, 9)

    async def test_old_archives_are_not_read(self, tmp_path: Path, make: Make) -> None:
        """An archive that was finished long before the windows is left alone until asked for."""
        old = tmp_path / "chat.log.9.gz"
        past = NOW - timedelta(days=40)
        old.write_bytes(gzip.compress(lines(4, since=past).encode()))
        os.utime(old, (past.timestamp() + 60,) * 2)
        append(tmp_path / "chat.log", lines(1))
        store = make()
        await count(store)
        assert store.bytes_read == (tmp_path / "chat.log").stat().st_size
        assert total(await count(store, Window(start=past, end=NOW))) == 5


def stored(logs: ComponentLogs) -> int:
    """How many documents are kept."""
    return int(logs._documents._row("SELECT count(*) FROM document")[0])


class TestFormats:
    """What lines may look like."""

    async def test_dotted_fields(self, tmp_path: Path, make: Make) -> None:
        """A dotted field is found nested and flat; other names with odd characters too."""
        at = LAST_HOUR.start.isoformat()
        for fields in (
            {"@timestamp": at, "log": {"level": "error"}, "error": {"type": "A"}, "h/~": "x"},
            {"@timestamp": at, "log.level": "error", "error.type": "A", "h/~": "x"},
            {"@timestamp": at, "log.level": "error", "error.type": None, "h/~": "x"},
        ):
            append(tmp_path / "chat.log", json.dumps(fields) + "\n")
        names = {"time": "@timestamp", "level": "log.level", "error_type": "error.type"}
        counts = await count(make(fields={**names, "host": "h/~"}))
        assert [(one.error_type, one.host, one.count) for one in counts.windows[0].types] == [
            (NO_TYPE, "x", 1),
            ("A", "x", 2),
        ]

    @pytest.mark.parametrize(
        ("time_format", "zone", "written"),
        [
            ("", "UTC", "2026-01-15T11:30:00.123456Z"),
            ("", "UTC", "2026-01-15 11:30:00,123456"),
            ("", "UTC", "2026-01-15T11:30:00.123456789Z"),
            ("", "Asia/Tokyo", "2026-01-15T20:30:00.123456"),
            ("", "Asia/Tokyo", "2026-01-15T20:30:00.123456+0900"),
            ("", "Asia/Tokyo", "2026-01-15T11:30:00.123456Z"),
            ("epoch", "UTC", 1768476600.123456),
            ("epoch_ms", "UTC", "1768476600123.456"),
            ("%d/%b/%Y:%H:%M:%S.%f %z", "UTC", "15/Jan/2026:20:30:00.123456 +0900"),
            ("%d/%b/%Y:%H:%M:%S.%f", "Asia/Tokyo", "15/Jan/2026:20:30:00.123456"),
            ("%b %d %H:%M:%S.%f", "UTC", "Jan 15 11:30:00.123456"),
        ],
    )
    async def test_times_are_exact(
        self, tmp_path: Path, make: Make, time_format: str, zone: str, written: object
    ) -> None:
        """Every way to write a time is read to the microsecond."""
        append(tmp_path / "chat.log", json.dumps({"time": written, "level": "ERROR"}) + "\n")
        counts = await count(make(time_format=time_format, zone=zone))
        assert counts.newest == datetime(2026, 1, 15, 11, 30, 0, 123456, tzinfo=UTC)
        assert total(counts) == 1

    async def test_a_time_without_year_is_of_the_year_before_rather_than_in_the_future(
        self, tmp_path: Path, make: Make
    ) -> None:
        """In January, a line of December was written last year; a leap day finds its year."""
        append(tmp_path / "chat.log", '{"time": "Dec 31 23:59:59"}\n')
        form = "%b %d %H:%M:%S"
        counts = await count(make(time_format=form))
        assert counts.newest == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
        append(tmp_path / "push.log", '{"time": "Feb 29 01:00:00"}\n')
        store = make(
            now=lambda: datetime(2025, 1, 5, tzinfo=UTC), time_format=form, paths=("push.log",)
        )
        assert (await count(store)).newest == datetime(2024, 2, 29, 1, tzinfo=UTC)

    async def test_text_lines_with_stack_traces(self, tmp_path: Path, make: Make) -> None:
        """Lines of a stack trace belong to the line before; other lines are unreadable."""
        append(
            tmp_path / "chat.log",
            "2026-01-15 20:30:00,123 ERROR [main] c.l.Chat - SocketTimeout: read timed out\n"
            "java.net.SocketTimeoutException: read timed out\n"
            "\tat java.base/java.net.Socket.read(Socket.java:1)\n"
            "Caused by: java.io.IOException\n"
            "\t... 12 more\n"
            "2026-01-15 20:30:01,000 WARN  [main] c.l.Chat - slow\n"
            "what is this\n",
        )
        store = make(
            format="pattern",
            pattern=r"^(?P<time>\d{4}-\S+ \S+) (?P<level>[A-Z]+) +\[([^\]()]*)\] \S+ - "
            r"(?:(?P<type>\w+): )?(?P<message>.*)$",
            time_format="%Y-%m-%d %H:%M:%S,%f",
            zone="Asia/Tokyo",
        )
        counts = await count(store, samples=True)
        assert [(one.error_type, one.level) for one in counts.windows[0].types] == [
            (NO_TYPE, "WARN"),
            ("SocketTimeout", "ERROR"),
        ]
        assert [one.message for one in counts.windows[0].samples] == ["slow", "read timed out"]
        assert gaps(counts) == [
            ("gap.unreadable", {"file": "chat.log", "share": 0.3333, "lines": 1})
        ]

    async def test_without_message_group_the_line_is_the_message(
        self, tmp_path: Path, make: Make
    ) -> None:
        """A sample then shows the whole line, and the host comes from the path."""
        append(tmp_path / "chat.log.h7", "2026-01-15T11:30:00Z E boom\n")
        store = make(
            format="pattern",
            pattern=r"^(?P<time>\S+) (?P<level>\w)",
            host_from_path=r"\.(h\d+)$",
        )
        window = (await count(store, samples=True)).windows[0]
        assert [one.message for one in window.samples] == ["2026-01-15T11:30:00Z E boom"]
        assert window.documents == {"h7": 1}

    @pytest.mark.parametrize(
        ("config", "complaint"),
        [
            (
                {"format": "pattern", "pattern": "(?P<time>["},
                "pattern: '(?P<time>[' is no RE2 expression: missing ]: [",
            ),
            (
                {"format": "pattern", "pattern": r"(?P<time>\S+)(?=x)"},
                r"pattern: '(?P<time>\\S+)(?=x)' is no RE2 expression: invalid perl operator: (?=",
            ),
            (
                {"format": "pattern", "pattern": "(a)" * 9 + "(?P<time>b)"},
                f"pattern: '{'(a)' * 9}(?P<time>b)' has a named group behind the ninth",
            ),
            (
                {"format": "pattern", "pattern": "(?P<time>a)", "continuation": "["},
                "continuation: '[' is no RE2 expression: missing ]: [",
            ),
            ({"time_format": "%Q"}, "time_format: '%Q' is no strptime format"),
            ({"zone": "Mars/Phobos"}, "zone: 'Mars/Phobos' is no time zone"),
            ({"host_from_path": "("}, "host_from_path: '(' is no regular expression: missing )"),
        ],
    )
    def test_wrong_configuration_is_refused_at_once(
        self, tmp_path: Path, config: dict[str, Any], complaint: str
    ) -> None:
        """An expression, format or zone that cannot work is a ValueError when the store is made."""
        with pytest.raises(UnusableError, match=f"^{re.escape(complaint)}"):
            FilesStore(
                FilesLogStore(kind="files", paths=("a",), **config), tmp_path, now=lambda: NOW
            )

    def test_groups_are_numbered_as_re2_does(self) -> None:
        """Escapes, classes and unnamed and uncapturing groups do not confuse the numbers."""
        pattern = r"\((?P<a>x)[()\]](?:y)(z)[]()](?P<b>[^](])(?i:q)[[:alpha:](](?P<c>\\)"
        assert group_numbers(pattern) == {"a": 1, "b": 3, "c": 4}


@pytest.mark.skipif(not REAL_LOGS.is_dir(), reason="the folder of real logs is not here")
class TestRealLogs:
    """Two thousand real lines each, compared with counting by hand."""

    async def test_zookeeper(self, tmp_path: Path, make: Make) -> None:
        """Every line of the Zookeeper log is read, and the levels are those of its ground truth."""
        shutil.copy(REAL_LOGS / "Zookeeper" / "Zookeeper_2k.log.gz", tmp_path / "chat.log.gz")
        store = make(
            now=lambda: datetime(2015, 9, 1, tzinfo=UTC),
            format="pattern",
            pattern=r"^(?P<time>\S+ \S+) - (?P<level>\w+) +\[(?P<type>.*)\] - (?P<message>.*)$",
        )
        window = Window(
            start=datetime(2015, 7, 1, tzinfo=UTC), end=datetime(2015, 9, 1, tzinfo=UTC)
        )
        counts = await count(store, window)
        raw = gzip.decompress((tmp_path / "chat.log.gz").read_bytes()).decode().splitlines()
        assert counts.gaps == ()
        assert counts.windows[0].documents == {"": len(raw)}
        for level in ("WARN", "ERROR"):
            found = sum(one.count for one in counts.windows[0].types if one.level == level)
            assert found == sum(f" - {level} " in one[:35] for one in raw) > 0

    async def test_apache(self, tmp_path: Path, make: Make) -> None:
        """Every line of the Apache log is read; its times have no zone."""
        shutil.copy(REAL_LOGS / "Apache" / "Apache_2k.log.gz", tmp_path / "chat.log.gz")
        store = make(
            now=lambda: datetime(2006, 1, 1, tzinfo=UTC),
            format="pattern",
            pattern=r"^\[(?P<time>[^\]]+)\] \[(?P<level>\w+)\] (?P<message>.*)$",
            time_format="%a %b %d %H:%M:%S %Y",
            zone="America/New_York",
        )
        window = Window(
            start=datetime(2005, 12, 1, tzinfo=UTC), end=datetime(2006, 1, 1, tzinfo=UTC)
        )
        counts = await count(store, window)
        raw = gzip.decompress((tmp_path / "chat.log.gz").read_bytes()).decode().splitlines()
        assert counts.gaps == ()
        assert total(counts) == sum("] [error] " in one for one in raw) > 0
        assert counts.windows[0].documents == {"": len(raw)}
