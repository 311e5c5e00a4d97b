"""Reading request bodies and answering in JSON, with limits and plain messages."""

from __future__ import annotations

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """Make an error answer: `{"error": message}`."""
    return web.json_response({"error": message}, status=status, headers=headers)


class BadRequestError(Exception):
    """What the client sent cannot be used; becomes an answer with `status` and the message."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


async def read_limited(request: web.Request, limit: int) -> bytes:
    """Read the whole body; more than `limit` bytes (after decompression) is refused with 413."""
    too_long = f"the body may have at most {limit} bytes"
    if (request.content_length or 0) > limit:
        raise BadRequestError(too_long, 413)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise BadRequestError(too_long, 413)
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: web.Request, model: type[Model], limit: int) -> Model:
    """Read a JSON body into a model; anything else is refused with 413, 415 or 400."""
    if request.content_type != "application/json":
        raise BadRequestError("send Content-Type: application/json", 415)
    raw = await read_limited(request, limit)
    try:
        return model.model_validate(json.loads(raw))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadRequestError(f"{where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise BadRequestError("the body is not JSON") from error
