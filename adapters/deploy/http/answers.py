"""Reads the answers of a deployment API; what is not understood is never a success."""

from __future__ import annotations

from adapters.deploy.http.transport import NotUnderstoodError
from bot.core.config.executor import HttpExecutor
from bot.core.operation import (
    Candidate,
    Find,
    FindState,
    HostResult,
    HostState,
    Operation,
    Progress,
    ProgressState,
    Running,
)

_HANDLE_LIMIT = 200
_OPEN = {HostState.RUNNING, HostState.UNKNOWN}


def dig(answer: object, path: str) -> object:
    """Return what is at a dotted path, None where nothing is; the empty path is the answer."""
    for name in filter(None, path.split(".")):
        if not isinstance(answer, dict):
            return None
        answer = answer.get(name)
    return answer


def complaint(config: HttpExecutor, answer: object) -> str:
    """Return what the answer says went wrong; empty when it complains about nothing."""
    found = dig(answer, config.error) if config.error else None
    return "" if found in (None, False, "", [], {}) else _word(found)


def read_task_id(config: HttpExecutor, answer: object) -> str:
    """Return the id of the task. Raises NotUnderstoodError when there is none to be used."""
    found = _name(dig(answer, config.task_id)) if isinstance(answer, dict) else ""
    if not found or len(found) > _HANDLE_LIMIT:
        wrong = complaint(config, answer) or f"no task id at {config.task_id!r}"
        raise NotUnderstoodError(wrong)
    return found


def read_find(config: HttpExecutor, operation: Operation, answer: object) -> Find:
    """Say whether the list of tasks has one with the operation's key."""
    tasks = _list(config, answer, config.task_list)
    if not tasks:
        return Find(state=FindState.ABSENT)
    keyed = [
        task
        for task in tasks
        if not config.task_key or _name(dig(task, config.task_key)) == operation.key
    ]
    if not keyed:
        # A search that does not look at the key lists whatever it likes.
        detail = f"the answer lists {len(tasks)} tasks without this key at {config.task_key!r}"
        return Find(state=FindState.CANNOT_TELL, detail=detail)
    detail = f"{len(keyed)} tasks have this key" if len(keyed) > 1 else ""
    # `task_id` says where the id is in the answer of start; in a list the outer part may be gone.
    inner = config.task_id.rpartition(".")[2]
    handle = _name(dig(keyed[0], config.task_id)) or _name(dig(keyed[0], inner))
    if not handle or len(handle) > _HANDLE_LIMIT:
        raise NotUnderstoodError(f"a task without an id: {_word(keyed[0])}")
    return Find(state=FindState.FOUND, handle=handle, detail=detail)


def read_progress(
    config: HttpExecutor, operation: Operation, handle: str, answer: object
) -> Progress:
    """Say how far the task is; a success must be one in every respect."""
    if not isinstance(answer, dict):
        raise NotUnderstoodError("the answer is no object")
    named = _name(dig(answer, config.task_id))
    if named and named != handle:
        raise NotUnderstoodError(f"the answer is about task {named}")
    word = _name(dig(answer, config.status))
    state = config.statuses.get(word, ProgressState.UNKNOWN)
    hosts = _host_results(config, answer)
    wrong = complaint(config, answer)
    if state is not ProgressState.SUCCEEDED and not wrong:
        wrong = _word(dig(answer, config.detail) or "") if config.detail else ""
    if state is ProgressState.UNKNOWN:
        wrong = ": ".join(filter(None, (f"status {word!r}", wrong)))
    elif state is ProgressState.SUCCEEDED:
        state, wrong = _doubt(config, operation, answer, hosts) or (state, "")
    return Progress(state=state, hosts=hosts or (), detail=wrong)


def read_running(config: HttpExecutor, component: str, answer: object) -> Running:
    """Return the version of each host; without hosts the component is its only one."""
    if not config.hosts and isinstance(answer, dict):
        answer = [{config.host_name: component, **answer}]
    entries = _list(config, answer, config.hosts)
    versions: dict[str, str] = {}
    groups: dict[str, str] = {}
    for entry in entries:
        host, version = _name(dig(entry, config.host_name)), dig(entry, config.host_version)
        if not host or not (_name(version) or version in (None, "")):
            raise NotUnderstoodError(f"a host without name or version: {_word(entry)}")
        versions[host] = _name(version)
        if group := _name(dig(entry, config.host_group)):
            groups[host] = group
    return Running(versions=versions, groups=groups)


