"""The connection to a search server: asks, repeats what may pass, and says what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from adapters.logs.search import trouble
from adapters.logs.search.client import Answer, Client, Met, NoAnswerError
from adapters.logs.search.product import Product
from adapters.logs.search.query import Body
from bot.core.counts import LogStoreError

PAUSES = (0.2, 0.6, 1.8)
"""Seconds before each repetition of a question that may be answered a moment later."""

_LONGEST_PAUSE = 5.0


class Wire:
    """Speaks to the nodes through a client; `redact` hides secrets in what is said."""

    def __init__(
        self,
        client: Client,
        product: Product,
        *,
        redact: Callable[[str], str] = str,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self.product = product
        self.last_trouble = ""
        """What the last question that was repeated met, for whoever runs out of time."""
        self._client = client
        self._redact = redact
        self._pauses = pauses

    async def ask(
        self, method: str, path: str, *, index: str, params: Body | None = None, body: Any = None
    ) -> Body:
        """Ask and return the JSON object of the answer. Raises LogStoreError with the reason."""
        for pause in (*self._pauses, None):
            met: Answer | NoAnswerError
            try:
                met = await self._client.send(method, path, params=params, body=body)
            except NoAnswerError as error:
                met = error
            if isinstance(met, Answer) and met.good:
                return _object(met.body)
            self.last_trouble = self._redact(await self._explain(met, index))
            if pause is None or not trouble.may_pass(met):
                raise LogStoreError(self.last_trouble)
            await asyncio.sleep(_pause(met, pause))
        raise AssertionError("the last round returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _explain(self, met: Answer | NoAnswerError, index: str) -> str:
        if isinstance(met, Answer):
            return trouble.refusal(met, self.product, index)
        if met.met is Met.FOREIGN:
            return self.product.foreign(await self._client.about(), met.detail)
        return trouble.no_answer(met, self.product)


def _pause(met: Answer | NoAnswerError, pause: float) -> float:
    """How long to wait: as the server asks, within reason, or as planned."""
    asked = met.retry_after if isinstance(met, Answer) else ""
    return min(max(float(asked), pause), _LONGEST_PAUSE) if asked.isdigit() else pause


def _object(body: Any) -> Body:
    if not isinstance(body, dict):
        raise LogStoreError("the answer is no JSON: a proxy or a login page?")
    return body
