"""The example's deployment API with its real processes: the contract, and what versions do."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from examples.openchat.background import CLOCKWORK, KNOWN, REQUEST, STEADY, TEN_DAYS
from examples.openchat.faults import VERSIONS
from examples.openchat.topology import COMPONENTS, RUNS_AT_FIRST
from tests.examples.target import ROUND, SCALE, Target, at, wait_for

pytestmark = pytest.mark.processes

NEWEST = next(iter(VERSIONS))


def titled(words: str) -> str:
    """The version whose title holds these words."""
    [found] = [name for name, each in VERSIONS.items() if words in each.title]
    return found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One target for the module; each test takes another component."""
    running = Target(tmp_path_factory.mktemp("target"))
    try:
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A target whose tasks wait a second and cannot be found by key."""
    running = Target(tmp_path_factory.mktemp("slow"), "--no-find", "--delay", "1")
    try:
        yield running
    finally:
        running.end()


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/components/chat"),
        ("GET", "/components/chat/candidates"),
        ("POST", "/components/chat/deploy"),
        ("POST", "/components/chat/restart"),
        ("GET", "/tasks?key=1"),
        ("GET", "/tasks/task-1"),
        ("POST", "/tasks/task-1/stop"),
    ],
)
def test_every_route_wants_the_token(target: Target, method: str, path: str, token: str) -> None:
    """Only whoever knows the token is answered; the health page is open."""
    assert target.call(method, path, token=token)[0] == 401
    assert target.call("GET", "/healthz", token=token) == (200, {"status": "ok"})


def test_hosts_run_the_first_version_in_their_groups(target: Target) -> None:
    """At first three hosts of a component run the same version, one of them as canary."""
    _, answer = target.call("GET", "/components/gateway")

    assert [(each["host"], each["group"]) for each in answer["hosts"]] == [
        ("gateway-1", "canary"),
        ("gateway-2", "main"),
        ("gateway-3", "main"),
    ]
    assert {each["version"] for each in answer["hosts"]} == {RUNS_AT_FIRST}
    assert {each["status"] for each in answer["hosts"]} == {"up"}


def test_candidates_are_listed_newest_first_with_titles(target: Target) -> None:
    """The picker's list: versions and what people call them."""
    _, answer = target.call("GET", "/components/chat/candidates")

    assert [each["version"] for each in answer["candidates"]] == list(VERSIONS)
    assert all(each["title"] for each in answer["candidates"])


def test_a_deployment_changes_files_and_a_restart_what_runs(target: Target) -> None:
    """Host by host: new files first, then the canary group, then all; each within its seconds."""
    begun = time.monotonic()
    deployed = target.finish(target.start("chat", "deploy", version=NEWEST))
    assert deployed["status"] == "finished"
    assert set(target.running("chat").values()) == {RUNS_AT_FIRST}

    canary = target.finish(target.start("chat", "restart", group="canary"))
    assert [(part["host"], part["status"]) for part in canary["hosts"]] == [("chat-1", "finished")]
    assert target.running("chat") == {
        "chat-1": NEWEST,
        "chat-2": RUNS_AT_FIRST,
        "chat-3": RUNS_AT_FIRST,
    }

    target.finish(target.start("chat", "restart", group="all"))
    assert set(target.running("chat").values()) == {NEWEST}
    assert time.monotonic() - begun < 12


@pytest.mark.long  # tests/test_tryout.py has its verdict
def test_a_healthy_restart_leaves_known_lines_only(target: Target) -> None:
    """After a healthy release every host writes on, no type is new and none exceeds its total."""
    begun = target.release("auth", NEWEST)
    ended = time.time()
    wait_for(lambda: time.time() > ended + 3 * ROUND)
    before = target.counts("auth", begun - TEN_DAYS / SCALE, begun)
    after = target.counts("auth", begun)
    alive = {line["host"] for line in target.lines("auth") if at(line) >= ended}

    assert before[CLOCKWORK.name] in {49, 50}
    assert set(after) <= {kind.name for kind in (REQUEST, *STEADY)}
    assert all(after[kind.name] < before[kind.name] for kind in KNOWN)
    assert alive == {"auth-1", "auth-2", "auth-3"}


def test_one_key_starts_once(target: Target) -> None:
    """A second start with a key gives the first one's task and is only witnessed."""
    body = {"version": NEWEST, "hosts": [], "key": "42/search-deploy/1"}
    answers = [target.call("POST", "/components/search/deploy", body) for _ in range(3)]
    witnessed = [one for one in target.starts() if one["key"] == body["key"]]

    assert [status for status, _ in answers] == [202] * 3
    assert len({task["id"] for _, task in answers}) == 1
    assert [one["event"] for one in witnessed] == ["start", "duplicate", "duplicate"]
    assert witnessed[0]["hosts"] == ["search-1", "search-2", "search-3"]
    assert (witnessed[0]["kind"], witnessed[0]["version"]) == ("deploy", NEWEST)


