"""Makes adapters from their configuration: the only place that knows adapters and bot alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from adapters.deploy.command import CommandDeployer
from adapters.deploy.http import HttpDeployer
from adapters.deploy.memory import MemoryDeployer
from adapters.logs.elasticsearch import Credentials, ElasticsearchStore, Wire
from adapters.logs.files import FilesStore, prove
from adapters.logs.memory import MemoryStore
from bot.core.config import (
    CommandExecutor,
    ElasticsearchLogStore,
    ExecutorConfig,
    FilesLogStore,
    HttpExecutor,
    LogStoreConfig,
)
from bot.core.config.problem import Problem, UnusableError
from bot.ports import Executor, LogStore
from bot.settings import Settings


class Adapters:
    """Makes executors and log stores from their configuration."""

    def executor(self, config: ExecutorConfig, settings: Settings) -> Executor:
        """A new executor with its secrets."""
        clean = settings.clean
        if isinstance(config, HttpExecutor):
            credential = settings.secret(config.auth_env) if config.auth_env else ""
            return HttpDeployer(config, credential=credential, redact=clean)
        if isinstance(config, CommandExecutor):
            return CommandDeployer(
                config,
                state_dir=Path(settings.environment.state_dir),
                environment=settings.variables(config.environment),
                redact=clean,
            )
        return MemoryDeployer(config)

    def log_store(
        self, config: LogStoreConfig, settings: Settings, *, now: Callable[[], datetime]
    ) -> LogStore:
        """A new log store; relative paths are relative to release.yml's folder."""
        scale = settings.file.time_scale
        if isinstance(config, FilesLogStore):
            return FilesStore(config, settings.folder, now=now, time_scale=scale)
        if isinstance(config, ElasticsearchLogStore):
            credentials = Credentials(
                api_key=settings.secret(config.api_key_env) if config.api_key_env else "",
                bearer=settings.secret(config.bearer_env) if config.bearer_env else "",
                password=settings.secret(config.password_env) if config.password_env else "",
            )
            wire = Wire(config, credentials, base=settings.folder, redact=settings.clean)
            return ElasticsearchStore(config, wire, now=now, time_scale=scale)
        return MemoryStore()


def prove_settings(settings: Settings) -> Iterator[Problem]:
    """Let the adapters try what only they understand: the expressions of log stores."""
    for name, config in settings.file.log_stores.items():
        if isinstance(config, FilesLogStore):
            try:
                prove(config, datetime.now(UTC))
            except UnusableError as error:
                yield error.at(("log_stores", name))
