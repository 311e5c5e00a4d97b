"""A log store whose error types are mined from messages: names what the store below masked.

The store below counts by the form of messages, which never changes. What was mined from forms is
kept with the releases, so that a type has the same name in every count, process and week.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from pydantic import ValidationError

from bot.core.config import LogStoreConfig
from bot.core.counts import NO_TYPE, CountRequest, Counts, LogStoreError
from bot.core.mining.naming import forms_of, named
from bot.core.mining.templates import StoredTemplates, Templates
from bot.ports import LogStore
from bot.store import Store, Tx

_TRIES = 5
_IDENTITY = {"kind", "paths", "addresses", "cloud_id", "index", "filters", "fields", "masks"}
"""What makes logs the logs that they are; with other time limits they are the same."""


class MinedStore:
    """Counts by templates; what it learns from one count names the types of the next as well."""

    def __init__(
        self, below: LogStore, config: LogStoreConfig, store: Store, now: Callable[[], datetime]
    ) -> None:
        self._below = below
        self._store = store
        self._now = now
        self._masks = config.masks
        told = json.dumps(config.model_dump(mode="json", include=_IDENTITY), sort_keys=True)
        self._digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        self._known: dict[str, tuple[int, Templates]] = {}

    async def count(self, request: CountRequest) -> Counts:
        """Count by the templates of messages. Raises LogStoreError, StoreError."""
        counts = await self._below.count(request)
        templates = await self._learned(request.component, forms_of(counts))
        return await asyncio.to_thread(named, counts, templates)

    async def names_now(self, component: str, names: Iterable[str]) -> dict[str, str]:
        """What types that were named earlier are called now. Raises LogStoreError, StoreError."""
        _, templates = await self._current(component)

        def resolve() -> dict[str, str]:
            return {name: name if name == NO_TYPE else templates.resolve(name) for name in names}

        return await asyncio.to_thread(resolve)

    async def close(self) -> None:
        """Close the store below."""
        await self._below.close()

    async def _learned(self, component: str, forms: frozenset[str]) -> Templates:
        """The templates with these forms learnt and stored."""
        key, now = self._key(component), self._now()
        for _ in range(_TRIES):
            version, before = await self._current(component)
            templates = await asyncio.to_thread(before.learn_forms, forms)
            if templates is before:
                return templates
            body = await asyncio.to_thread(_written, templates)
            put = partial(_put, key=key, body=body, version=version, at=now)
            if await self._store.transact(put):
                self._known[component] = (version + 1, templates)
                return templates
        raise LogStoreError("the templates of messages are being changed by too many at once")

    async def _current(self, component: str) -> tuple[int, Templates]:
        """The stored templates, read again only when another process changed them."""
        key = self._key(component)
        known = self._known.get(component, (0, Templates(self._masks)))
        version = await self._store.read(lambda tx: tx.templates_version(key))
        if version == known[0]:
            return known
        row = await self._store.read(lambda tx: tx.templates(key))
        if row is None:
            return 0, Templates(self._masks)
        try:
            stored = StoredTemplates.model_validate_json(row.body)
        except ValidationError:
            raise LogStoreError("its templates were stored by a later version") from None
        self._known[component] = (row.version, await asyncio.to_thread(Templates.restored, stored))
        return self._known[component]

    def _key(self, component: str) -> str:
        return f"{self._digest} {component}"


def _written(templates: Templates) -> str:
    return templates.stored().model_dump_json()


def _put(tx: Tx, *, key: str, body: str, version: int, at: datetime) -> bool:
    return tx.put_templates(key, body, version=version, at=at)


async def names_now(store: LogStore, component: str, names: Iterable[str]) -> dict[str, str]:
    """What error types that a log store named earlier are called now, where that can change.

    Whoever stored counts by type passes the types through this before comparing them with new
    counts, and adds up what has become one. Raises LogStoreError, StoreError.
    """
    if isinstance(store, MinedStore):
        return await store.names_now(component, names)
    return {name: name for name in names}
