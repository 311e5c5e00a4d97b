"""Refuses what no server needs to be asked about before a release depends on it."""

from __future__ import annotations

import ssl
from pathlib import Path

from elasticsearch import Elasticsearch

from bot.core.config.log_store import ElasticsearchLogStore
from bot.core.config.problem import UnusableError


def prove(config: ElasticsearchLogStore, base: Path) -> None:
    """Look at the certificates below `base` and at the Cloud ID; nothing is connected to.

    Raises UnusableError with the key that cannot be used.
    """
    if config.ca_file:
        _check_certificates(base / config.ca_file, config.ca_file)
    if config.cloud_id:
        try:
            Elasticsearch(cloud_id=config.cloud_id).close()
        except ValueError:
            right = "is no Cloud ID; copy it from the page of the deployment"
            raise UnusableError("cloud_id", config.cloud_id, right) from None


def _check_certificates(path: Path, written: str) -> None:
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        right = "holds no certificates that can be read; it must be PEM"
    except OSError as error:
        right = f"cannot be read ({error.strerror})"
    else:
        return
    raise UnusableError("ca_file", written, right)
