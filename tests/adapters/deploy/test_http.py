"""Tests how the HTTP executor reads a deployment API that misbehaves in every known way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.deploy.http import HttpDeployer
from bot.core.config.executor import Call, HttpExecutor
from bot.core.operation import (
    FindState,
    HostState,
    Operation,
    OperationKind,
    ProgressState,
    RefusedError,
    UnreachableError,
    UnsureError,
)
from bot.core.redact import redact
from tests.support.deployment_api import DeploymentApi

DEPLOY = Operation(
    key="7/deploy-chat/1", kind=OperationKind.DEPLOY, component="chat", version="1.1"
)
RESTART = Operation(
    key="7/restart-chat/1", kind=OperationKind.RESTART, component="chat", version="1.1"
)


@pytest.fixture
async def api() -> AsyncIterator[DeploymentApi]:
    """A deployment API on loopback."""
    async with DeploymentApi() as running:
        yield running


@asynccontextmanager
async def deployer(url: str, credential: str = "", **settings: Any) -> AsyncIterator[HttpDeployer]:
    """An executor of the API at the address, with short times."""
    config = HttpExecutor.model_validate(
        {"kind": "http", "base_url": url, "timeout": "2s", "retries": 2, **settings}
    )
    executor = HttpDeployer(config, credential=credential, redact=redact)
    try:
        yield executor
    finally:
        await executor.close()


async def test_a_start_names_component_version_and_key(api: DeploymentApi) -> None:
    """The deploy call carries the version and the key; hosts are left out when none are named."""
    async with deployer(api.url) as executor:
        handle = await executor.start(DEPLOY)

    assert handle == api.accepted[0].id
    assert api.bodies == [{"version": "1.1", "key": DEPLOY.key}]


async def test_named_hosts_become_a_list(api: DeploymentApi) -> None:
    """A body value that is exactly {hosts} becomes a JSON list."""
    async with deployer(api.url) as executor:
        await executor.start(RESTART.model_copy(update={"hosts": ("chat-2", "chat-3")}))

    assert api.bodies[0]["hosts"] == ["chat-2", "chat-3"]


async def test_templates_reach_into_bodies_and_are_text_elsewhere(api: DeploymentApi) -> None:
    """Placeholders are filled in nested bodies; inside a longer text hosts are joined by commas."""
    body = {"a": [{"b": "v{version}"}, "{hosts}"], "c": "{hosts};{group}", "n": 1, "x": "{other}"}
    call = Call(method="POST", path="/components/{component}/restart", body=body)
    async with deployer(api.url, restart=call) as executor:
        await executor.start(RESTART.model_copy(update={"hosts": ("h1", "h2")}))

    assert api.bodies == [
        {"a": [{"b": "v1.1"}, ["h1", "h2"]], "c": "h1,h2;all", "n": 1, "x": "{other}"}
    ]


async def test_values_in_paths_are_encoded(api: DeploymentApi) -> None:
    """A component with a slash, a blank or a question mark stays one part of the path."""
    odd = DEPLOY.model_copy(update={"component": "a/b c?d=e&f#g%2F+ü", "key": "7/ü+&=/1"})
    async with deployer(api.url) as executor:
        await executor.start(odd)
        found = await executor.find(odd)

    assert api.accepted[0].component == odd.component
    assert found.state is FindState.FOUND


@pytest.mark.scenario(34)
@pytest.mark.parametrize("name", ["..", "."])
async def test_no_value_walks_up_the_path(api: DeploymentApi, name: str) -> None:
    """A component that is a step up in the path is refused before anything is sent."""
    async with deployer(api.url) as executor:
        with pytest.raises(RefusedError, match="part of a path"):
            await executor.start(DEPLOY.model_copy(update={"component": name}))
        with pytest.raises(UnreachableError, match="part of a path"):
            await executor.running(name)

    assert not api.calls


@pytest.mark.scenario(35)
async def test_the_credential_is_sent_and_never_said(api: DeploymentApi) -> None:
    """The credential goes out in the configured header and is taken out of what comes back."""
    api.faults.raw = json.dumps({"error": "wrong key topsecretkey for Api topsecretkey"})
    async with deployer(api.url, "Api topsecretkey\n", auth_header="X-Key") as executor:
        with pytest.raises(UnsureError) as caught:
            await executor.start(DEPLOY)

    assert api.headers["X-Key"] == "Api topsecretkey"
    assert str(caught.value) == "wrong key *** for ***"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429])
async def test_a_refusal_is_certain(api: DeploymentApi, status: int) -> None:
    """A 4xx answer means that nothing was begun."""
    api.faults.refuse = status
    async with deployer(api.url) as executor:
        with pytest.raises(RefusedError, match=f"HTTP {status}"):
            await executor.start(DEPLOY)


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 302])
async def test_some_refusals_prove_nothing(api: DeploymentApi, status: int) -> None:
    """A time-out, a conflict and a server error may come after the operation was begun."""
    api.faults.refuse = status
    async with deployer(api.url) as executor:
        with pytest.raises(UnsureError, match=f"HTTP {status}"):
            await executor.start(DEPLOY)

    assert api.calls.total() == 1


@pytest.mark.scenario(52)
@pytest.mark.parametrize(
    "raw",
    [
        '{"error": "no quota"}',
        "{}",
        '{"id": ""}',
        '{"id": null}',
        '{"id": true}',
        '{"id": {}}',
        "[]",
        "",
        "null",
        "{",
        "<html>",
        "[" * 100000,
        json.dumps({"id": "x" * 201}),
    ],
)
async def test_a_start_without_task_id_may_have_begun(api: DeploymentApi, raw: str) -> None:
    """An answer of success that names no usable task is neither a start nor a refusal."""
    api.faults.raw = raw
    async with deployer(api.url) as executor:
        with pytest.raises(UnsureError) as caught:
            await executor.start(DEPLOY)

    assert len(str(caught.value)) <= 500


async def test_a_numeric_task_id_in_a_nested_place_is_used(api: DeploymentApi) -> None:
    """The id may be a number and lie deeper in the answer."""
    api.faults.raw = '{"task": {"id": 12}}'
    async with deployer(api.url, task_id="task.id") as executor:
        assert await executor.start(DEPLOY) == "12"


async def test_a_start_that_times_out_is_found_by_key(api: DeploymentApi) -> None:
    """Without an answer the start is not repeated, and its task is found by its key."""
    api.faults.hang_after_accept = True
    async with deployer(api.url, timeout="200ms") as executor:
        with pytest.raises(UnsureError, match="no answer within"):
            await executor.start(DEPLOY)
        found = await executor.find(DEPLOY)

    assert found.handle == api.accepted[0].id
    assert api.starts(DEPLOY.key) == 1


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_broken_connection_never_repeats_a_start(api: DeploymentApi, method: str) -> None:
    """A connection lost after sending leaves one start behind, whatever the method."""
    api.faults.drop_after_accept = True
    call = {"method": method, "path": "/components/{component}/deploy", "body": {"key": "{key}"}}
    async with deployer(api.url, deploy=call) as executor:
        await executor.running("chat")
        with pytest.raises(UnsureError, match="connection lost"):
            await executor.start(DEPLOY)

    assert api.starts(DEPLOY.key) == 1


async def test_a_start_by_get_is_not_repeated_either(api: DeploymentApi) -> None:
    """Starting is never taken for a safe call, even where the API does it by GET."""
    api.faults.down = -1
    async with deployer(api.url, deploy={"path": "/go"}) as executor:
        with pytest.raises(UnsureError):
            await executor.start(DEPLOY)

    assert api.calls["GET /go"] == 1


async def test_an_address_where_nobody_listens_refuses(api: DeploymentApi) -> None:
    """A refused connection proves that nothing was begun; questions are to be asked again."""
    await api.close()
    async with deployer(api.url, retries=0) as executor:
        with pytest.raises(RefusedError, match="cannot connect"):
            await executor.start(DEPLOY)
        with pytest.raises(UnreachableError, match="cannot connect"):
            await executor.find(DEPLOY)
        progress = await executor.look(DEPLOY, "t1")

    assert progress.state is ProgressState.UNKNOWN


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:99999"])
async def test_an_address_that_is_none_refuses(url: str) -> None:
    """What cannot be sent at all was not begun."""
    async with deployer(url, retries=0) as executor:
        with pytest.raises(RefusedError):
            await executor.start(DEPLOY)


@pytest.mark.parametrize("fault", ["down", "drop"])
async def test_questions_are_repeated_as_often_as_configured(
    api: DeploymentApi, fault: str
) -> None:
    """Two failures are overcome by two retries; the third failure is said."""
    async with deployer(api.url) as executor:
        handle = await executor.start(DEPLOY)
        setattr(api.faults, fault, 2)
        assert (await executor.look(DEPLOY, handle)).state is ProgressState.SUCCEEDED
        setattr(api.faults, fault, 3)
        assert (await executor.look(DEPLOY, handle)).state is ProgressState.UNKNOWN

    assert api.calls[f"GET /tasks/{handle}"] == 6


@pytest.mark.scenario(52)
@pytest.mark.parametrize(
    ("fault", "value", "said"),
    [
        ("html", True, "HTML"),
        ("error_body", True, "no quota"),
        ("status_word", "perhaps", "'perhaps'"),
        ("status_word", "FINISHED", "'FINISHED'"),
        ("raw", "[]", "no object"),
        ("raw", '{"status": "finished", "id": "other", "hosts": []}', "task other"),
        ("raw", '{"status": "finished", "id": "t1"}', "no list of hosts"),
        ("raw", '{"status": "finished", "hosts": {}}', "no list of hosts"),
        ("raw", '{"status": "finished", "hosts": [7]}', "without a name"),
        ("raw", '{"status": "finished", "hosts": [{"host": "a", "status": "??"}]}', "not for a"),
        (
            "raw",
            '{"status": "finished", "hosts": [{"host": "a", "status": "queued"}]}',
            "not for a",
        ),
        ("raw", '{"status": "finished", "hosts": [], "error": "half done"}', "half done"),
        ("raw", '{"status": true, "hosts": []}', "''"),
        ("raw", "x" * 1_100_000, "longer than"),
        ("redirect", "/elsewhere", "HTTP 307"),
    ],
)
async def test_what_is_not_understood_is_unknown(
    api: DeploymentApi, fault: str, value: object, said: str
) -> None:
    """Pages, errors with 200, unknown words and contradictions are unknown, never success."""
    async with deployer(api.url, retries=0) as executor:
        handle = await executor.start(DEPLOY)
        setattr(api.faults, fault, value)
        progress = await executor.look(DEPLOY, handle)

    assert progress.state is ProgressState.UNKNOWN
    assert said in progress.detail
    assert len(progress.detail) <= 500


async def test_hosts_that_were_asked_for_must_be_in_a_success(api: DeploymentApi) -> None:
    """A finished task that does not name one of the operation's hosts is unknown."""
    operation = RESTART.model_copy(update={"hosts": ("chat-1", "chat-2")})
    api.faults.raw = (
        '{"id": "t1", "status": "finished", "hosts": [{"host": "chat-1", "status": "finished"}]}'
    )
    async with deployer(api.url) as executor:
        progress = await executor.look(operation, "t1")

    assert progress.state is ProgressState.UNKNOWN
    assert "chat-2" in progress.detail


