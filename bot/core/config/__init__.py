"""The words of release.yml as values; `bot/settings.py` reads the file and the environment."""

from bot.core.config.executor import (
    CommandExecutor,
    ExecutorConfig,
    HttpExecutor,
    MemoryExecutor,
)
from bot.core.config.language import Language
from bot.core.config.log_store import (
    ElasticsearchFields,
    ElasticsearchLogStore,
    FilesLogStore,
    LogStoreConfig,
    MemoryLogStore,
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
    "ElasticsearchFields",
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
    "Person",
    "Policy",
    "ReleaseFile",
    "Role",
    "RollbackScope",
    "RoomConfig",
    "Share",
    "ShareWith",
    "SlackRoom",
    "Target",
    "WebRoom",
    "usual_share",
]
