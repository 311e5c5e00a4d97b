"""Rooms: where people talk with the bot, and where it only shares."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field

from bot.core.config.language import Language
from bot.core.value import Duration, Value


@unique
class Share(StrEnum):
    """How much of a release a room hears: every sharing message, or one of each kind."""

    EACH = "each"
    DIGEST = "digest"


class _Room(Value):
    """What every room has."""

    name: str = ""
    """How pages and messages call the room; its key when left out."""
    language: Language = Language.ENGLISH
    """The language of its messages."""
    zone: str = ""
    """The time zone of times shown and typed there (IANA name); empty: that of the file."""


class WebRoom(_Room):
    """A local room in the browser; each page shows times in the zone of its viewer."""

    kind: Literal["web"]


class SlackRoom(_Room):
    """A Slack channel."""

    kind: Literal["slack"]
    channel: str = Field(pattern=r"^[CGD][A-Z0-9]{2,20}$")
    """The id of the channel, `C...` (the last line of the channel's details shows it)."""


class LineRoom(_Room):
    """A LINE group, a LINE room of several people, or the chat with one person."""

    kind: Literal["line"]
    chat: str = Field(pattern=r"^[CRU][0-9a-f]{32}$")
    """The id of the group (C...), room (R...) or person (U...)."""


class HttpRoom(_Room):
    """An outgoing room: a JSON body sent to any URL. Nothing comes back from it."""

    kind: Literal["http"]
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


RoomConfig = Annotated[WebRoom | SlackRoom | LineRoom | HttpRoom, Field(discriminator="kind")]


def usual_share(room: RoomConfig) -> Share:
    """How much a room hears when release.yml does not say."""
    return Share.DIGEST if isinstance(room, LineRoom) else Share.EACH