async def test_a_success_of_no_host_is_none(api: DeploymentApi) -> None:
    """An API that does not know the group has nothing to do and calls itself finished."""
    api.faults.raw = '{"id": "t1", "status": "finished", "hosts": []}'
    async with deployer(api.url) as executor:
        progress = await executor.look(RESTART.model_copy(update={"group": "all"}), "t1")

    assert progress.state is ProgressState.UNKNOWN
    assert progress.detail == "it calls itself finished, without a host of the group 'all'"


async def test_a_finished_task_with_failed_hosts_has_failed(api: DeploymentApi) -> None:
    """Three of five hosts are a failure whatever the task calls itself, told host by host."""
    api.faults.failing_hosts = ("chat-4", "chat-5")
    api.faults.call_partial_finished = True
    async with deployer(api.url) as executor:
        progress = await executor.look(DEPLOY, await executor.start(DEPLOY))

    assert progress.state is ProgressState.FAILED
    assert progress.detail == "2 of 5 hosts failed: chat-4, chat-5"
    assert [one.state for one in progress.hosts].count(HostState.SUCCEEDED) == 3


async def test_an_api_without_hosts_is_believed(api: DeploymentApi) -> None:
    """Where hosts are configured away the task's word is enough, and the version is one."""
    api.faults.raw = '{"status": "finished", "version": 3}'
    async with deployer(api.url, hosts="") as executor:
        progress = await executor.look(DEPLOY, "t1")
        running = await executor.running("chat")

    assert progress.state is ProgressState.SUCCEEDED
    assert running.versions == {"chat": "3"}


