"""The words of release.yml as values; `bot/settings.py` reads the file and the environment."""

from bot.core.config.executor import (
    CommandExecutor,
    ExecutorConfig,
    HttpExecutor,
    MemoryExecutor,
)
from bot.core.config.language import Language
from bot.core.config.log_store import (
    DocumentFields,
    ElasticsearchLogStore,
    FilesLogStore,
    LogStoreConfig,
    MemoryLogStore,
    OpensearchLogStore,
    SearchLogStore,
)
from bot.core.config.person import Person, Role
from bot.core.config.policy import OnFail, Policy, RollbackScope
from bot.core.config.release_file import ReleaseFile
from bot.core.config.room import (
    HttpRoom,
    LineRoom,
    RoomConfig,
    Share,
    SlackRoom,
    WebRoom,
    usual_share,
)
from bot.core.config.target import Component, ConfirmMode, ShareWith, Target

__all__ = [
    "CommandExecutor",
    "Component",
    "ConfirmMode",
    "DocumentFields",
    "ElasticsearchLogStore",
    "ExecutorConfig",
    "FilesLogStore",
    "HttpExecutor",
    "HttpRoom",
    "Language",
    "LineRoom",
    "LogStoreConfig",
    "MemoryExecutor",
    "MemoryLogStore",
    "OnFail",
    "OpensearchLogStore",
    "Person",
    "Policy",
    "ReleaseFile",
    "Role",
    "RollbackScope",
    "RoomConfig",
    "SearchLogStore",
    "Share",
    "ShareWith",
    "SlackRoom",
    "Target",
    "WebRoom",
    "usual_share",
]
