"""The log store of Elasticsearch: documents are counted there, exactly, and never fetched."""

from adapters.logs.elasticsearch.store import ElasticsearchStore
from adapters.logs.elasticsearch.wire import Credentials, Wire

__all__ = ["Credentials", "ElasticsearchStore", "Wire"]