@pytest.mark.scenario(35)
async def test_what_hosts_say_is_redacted(api: DeploymentApi) -> None:
    """Secrets are taken out of the explanations of hosts and of tasks."""
    host = {"host": "a", "status": "failed", "detail": "login password=hunter2"}
    api.faults.raw = json.dumps({"status": "failed", "hosts": [host], "error": "token=abc"})
    async with deployer(api.url) as executor:
        progress = await executor.look(DEPLOY, "t1")

    assert progress.state is ProgressState.FAILED
    assert progress.detail == "token=***"
    assert progress.hosts[0].detail == "login password=***"


@pytest.mark.parametrize(("place", "said"), [("why.text", "disk full"), ("", "")])
async def test_a_task_explains_itself(api: DeploymentApi, place: str, said: str) -> None:
    """What a failed task says about itself is passed on from the configured place."""
    api.faults.raw = '{"status": "failed", "why": {"text": "disk full"}, "hosts": []}'
    async with deployer(api.url, detail=place) as executor:
        progress = await executor.look(DEPLOY, "t1")

    assert progress.state is ProgressState.FAILED
    assert progress.detail == said


async def test_a_task_that_is_gone_is_lost(api: DeploymentApi) -> None:
    """A 404 for a task is lost: neither running nor success."""
    async with deployer(api.url) as executor:
        handle = await executor.start(DEPLOY)
        api.faults.forget_tasks = True
        progress = await executor.look(DEPLOY, handle)

    assert progress.state is ProgressState.LOST


