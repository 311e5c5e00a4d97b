"""The log store that counts log files on this machine with DuckDB."""

from adapters.logs.files.proof import prove
from adapters.logs.files.store import FilesStore

__all__ = ["FilesStore", "prove"]
