"""The command `export`: the journals of releases as they are stored, with their hash chains."""

from __future__ import annotations

from bot.core.export import Chain
from bot.settings import Settings
from bot.store import Store, Tx


async def chains(settings: Settings, release: int | None) -> dict[int, Chain]:
    """The chain of one release, or of every one that has a journal. Raises StoreError."""
    store = Store(settings.environment.database_url)
    await store.open()

    def read(tx: Tx) -> dict[int, Chain]:
        numbers = [release] if release else tx.journalled_releases()
        return {number: _chain(tx, number) for number in numbers}

    try:
        return await store.read(read)
    finally:
        await store.close()


def _chain(tx: Tx, number: int) -> Chain:
    found = tx.get(number)
    return Chain(tx.journal(number), found.version if found else 0)