async def test_an_api_without_search_cannot_tell(api: DeploymentApi) -> None:
    """Where the API has no search by key nobody can tell, and nothing is sent."""
    async with deployer(api.url, find=None) as executor:
        found = await executor.find(DEPLOY)

    assert found.state is FindState.CANNOT_TELL
    assert not api.calls


async def test_an_api_without_the_configured_search_cannot_tell(api: DeploymentApi) -> None:
    """A 404 for the search itself never means that nothing was begun."""
    async with deployer(api.url, find={"path": "/nowhere/{key}"}) as executor:
        found = await executor.find(DEPLOY)

    assert found.state is FindState.CANNOT_TELL
    assert "404" in found.detail


@pytest.mark.parametrize(
    ("raw", "state", "handle"),
    [
        ('{"tasks": []}', FindState.ABSENT, ""),
        ('{"tasks": [{"id": 9, "key": "7/deploy-chat/1"}]}', FindState.FOUND, "9"),
        (
            '{"tasks": [{"id": 1, "key": "x"}, {"id": 2, "key": "7/deploy-chat/1"}]}',
            FindState.FOUND,
            "2",
        ),
        ('{"tasks": [{"id": 1, "key": "x"}]}', FindState.CANNOT_TELL, ""),
        ('{"tasks": [{"id": 1}]}', FindState.CANNOT_TELL, ""),
        ('{"tasks": ["1"]}', FindState.CANNOT_TELL, ""),
    ],
)
async def test_only_tasks_with_the_key_are_found(
    api: DeploymentApi, raw: str, state: FindState, handle: str
) -> None:
    """A search that answers with other tasks proves neither presence nor absence."""
    api.faults.raw = raw
    async with deployer(api.url) as executor:
        found = await executor.find(DEPLOY)

    assert (found.state, found.handle) == (state, handle)


async def test_several_tasks_of_one_key_are_said(api: DeploymentApi) -> None:
    """When a key was started twice past the bot the first task is taken and people can read it."""
    api.faults.raw = json.dumps([{"id": name} for name in ("a", "b")])
    async with deployer(api.url, task_list="", task_key="", task_id="task.id") as executor:
        found = await executor.find(DEPLOY)

    assert found.handle == "a"
    assert found.detail == "2 tasks have this key"