def test_a_task_is_found_by_its_key(target: Target) -> None:
    """After a crash the caller finds what it began, and sees that it began nothing else."""
    task = target.start("search", "restart", group="all")
    _, found = target.call("GET", f"/tasks?key={task['key']}")
    _, nothing = target.call("GET", "/tasks?key=42%2Fnever%2F1")

    assert [each["id"] for each in found["tasks"]] == [task["id"]]
    assert nothing == {"tasks": []}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/components/nobody/deploy", {"version": NEWEST, "key": "k"}, 404),
        ("/components/chat/deploy", {"version": "1.0", "key": "k"}, 400),
        ("/components/chat/deploy", {"version": NEWEST}, 400),
        ("/components/chat/deploy", {"version": NEWEST, "key": "k", "hosts": ["auth-1"]}, 400),
        ("/components/auth/restart", {"group": "canary", "key": "k"}, 400),
        ("/components/chat/restart", [], 400),
        ("/tasks/task-999/stop", {}, 404),
    ],
)
def test_what_is_wrong_is_refused(target: Target, path: str, body: object, status: int) -> None:
    """Unknown components, versions, hosts, groups and tasks begin nothing and say why."""
    before = len(target.starts()) if (target.root / "starts.log").exists() else 0
    found, answer = target.call("POST", path, body)

    assert found == status
    assert answer["error"]
    after = len(target.starts()) if (target.root / "starts.log").exists() else 0
    assert after == before


def test_a_key_belongs_to_one_operation(target: Target) -> None:
    """The same key for something else is refused."""
    task = target.start("media", "deploy", version=NEWEST)
    body = {"version": RUNS_AT_FIRST, "hosts": [], "key": task["key"]}

    assert target.call("POST", "/components/media/deploy", body)[0] == 409


def test_the_new_type_appears_on_the_restarted_host_only(target: Target) -> None:
    """With the canary alone restarted, only its log shows the type that was never seen."""
    fault = VERSIONS[titled("new error type")].new
    assert fault is not None
    begun = target.release("gateway", titled("new error type"), group="canary")
    assert target.counts("gateway", 0, begun)[fault.name] == 0

    wait_for(lambda: target.counts("gateway", begun)[fault.name] >= 2, 5 * ROUND)
    hosts = {line["host"] for line in target.lines("gateway") if line["type"] == fault.name}
    assert hosts == {"gateway-1"}


@pytest.mark.long  # tests/test_tryout.py has its verdict
def test_the_talks_example_jumps_within_a_round(target: Target) -> None:
    """50 in the ten days before, 250 since the deployment."""
    begun = target.release("push", titled("50 before"))
    wait_for(lambda: target.counts("push", begun)[CLOCKWORK.name] >= 250, 3 * ROUND)

    assert target.counts("push", begun - TEN_DAYS / SCALE, begun)[CLOCKWORK.name] in {49, 50}
    assert target.counts("push", begun)[CLOCKWORK.name] <= 252


def test_a_version_that_does_not_start_fails_its_host(target: Target) -> None:
    """The first host fails with the reason, the others are left alone; going back repairs it."""
    target.finish(target.start("media", "deploy", version=titled("does not start")))
    task = target.finish(target.start("media", "restart", group="all"))
    _, answer = target.call("GET", "/components/media")

    assert task["status"] == "failed"
    assert [part["status"] for part in task["hosts"]] == ["failed", "stopped", "stopped"]
    assert "is missing" in task["hosts"][0]["detail"]
    assert [each["status"] for each in answer["hosts"]] == ["down", "up", "up"]
    assert answer["hosts"][1]["version"] == RUNS_AT_FIRST

    target.release("media", RUNS_AT_FIRST)
    assert set(target.running("media").values()) == {RUNS_AT_FIRST}


@pytest.mark.long  # tests/test_tryout.py has its verdict
def test_the_quiet_version_serves_without_a_line(target: Target) -> None:
    """Its health check passes and it answers, but its log ends with the restart."""
    target.release("profile", titled("quiet"))
    ended = time.time()
    wait_for(lambda: time.time() > ended + 3 * ROUND)

    assert set(target.running("profile").values()) == {titled("quiet")}
    assert target.counts("profile", ended) == {}
    assert target.counts("chat", ended)[REQUEST.name] > 0


def test_stopping_leaves_what_was_not_begun(slow: Target) -> None:
    """Hosts that were still queued stay as they are; what is over cannot be stopped."""
    task = slow.start("chat", "restart", group="all")
    wait_for(lambda: slow.call("GET", f"/tasks/{task['id']}")[1]["status"] == "running")
    assert slow.call("POST", f"/tasks/{task['id']}/stop")[0] == 202
    stopped = slow.finish(task)

    assert stopped["status"] == "stopped"
    assert {part["status"] for part in stopped["hosts"]} == {"stopped"}
    assert slow.call("POST", f"/tasks/{task['id']}/stop")[0] == 409


def test_tasks_of_one_component_wait_for_each_other(slow: Target) -> None:
    """A second task of a component is queued until the first is over; others run at once."""
    first = slow.start("auth", "deploy", version=NEWEST)
    second = slow.start("auth", "restart", group="all")
    other = slow.start("push", "deploy", version=NEWEST)
    wait_for(lambda: slow.call("GET", f"/tasks/{other['id']}")[1]["status"] == "running")

    assert slow.call("GET", f"/tasks/{first['id']}")[1]["status"] == "running"
    assert slow.call("GET", f"/tasks/{second['id']}")[1]["status"] == "queued"
    assert slow.finish(second)["status"] == "finished"
    assert set(slow.running("auth").values()) == {NEWEST}


def test_an_api_that_cannot_find_says_so(slow: Target) -> None:
    """Then people have to be asked after a crash."""
    assert slow.call("GET", "/tasks?key=1")[0] == 501


def test_every_component_logs_live(target: Target) -> None:
    """Each of the 21 instances answers requests and says so in its own file."""

    def hosts() -> set[str]:
        files = target.root.glob("logs/*/*.log")
        return {file.stem for file in files if b'"INFO"' in file.read_bytes()}

    wait_for(lambda: len(hosts()) == 3 * len(COMPONENTS), 5.0)
