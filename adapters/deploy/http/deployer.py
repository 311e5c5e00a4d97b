"""The executor port over HTTP: which answers mean begun, not begun, or nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from adapters.deploy.http.answers import (
    complaint,
    read_candidates,
    read_find,
    read_progress,
    read_running,
    read_task_id,
)
from adapters.deploy.http.calls import Request, component_request, operation_request
from adapters.deploy.http.transport import (
    Answer,
    NoAnswerError,
    NotSentError,
    NotUnderstoodError,
    Transport,
)
from bot.core.config.executor import Call, HttpExecutor
from bot.core.operation import (
    Candidate,
    Find,
    FindState,
    Operation,
    OperationKind,
    Progress,
    ProgressState,
    RefusedError,
    Running,
    Stop,
    UnreachableError,
    UnsureError,
)
from bot.core.redact import cut, redact

DETAIL_LIMIT = 500
"""How many characters of what an API says are passed on."""

# Refusals that prove nothing: a time-out, and a conflict with what may be the same operation.
_UNPROVEN = {408, 409}
_NO_SUCH_CALL = {404, 405, 501}
_GONE = {404, 410}

T = TypeVar("T")


class HttpDeployer:
    """Executor that calls a deployment API as release.yml describes it.

    `credential` is sent in the configured header; `redact` takes secrets out of everything the
    API says before anyone sees it. Connections are made at the first call.
    """

    def __init__(
        self, config: HttpExecutor, *, credential: str = "", redact: Callable[[str], str]
    ) -> None:
        self._config = config
        self._redact = redact
        self._secrets = (credential, *credential.split())
        self._transport = Transport(config, credential)

    async def start(self, operation: Operation) -> str:
        """Send the deploy or restart call, once, and return the id of the task."""
        is_deploy = operation.kind is OperationKind.DEPLOY
        call = self._config.deploy if is_deploy else self._config.restart
        try:
            answer = await self._transport.call(operation_request(call, operation))
        except (NotSentError, ValueError) as error:
            raise RefusedError(self._say(str(error))) from error
        except NoAnswerError as error:
            raise UnsureError(self._say(str(error))) from error
        if 400 <= answer.status < 500 and answer.status not in _UNPROVEN:
            raise RefusedError(self._say(answer.describe()))
        if not answer.is_success:
            raise UnsureError(self._say(answer.describe()))
        try:
            return read_task_id(self._config, answer.json())
        except NotUnderstoodError as error:
            raise UnsureError(self._say(str(error))) from error

    async def find(self, operation: Operation) -> Find:
        """Search the tasks for the operation's key; an API without a search cannot tell."""
        if self._config.find is None:
            return Find(state=FindState.CANNOT_TELL, detail="this API cannot search tasks by key")
        answer = await self._ask(lambda call: operation_request(call, operation), self._config.find)
        if answer.status in _NO_SUCH_CALL:
            return Find(state=FindState.CANNOT_TELL, detail=self._say(answer.describe()))
        found = self._read(answer, lambda body: read_find(self._config, operation, body))
        return found.model_copy(update={"detail": self._say(found.detail)})

    async def look(self, operation: Operation, handle: str) -> Progress:
        """Read the task; whatever is not understood is unknown, and a 404 is lost."""
        call = self._config.task
        try:
            answer = await self._ask(lambda call: operation_request(call, operation, handle), call)
            if answer.status in _GONE:
                return Progress(state=ProgressState.LOST, detail=self._say(answer.describe()))
            progress = self._read(
                answer, lambda body: read_progress(self._config, operation, handle, body)
            )
        except UnreachableError as error:
            return Progress(state=ProgressState.UNKNOWN, detail=str(error))
        hosts = tuple(
            host.model_copy(update={"detail": self._say(host.detail)}) for host in progress.hosts
        )
        return progress.model_copy(update={"hosts": hosts, "detail": self._say(progress.detail)})

    async def stop(self, operation: Operation, handle: str) -> Stop:
        """Ask the API to stop the task; it may have no such call, or say no."""
        if self._config.stop is None:
            return Stop(accepted=False, detail="this API cannot stop a task")
        call = self._config.stop
        answer = await self._ask(lambda call: operation_request(call, operation, handle), call)
        if 400 <= answer.status < 500 or answer.status == 501:
            return Stop(accepted=False, detail=self._say(answer.describe()))
        if answer.is_success and not answer.text.strip():
            return Stop(accepted=True)
        wrong = self._read(answer, lambda body: complaint(self._config, body))
        return Stop(accepted=not wrong, detail=self._say(wrong))

    async def running(self, component: str) -> Running:
        """Read the version of each host."""
        call = self._config.running
        answer = await self._ask(lambda call: component_request(call, component), call)
        return self._read(answer, lambda body: read_running(self._config, component, body))

    async def candidates(self, component: str) -> tuple[Candidate, ...]:
        """List the candidates; nothing when the API has no such list."""
        call = self._config.candidates
        if call is None:
            return ()
        answer = await self._ask(lambda call: component_request(call, component), call)
        return self._read(answer, lambda body: read_candidates(self._config, body))

    async def close(self) -> None:
        """Give back the connections; tasks go on."""
        await self._transport.close()

    async def _ask(self, fill: Callable[[Call], Request], call: Call) -> Answer:
        try:
            return await self._transport.call(fill(call), repeat=call.method == "GET")
        except (NotSentError, NoAnswerError, ValueError) as error:
            raise UnreachableError(self._say(str(error))) from error

    def _read(self, answer: Answer, read: Callable[[object], T]) -> T:
        if not answer.is_success:
            raise UnreachableError(self._say(answer.describe()))
        try:
            return read(answer.json())
        except NotUnderstoodError as error:
            raise UnreachableError(self._say(f"not understood: {error}")) from error

    def _say(self, text: str) -> str:
        # Redacted before it is cut: half a secret is not recognised.
        return cut(self._redact(redact(text, self._secrets)), DETAIL_LIMIT)