@pytest.mark.parametrize(
    "raw",
    [
        "{}",
        "[]",
        '{"tasks": {}}',
        "<html>",
        '{"tasks": [], "error": "search is down"}',
        '{"tasks": [{"key": "7/deploy-chat/1"}]}',
    ],
)
async def test_a_search_that_is_not_understood_is_asked_again(api: DeploymentApi, raw: str) -> None:
    """Anything but a clean list raises: an error is never an absence."""
    api.faults.raw = raw
    async with deployer(api.url) as executor:
        with pytest.raises(UnreachableError):
            await executor.find(DEPLOY)


async def test_a_stop_that_the_api_does_not_have_is_said(api: DeploymentApi) -> None:
    """Without a stop call, or with a 4xx answer, the operation is not called stopping."""
    async with deployer(api.url, stop=None) as executor:
        assert not (await executor.stop(DEPLOY, "t1")).accepted
    api.faults.stop_unsupported = True
    async with deployer(api.url) as executor:
        answer = await executor.stop(DEPLOY, await executor.start(DEPLOY))

    assert not answer.accepted
    assert "405" in answer.detail


@pytest.mark.parametrize(
    ("raw", "accepted"), [("", True), ("{}", True), ('{"error": "too late"}', False)]
)
async def test_a_stop_is_accepted_without_complaint(
    api: DeploymentApi, raw: str, *, accepted: bool
) -> None:
    """An empty answer accepts the stop, an error with 200 does not."""
    api.faults.raw = raw
    async with deployer(api.url) as executor:
        assert (await executor.stop(DEPLOY, "t1")).accepted is accepted


@pytest.mark.parametrize("fault", ["html", "down"])
async def test_a_stop_without_a_clear_answer_is_asked_again(api: DeploymentApi, fault: str) -> None:
    """A page or a server error says nothing about the stop, and POST is not repeated."""
    setattr(api.faults, fault, True)
    async with deployer(api.url) as executor:
        with pytest.raises(UnreachableError):
            await executor.stop(DEPLOY, "t1")

    assert api.calls.total() == 1


@pytest.mark.parametrize(
    "raw",
    [
        '{"hosts": [{"version": "1"}]}',
        '{"hosts": [{"host": "a", "version": 1.1}]}',
        '{"hosts": 1}',
        '{"hosts": [], "error": "inventory is down"}',
        '{"hosts": [{"host": "a", "version": []}]}',
    ],
)
async def test_versions_that_are_not_understood_are_no_versions(
    api: DeploymentApi, raw: str
) -> None:
    """A host without a name, a broken version or a complaint makes the answer unusable."""
    api.faults.raw = raw
    async with deployer(api.url) as executor:
        with pytest.raises(UnreachableError):
            await executor.running("chat")


async def test_a_host_where_nothing_runs_has_no_version(api: DeploymentApi) -> None:
    """A null version is an empty one, and a host may be in no group."""
    api.faults.raw = '{"hosts": [{"host": "a", "version": null}]}'
    async with deployer(api.url) as executor:
        running = await executor.running("chat")

    assert running.versions == {"a": ""}
    assert running.groups == {}


async def test_candidates_may_be_words_or_objects(api: DeploymentApi) -> None:
    """Both forms are read in order; without a call any version may be named."""
    api.faults.raw = '{"candidates": ["2", {"version": "1", "title": "old"}]}'
    async with deployer(api.url) as executor:
        found = await executor.candidates("chat")
        api.faults.raw = '{"candidates": [{"title": "old"}]}'
        with pytest.raises(UnreachableError, match="without version"):
            await executor.candidates("chat")
    async with deployer(api.url, candidates=None) as executor:
        assert await executor.candidates("chat") == ()

    assert [(one.version, one.title) for one in found] == [("2", ""), ("1", "old")]


async def test_the_credential_follows_no_redirect(api: DeploymentApi) -> None:
    """A redirect is not followed, so that no other host sees the credential."""
    async with DeploymentApi() as other, deployer(api.url, "topsecret") as executor:
        api.faults.redirect = f"{other.url}/components/chat"
        with pytest.raises(UnreachableError, match="HTTP 307"):
            await executor.running("chat")
        with pytest.raises(UnsureError, match="HTTP 307"):
            await executor.start(DEPLOY)

        assert not other.calls
