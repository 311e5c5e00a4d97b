"""Everything that can be configured: the environment and release.yml, checked before it is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from bot.core.config.executor import CommandExecutor
from bot.core.config.explain import mend, validate
from bot.core.config.problem import Problem, place
from bot.core.config.release_file import ReleaseFile
from bot.core.redact import confidential, redact
from bot.core.references import check_names, check_references, find_warnings, variables
from bot.environment import ENVIRONMENT, PREFIX, Environment, read_dotenv, read_environment
from bot.strict_yaml import read_yaml

__all__ = ["Environment", "Reloader", "Settings", "SettingsError", "check_config", "load"]

PLATFORM_SECRETS: dict[str, tuple[tuple[str, ...], ...]] = {
    "slack": (("slack_bot_token",), ("slack_app_token", "slack_signing_secret")),
    "line": (("line_channel_secret",), ("line_channel_token",)),
}
"""Kind of room -> keys of the environment without which its platform cannot be spoken to.

Of each group one is enough.
"""
# Stores, sockets and logs are open when a reload comes.
_FIXED = tuple(name for name in Environment.model_fields if name != "release_file")

_RENEWED = frozenset({"slack_bot_token", "slack_signing_secret"})
"""Tokens that are read for each use: a new one in place of an old one counts at once."""


Proof = Callable[["Settings"], Iterable[Problem]]
"""What adapters find wrong with settings that have passed every other check; nothing is begun."""


def _unproved(_: Settings) -> Iterable[Problem]:
    return ()


class SettingsError(Exception):
    """The configuration cannot be used; `problems` says everything that is wrong with it.

    `absent` is the path of a release.yml that is not there at all; None when there is one.
    """

    def __init__(self, problems: Iterable[Problem], absent: Path | None = None) -> None:
        self.problems = tuple(problems)
        self.absent = absent
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Settings:
    """A configuration that has passed every check."""

    environment: Environment
    file: ReleaseFile
    folder: Path
    """Where release.yml is; relative paths in it begin here."""
    digest: str
    """SHA-256 of the content; comments, spaces and written-out defaults do not change it."""
    warnings: tuple[Problem, ...] = ()
    secrets: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def secret(self, name: str) -> str:
        """Return the secret in the environment variable `name`, which release.yml must name.

        Raises LookupError when release.yml does not name it.
        """
        if name not in self.secrets:
            raise LookupError(f"release.yml names no environment variable {name!r}")
        return self.secrets[name].get_secret_value()

    @property
    def secrets_digest(self) -> str:
        """SHA-256 of all secrets: what was made with other ones is made anew."""
        known = sorted((name, secret.get_secret_value()) for name, secret in self.secrets.items())
        return hashlib.sha256(json.dumps(known).encode()).hexdigest()

    def variables(self, names: Iterable[str]) -> dict[str, str]:
        """Return those of the named environment variables that are set, for commands."""
        return {name: self.values[name] for name in names if name in self.values}

    def clean(self, text: str) -> str:
        """Return the text without secrets: the known ones, and what commands are told."""
        known = [secret.get_secret_value() for secret in self.secrets.values()]
        for executor in self.file.executors.values():
            if isinstance(executor, CommandExecutor):
                known += confidential(self.variables(executor.environment))
        return redact(text, known)

    def summary(self) -> str:
        """Say what is configured: `1 target, 7 components, 9 people, ...`."""
        components = sum(len(target.components) for target in self.file.targets.values())
        counts = (
            (len(self.file.targets), "target", "targets"),
            (components, "component", "components"),
            (len(self.file.people), "person", "people"),
            (len(self.file.rooms), "room", "rooms"),
            (len(self.file.executors), "executor", "executors"),
            (len(self.file.log_stores), "log store", "log stores"),
        )
        return ", ".join(f"{count} {one if count == 1 else more}" for count, one, more in counts)


def load(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    dotenv: Path | None = None,
    proof: Proof = _unproved,
) -> Settings:
    """Read and check everything; raises SettingsError with all that is wrong at once.

    Without `environ`, the process's own environment and `.env` in the working directory are read;
    the environment wins over `.env`. Without `path`, RELEASE_MASTER_RELEASE_FILE says which file.
    `proof` adds what only adapters can say.
    """
    reading = _read(path, environ, dotenv, proof)
    problems = [*reading.problems, *reading.missing]
    if problems or reading.settings is None:
        raise SettingsError(problems, reading.absent)
    return reading.settings


def check_config(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    dotenv: Path | None = None,
    proof: Proof = _unproved,
) -> tuple[int, str]:
    """Check as `load` does and return an exit code (0 or 1) and what to print.

    Secrets that are not set are only mentioned: the file may be checked where nothing is secret.
    """
    reading = _read(path, environ, dotenv, proof)
    if reading.problems or reading.settings is None:
        count = len(reading.problems)
        lines = [str(problem) for problem in reading.problems]
        return 1, "\n".join([*lines, f"{count} problem{'' if count == 1 else 's'}"])
    settings = reading.settings
    name = (path or settings.environment.release_file).name
    hints = [f"warning: {problem}" for problem in settings.warnings]
    hints += [f"not set here: {problem}" for problem in reading.missing]
    return 0, "\n".join([f"{name} is valid: {settings.summary()}", *hints])


class Reloader:
    """Holds the configuration in force; a new one replaces it whole or not at all."""

    def __init__(self, read: Callable[[], Settings]) -> None:
        """Read for the first time; raises SettingsError like `load`."""
        self._read = read
        self.current = read()

    def reload(self) -> tuple[bool, str]:
        """Read again; returns whether the new configuration is in force, and what to log."""
        try:
            new = self._read()
        except SettingsError as error:
            return False, f"reload refused, the old configuration stays:\n{error}"
        old = self.current
        for key in _FIXED:
            was, now = getattr(old.environment, key), getattr(new.environment, key)
            renewed = key in _RENEWED and was.get_secret_value() and now.get_secret_value()
            if was != now and not renewed:
                name = PREFIX + key.upper()
                why = f"{name} cannot change while the bot runs; restart it for that"
                return False, f"reload refused, the old configuration stays:\n{why}"
        self.current = new
        if (new.digest, new.secrets) == (old.digest, old.secrets):
            return True, "reloaded, nothing has changed"
        lines = [f"warning: {problem}" for problem in new.warnings]
        return True, "\n".join([f"reloaded: {new.summary()}", *lines])


@dataclass(frozen=True)
class _Reading:
    settings: Settings | None
    problems: tuple[Problem, ...]
    missing: tuple[Problem, ...] = ()
    absent: Path | None = None


def _read(
    path: Path | None, environ: Mapping[str, str] | None, dotenv: Path | None, proof: Proof
) -> _Reading:
    if environ is None:
        environ, dotenv = os.environ, dotenv or Path(".env")
    written, problems = read_dotenv(dotenv) if dotenv else ({}, [])
    values = {**written, **environ}
    environment, found = read_environment(values)
    # The file is read even when the environment is wrong, to say everything at once.
    default = Environment.model_fields["release_file"].default
    path = path or Path(values.get(f"{PREFIX}RELEASE_FILE") or default)
    file, in_file = _read_file(path)
    problems += [*found, *_sourced(in_file, path)]
    if environment is not None and file is not None:
        problems += _unguarded(environment, file)
    if file is None or environment is None or problems:
        return _Reading(None, tuple(problems), absent=None if path.exists() else path)
    secrets, missing = _read_secrets(file, values)
    missing += _lacking(file, environment)
    warnings = [*_sourced(find_warnings(file), path), *environment.warnings()]
    folder = path.resolve().parent
    settings = Settings(environment, file, folder, _digest(file), tuple(warnings), secrets, values)
    found = _sourced(proof(settings), path)
    return _Reading(settings, tuple(found), tuple(_sourced(missing, path)))


def _unguarded(environment: Environment, file: ReleaseFile) -> Iterator[Problem]:
    if environment.is_local or any(person.token_sha256 for person in file.people.values()):
        return
    right = (
        "can be reached from other machines, but nobody could sign in: give at least one person "
        "in release.yml a token_sha256, or listen on 127.0.0.1"
    )
    yield Problem(source=ENVIRONMENT, path=f"{PREFIX}HOST", value=environment.host, right=right)


def _read_file(path: Path) -> tuple[ReleaseFile | None, list[Problem]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Problem(path=f"byte {error.start}", right="is no UTF-8; save it as UTF-8")]
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        advice = f"name the file with {PREFIX}RELEASE_FILE"
        return None, [Problem(path="", right=f"cannot be read ({reason}); {advice}")]
    raw, problems = read_yaml(text)
    if raw is None and problems:
        return None, problems
    file, wrong = validate(ReleaseFile, raw)
    if file is not None:
        return file, [*problems, *check_references(file)]
    # What can be read is checked as well: people want to hear of everything at once.
    mended = mend(ReleaseFile, raw)
    return None, [*problems, *wrong, *(check_names(mended) if mended else ())]


def _read_secrets(
    file: ReleaseFile, values: Mapping[str, str]
) -> tuple[dict[str, SecretStr], list[Problem]]:
    secrets: dict[str, SecretStr] = {}
    missing: list[Problem] = []
    for loc, name in variables(file):
        value = values.get(name, "").strip() if name else ""
        if value and value.isprintable():
            secrets[name] = SecretStr(value)
        elif name:
            fault = "holds characters that are not printable" if value else "is missing or empty"
            right = (
                f"needs the environment variable {name}, which {fault}; set it or put it in .env"
            )
            missing.append(Problem(path=place(loc), right=right))
    return secrets, missing


def _lacking(file: ReleaseFile, environment: Environment) -> list[Problem]:
    """The secrets of chat platforms that rooms need and the environment does not have."""
    problems = []
    for kind, groups in PLATFORM_SECRETS.items():
        rooms = [key for key, room in file.rooms.items() if room.kind == kind]
        for names in groups if rooms else ():
            if any(getattr(environment, name).get_secret_value() for name in names):
                continue
            either = " or ".join(f"{PREFIX}{name.upper()}" for name in names)
            right = f"needs the environment variable {either}; set it or put it in .env"
            problems.append(Problem(path=f"rooms.{rooms[0]}", right=right))
    return problems


def _sourced(problems: Iterable[Problem], path: Path) -> list[Problem]:
    return [problem.model_copy(update={"source": path.name}) for problem in problems]


def _digest(file: ReleaseFile) -> str:
    # Keys are not sorted: the order of components is the order of their release.
    content = json.dumps(file.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()
