"""The keys of the environment and of `.env`: where things are and what is secret."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.core.config.explain import validate
from bot.core.config.problem import Problem, suggestion

PREFIX = "RELEASE_MASTER_"
ENVIRONMENT = "environment"


class Environment(BaseSettings):
    """What the environment or `.env` says, each key with the prefix `RELEASE_MASTER_`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=False,
    )

    release_file: Path = Path("release.yml")
    """The file with targets, people, rooms, executors, log stores and policies."""
    state_dir: Path = Path("release-master-state")
    """The folder where commands of the executor `command` leave their exit code and their output,
    as they wrote it: secrets are taken out when it is read. Only the bot's user may read it."""
    database_url: str = Field(
        default="sqlite:///release-master.sqlite3",
        pattern=r"^(sqlite:///|postgresql\+psycopg://)",
        repr=False,
    )
    """Where releases are stored: a SQLite file, or PostgreSQL for several machines."""
    host: str = Field(default="127.0.0.1", min_length=1)
    """The address on which the web room and the hooks listen."""
    port: int = Field(default=8080, ge=0, le=65535)
    """The port on which they listen; 0: any that is free."""
    public_url: str = Field(default="", pattern=r"^$|^https?://")
    """The address under which people reach the bot, for links; empty: made of host and port."""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """A port of its own on the loopback for metrics; 0: the same port, behind the token."""
    metrics_token: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The token that `/metrics` wants; empty: it is closed on the common port."""
    alerts_token: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The token that the alert hook wants; empty: the hook is closed."""
    slack_bot_token: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The bot token of the Slack app, `xoxb-...`; needed as soon as a room is a Slack channel."""
    slack_app_token: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The app-level token, `xapp-...`, for Socket Mode; empty: Slack calls over HTTP."""
    slack_signing_secret: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The signing secret of the Slack app; needed where Slack calls over HTTP."""
    slack_api_url: str = Field(default="https://slack.com/api/", pattern=r"^https?://")
    """Where Slack's Web API is."""
    line_channel_secret: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The channel secret of the LINE channel; needed as soon as a room is a LINE chat."""
    line_channel_token: SecretStr = Field(default=SecretStr(""), min_length=16)
    """The channel access token of the LINE channel."""
    line_api_url: str = Field(default="https://api.line.me", pattern=r"^https?://")
    """Where LINE's Messaging API is."""
    log_format: Literal["console", "json"] = "console"
    """console: lines for people; json: one object a line for machines."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is logged."""

    @property
    def base_url(self) -> str:
        """The address that links begin with, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def database_file(self) -> Path | None:
        """The SQLite file; None where the database is a server."""
        name = self.database_url.removeprefix("sqlite:///")
        return Path(name) if name != self.database_url else None

    @property
    def database_missing(self) -> bool:
        """Whether the SQLite file is not there (yet)."""
        return self.database_file is not None and not self.database_file.exists()

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the address that is listened on."""
        bare = self.host.strip("[]").partition("%")[0]
        try:
            return ipaddress.ip_address(bare).is_loopback
        except ValueError:
            return bare.lower() == "localhost"

    def warnings(self) -> list[Problem]:
        """Say what is allowed but probably not meant."""
        if self.public_url or self.is_local:
            return []
        right = f"is not set, so links in messages begin with {self.base_url}"
        return [Problem(source=ENVIRONMENT, path=f"{PREFIX}PUBLIC_URL", right=right)]

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # the library calls by keyword
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the name is the library's
        init_settings: PydanticBaseSettingsSource,
        **_: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load` hands over: one reader, and every unknown key is seen."""
        return (init_settings,)


def read_environment(values: Mapping[str, str]) -> tuple[Environment | None, list[Problem]]:
    """Take the keys of the bot out of all variables, and say everything that is wrong with them.

    An empty variable counts as one that is not set; other programs' variables are left alone.
    """
    known = {f"{PREFIX}{name.upper()}": name for name in Environment.model_fields}
    ours = {name: value for name, value in values.items() if name.upper().startswith(PREFIX)}
    problems = [
        Problem(source=ENVIRONMENT, path=name, right=f"is no known key{suggestion(name, known)}")
        for name in sorted(ours)
        if name not in known
    ]
    raw = {known[name]: value for name, value in ours.items() if value and name in known}
    environment, wrong = validate(Environment, raw)
    problems += [
        problem.model_copy(
            update={"source": ENVIRONMENT, "path": f"{PREFIX}{problem.path.upper()}"}
        )
        for problem in wrong
    ]
    return (None if problems else environment), problems


def read_dotenv(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Read the variables of a `.env` file; a file that is not there has none."""
    try:
        source = DotEnvSettingsSource(Environment, env_file=path, case_sensitive=True)
    except (OSError, ValueError) as error:
        right = f"cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8'}"
        return {}, [Problem(source=path.name, path="", right=right)]
    written = source.env_vars
    problems = [
        Problem(source=path.name, path=name, right="has no value; write NAME=value")
        for name, value in written.items()
        if value is None
    ]
    return {name: value for name, value in written.items() if value is not None}, problems