def read_candidates(config: HttpExecutor, answer: object) -> tuple[Candidate, ...]:
    """Return the versions in the order of the answer."""
    entries = _list(config, answer, config.candidate_list)
    found = []
    for entry in entries:
        is_object = isinstance(entry, dict)
        version = _name(dig(entry, "version") if is_object else entry)
        if not version:
            raise NotUnderstoodError(f"a candidate without version: {_word(entry)}")
        title = _word(dig(entry, "title") or "") if is_object else ""
        found.append(Candidate(version=version, title=title))
    return tuple(found)


def _doubt(
    config: HttpExecutor,
    operation: Operation,
    answer: object,
    hosts: tuple[HostResult, ...] | None,
) -> tuple[ProgressState, str] | None:
    """Look at a task that calls itself successful; return what it is if it is not that."""
    if config.hosts and hosts is None:
        return ProgressState.UNKNOWN, f"the answer has no list of hosts at {config.hosts!r}"
    wrong = complaint(config, answer)
    if config.hosts and not hosts:
        # An API that does not know the group does nothing, and calls that finished.
        what = ", ".join(operation.hosts) or f"the group {operation.group!r}"
        return ProgressState.UNKNOWN, wrong or f"it calls itself finished, without a host of {what}"
    hosts = hosts or ()
    failed = [one.host for one in hosts if one.state is HostState.FAILED]
    if failed:
        detail = f"{len(failed)} of {len(hosts)} hosts failed: {', '.join(failed)}"
        return ProgressState.FAILED, ": ".join(filter(None, (detail, wrong)))
    vague = {one.host for one in hosts if one.state in _OPEN} | _unfinished(config, answer)
    if config.hosts:
        vague |= set(operation.hosts) - {one.host for one in hosts}
    if vague:
        detail = f"it calls itself finished, but not for {', '.join(sorted(vague))}"
        return ProgressState.UNKNOWN, detail
    return (ProgressState.UNKNOWN, wrong) if wrong else None


def _unfinished(config: HttpExecutor, answer: object) -> set[str]:
    """Return the hosts whose own word means, for a task, that it has not succeeded."""
    entries = dig(answer, config.hosts) if config.hosts else None
    return {
        _name(dig(entry, config.host_name))
        for entry in (entries if isinstance(entries, list) else ())
        if config.statuses.get(_name(dig(entry, config.host_status)), ProgressState.SUCCEEDED)
        is not ProgressState.SUCCEEDED
    }


def _host_results(config: HttpExecutor, answer: object) -> tuple[HostResult, ...] | None:
    entries = dig(answer, config.hosts) if config.hosts else None
    if not isinstance(entries, list):
        return None
    return tuple(_host_result(config, entry) for entry in entries)


def _host_result(config: HttpExecutor, entry: object) -> HostResult:
    host = _name(dig(entry, config.host_name))
    if not host:
        raise NotUnderstoodError(f"a host without a name: {_word(entry)}")
    word = _name(dig(entry, config.host_status))
    detail = _word(dig(entry, config.host_detail) or "")
    if word in config.host_statuses:
        return HostResult(host=host, state=config.host_statuses[word], detail=detail)
    unclear = ": ".join(filter(None, (f"status {word!r}", detail)))
    return HostResult(host=host, state=HostState.UNKNOWN, detail=unclear)


def _list(config: HttpExecutor, answer: object, path: str) -> list[object]:
    """Return the list at the path; an empty one beside a complaint would prove nothing."""
    found = dig(answer, path)
    wrong = complaint(config, answer)
    if wrong or not isinstance(found, list):
        raise NotUnderstoodError(wrong or f"no list at {path!r}")
    return found


def _name(value: object) -> str:
    """Return a word or a whole number as text, empty for all else: as a number 1.10 is 1.1."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _word(value: object) -> str:
    return value if isinstance(value, str) else str(value)[:2000]
