"""What the log stores on a search server share: questions, answers, what went wrong; no client."""

from adapters.logs.search.client import Answer, Client, Credentials, Met, NoAnswerError
from adapters.logs.search.product import Product, Speech
from adapters.logs.search.proof import check_certificates
from adapters.logs.search.store import SearchStore
from adapters.logs.search.wire import Wire

__all__ = [
    "Answer",
    "Client",
    "Credentials",
    "Met",
    "NoAnswerError",
    "Product",
    "SearchStore",
    "Speech",
    "Wire",
    "check_certificates",
]
