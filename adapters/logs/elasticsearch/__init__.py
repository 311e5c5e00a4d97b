"""The log store of Elasticsearch: documents are counted there, exactly, and never fetched."""

from adapters.logs.elasticsearch.client import ELASTICSEARCH, ElasticsearchClient
from adapters.logs.elasticsearch.proof import prove

__all__ = ["ELASTICSEARCH", "ElasticsearchClient", "prove"]
