"""Refuses what no server needs to be asked about before a release depends on it."""

from __future__ import annotations

from pathlib import Path

from elasticsearch import Elasticsearch

from adapters.logs.search import check_certificates
from bot.core.config.log_store import ElasticsearchLogStore
from bot.core.config.problem import UnusableError


def prove(config: ElasticsearchLogStore, base: Path) -> None:
    """Look at the certificates below `base` and at the Cloud ID; nothing is connected to.

    Raises UnusableError with the key that cannot be used.
    """
    check_certificates(config, base)
    if config.cloud_id:
        try:
            Elasticsearch(cloud_id=config.cloud_id).close()
        except ValueError:
            right = "is no Cloud ID; copy it from the page of the deployment"
            raise UnusableError("cloud_id", config.cloud_id, right) from None
