"""Rooms: where people talk with the bot, and where it only shares."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field

from bot.core.value import Duration, Value


@unique
class Share(StrEnum):
    """How much of a release a room hears: every sharing message, or one of each kind."""

    EACH = "each"
    DIGEST = "digest"


class WebRoom(Value):
    """A local room in the browser."""

    kind: Literal["web"]
    name: str = ""
    """The heading of the room; the room's key when left out."""


class HttpRoom(Value):
    """An outgoing room: a JSON body sent to any URL. Nothing comes back from it."""

    kind: Literal["http"]
    name: str = ""
    """How plans and messages call the room; its key when left out."""
    url: str = Field(pattern=r"^https?://")
    """Where messages are sent by POST."""
    body: dict[str, object] = {"text": "{text}"}
    """JSON body; `{text}`, `{title}`, `{release}`, `{kind}`, `{room}`, `{key}` are filled in."""
    headers_env: dict[str, str] = {}
    """header name -> environment variable that holds its value."""
    secret_env: str = ""
    """Environment variable with the secret that signs the body (header `X-Release-Signature`)."""
    timeout: Duration = Field(
        default=timedelta(seconds=10), gt=timedelta(0), le=timedelta(minutes=1)
    )
    """How long one delivery may take."""


RoomConfig = Annotated[WebRoom | HttpRoom, Field(discriminator="kind")]
