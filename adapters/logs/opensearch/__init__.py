"""The log store of OpenSearch: documents are counted there, exactly, and never fetched."""

from adapters.logs.opensearch.client import OPENSEARCH, OpensearchClient

__all__ = ["OPENSEARCH", "OpensearchClient"]
