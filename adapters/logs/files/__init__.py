"""The log store that counts log files on this machine with DuckDB."""

from adapters.logs.files.store import FilesStore

__all__ = ["FilesStore"]
