"""The configuration is refused whole, with every mistake said in words people can act on."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.config import OnFail
from bot.core.config.problem import Problem
from bot.core.config.release_file import component_executor, component_logs, component_policy
from bot.environment import Environment
from bot.settings import Reloader, Settings, SettingsError, check_config, load

MINIMAL = """\
people:
  akari: {name: Akari, role: approver}
  ren: {name: Ren, role: operator}
rooms:
  local: {kind: web}
  hook: {kind: http, url: "http://127.0.0.1:9/x"}
executors:
  pmc: {kind: http, base_url: "http://127.0.0.1:9000", auth_env: PMC_TOKEN}
log_stores:
  files: {kind: files, paths: [app.log]}
policies:
  strict: {on_fail: roll_back}
targets:
  openchat:
    rooms: [local]
    share: [{room: hook}]
    executor: pmc
    logs: files
    escalate_to: [akari]
    components:
      storage: {owners: [ren]}
      gateway: {owners: [akari, ren], canary: canary, depends_on: [storage], policy: strict}
"""
SECRETS = {"PMC_TOKEN": "s3cret-value"}
OPENCHAT = "targets.openchat"

Edit = Callable[[Any], object]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a release.yml and return its path."""

    def write_text(text: str) -> Path:
        path = tmp_path / "release.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


def _edited(edit: Edit) -> str:
    raw = yaml.safe_load(MINIMAL)
    edit(raw)
    return yaml.safe_dump(raw, sort_keys=False, allow_unicode=True)


def _put(path: str, value: object) -> Edit:
    """Return an edit that sets the value at a dotted path."""

    def edit(raw: Any) -> None:
        *parts, last = path.split(".")
        for part in parts:
            raw = raw[part]
        raw[last] = value

    return edit


def _said(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(path, SECRETS if environ is None else environ)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return str(caught.value).splitlines()


def test_a_valid_file_loads(write: Callable[[str], Path]) -> None:
    """Everything is there: file, environment, digest, secrets, and what it amounts to."""
    loaded = load(write(MINIMAL), SECRETS)

    assert list(loaded.file.targets["openchat"].components) == ["storage", "gateway"]
    assert loaded.environment == Environment()
    assert loaded.secret("PMC_TOKEN") == "s3cret-value"
    assert loaded.summary() == (
        "1 target, 2 components, 2 people, 2 rooms, 1 executor, 1 log store"
    )
    assert re.fullmatch("[0-9a-f]{64}", loaded.digest)
    assert "s3cret" not in repr(loaded)


WRONG_VALUES = [
    ("targets.openchat.parallel", "two", "'two' is wrong; write a whole number from 1 to 50"),
    ("targets.openchat.parallel", 0, "0 is wrong; write a whole number from 1 to 50"),
    ("targets.openchat.production", "maybe", "'maybe' is wrong; write true or false"),
    ("targets.openchat.executor", 5, "5 is wrong; write text, in quotes"),
    ("targets.openchat.rooms", "local",
     "'local' is wrong; write a list of at least 1 (each: text)"),
    ("targets.openchat.rooms", [], "is empty; write a list of at least 1 (each: text)"),
    ("targets.openchat.confirm", "gate",
     "'gate' is wrong; write one of each_step, gates; did you mean 'gates'?"),
    ("targets.openchat.confirm", "never", "'never' is wrong; write one of each_step, gates"),
    ("targets.openchat.expires", "soon",
     ("'soon' is wrong; write a duration like 90s, 15m, 2h, 10d,"
     " more than 0s and at most 30d")),
    ("targets.openchat.expires", "99d", ("'99d' is wrong; write a duration like 90s, 15m, 2h, 10d,"
     " more than 0s and at most 30d")),
    ("targets.openchat.expires", float("inf"), "inf is too large; write it smaller"),
    ("targets.openchat.components", 3,
     "3 is wrong; write a mapping of 1 to 200 names (each: a mapping)"),
    ("targets.openchat.components.storage", None, "is empty; write a mapping"),
    ("time_scale", 0.5, "0.5 is wrong; write a number from 1 to 10000"),
    ("people.akari.name", "", "is empty; write text of 1 to 80 characters"),
    ("people.akari.slack", "@akari",
     "'@akari' is wrong; write a Slack user id (U or W, then capitals and digits)"),
    ("executors.pmc.base_url", "htps://me:pw@pmc/secret", ("'htps://pmc/…' is wrong; "
     "write an address that begins with http:// or https://")),
    ("executors.pmc.kind", "htp", None),
    ("policies.strict.max_false_fail", 1,
     "1 is wrong; write a number more than 0 and less than 1"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "said"), WRONG_VALUES)
def test_a_wrong_value_is_shown_with_what_would_be_right(
    write: Callable[[str], Path], path: str, value: object, said: str | None
) -> None:
    """The message names the place in the file, the value, and what may be written."""
    lines = _said(write(_edited(_put(path, value))))

    if said is None:
        said = "'htp' is wrong; write one of http, command, memory; did you mean 'http'?"
    assert lines == [f"release.yml: {path}: {said}"]


WRONG_REFERENCES = [
    ("components.gateway.depends_on", ["storge"], ("components.gateway.depends_on[0]: 'storge' "
     "is no component of this target; did you mean 'storage'?")),
    ("components.storage.depends_on", ["gateway"], ("components.storage.depends_on: waits for "
     "itself: storage -> gateway -> storage; take one away")),
    ("components.storage.depends_on", ["storage"], ("components.storage.depends_on: waits for "
     "itself: storage -> storage; take one away")),
    ("components.gateway.owners", ["akira"], ("components.gateway.owners[0]: 'akira' "
     "is no person; did you mean 'akari'?")),
    ("components.gateway.policy", "strikt", ("components.gateway.policy: 'strikt' "
     "is no policy; did you mean 'strict'?")),
    ("components.gateway.executor", "pcm", ("components.gateway.executor: 'pcm' "
     "is no executor; did you mean 'pmc'?")),
    ("components.gateway.logs", "kafka", ("components.gateway.logs: 'kafka' "
     "is no log store; there are files")),
    ("rooms", ["locl"], "rooms[0]: 'locl' is no room; did you mean 'local'?"),
    ("rooms", ["local", "hook"], "rooms[1]: 'hook' only hears (kind: http); name it under share"),
    ("rooms", ["local", "local"], "rooms[1]: 'local' is named twice"),
    ("share", [{"room": "hok"}], "share[0].room: 'hok' is no room; did you mean 'hook'?"),
    ("share", [{"room": "local"}], "share[0].room: 'local' is named twice"),
    ("executor", "", "executor: is missing; name the executor here or for each component"),
    ("logs", "", "logs: is missing; name the log store here or for each component"),
    ("escalate_to", ["aakari"], ("escalate_to[0]: 'aakari' is no person and no room; "
     "did you mean 'akari'?")),
    ("escalate_to", ["akari", "local"], ("escalate_to[1]: 'local' is a room; write people, "
     "or this one room alone")),
    ("reminders", ["10m", "5m"], ("reminders[1]: 5m is not later than 10m; "
     "write reminders in rising order")),
    ("reminders", ["5h"], ("reminders[0]: 5h comes when the question has expired; "
     "write less than 4h")),
    ("approvals", 3, "approvals: 3 is too many: only 2 people may approve gateway"),
    ("start_approvals", 2, "start_approvals: 2 is too many: only 1 person may start it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("(", "'(' is no regular expression: missing ), unterminated subpattern at position 0"),
        ("x*", "'x*' fits nothing at all; write what a variable must hold"),
        ("", "is empty; write text of at least 1 character"),
    ],
)
def test_a_mask_must_fit_something(write: Callable[[str], Path], mask: str, said: str) -> None:
    """A mask that is no expression, or would fit between any two letters, is named."""
    edit = _put("log_stores.files.masks", [r"(?<=tenant )\w+", mask])

    assert _said(write(_edited(edit))) == [f"release.yml: log_stores.files.masks[1]: {said}"]


@pytest.mark.parametrize(("key", "value", "said"), WRONG_REFERENCES)
def test_parts_of_the_file_must_fit_each_other(
    write: Callable[[str], Path], key: str, value: object, said: str
) -> None:
    """A name that does not exist, a circle or a number nobody can reach is refused by its place."""
    lines = _said(write(_edited(_put(f"{OPENCHAT}.{key}", value))))

    assert lines == [f"release.yml: {OPENCHAT}.{said}"]


def test_a_component_alone_without_an_executor_is_named(write: Callable[[str], Path]) -> None:
    """When some components have an executor, those that have none are named one by one."""

    def edit(raw: Any) -> None:
        del raw["targets"]["openchat"]["executor"]
        raw["targets"]["openchat"]["components"]["storage"]["executor"] = "pmc"

    assert _said(write(_edited(edit))) == [
        (
            f"release.yml: {OPENCHAT}.components.gateway.executor: is missing; "
            "name the executor here or for the whole target"
        )
    ]


def test_a_longer_circle_is_named_without_its_users(write: Callable[[str], Path]) -> None:
    """The circle is told from those who only wait for it."""

    def edit(raw: Any) -> None:
        raw["targets"]["openchat"]["components"] = {
            "z": {"depends_on": ["a"]}, "a": {"depends_on": ["b"]},
            "b": {"depends_on": ["c"]}, "c": {"depends_on": ["a"]},
        }  # fmt: skip

    assert _said(write(_edited(edit))) == [
        (
            f"release.yml: {OPENCHAT}.components.a.depends_on: waits for itself: "
            "a -> b -> c -> a; take one away"
        )
    ]


OTHER_MISTAKES = [
    (_put("people.akari.rol", "admin"), "people.akari.rol: is no known key; did you mean 'role'?"),
    (_put("rooms.local.nme", "x"), "rooms.local.nme: is no known key; did you mean 'name'?"),
    (_put("qqq", 1), ("qqq: is no known key; there are zone, time_scale, keep, people, rooms, "
     "executors, log_stores, policies, targets")),
    (_put("executors.pmc.deploy", {"path": "/d", "metod": "PUT"}),
     "executors.pmc.deploy.metod: is no known key; did you mean 'method'?"),
    (lambda raw: raw["rooms"]["local"].pop("kind"),
     "rooms.local.kind: is missing; write one of web, slack, line, http"),
    (lambda raw: raw["people"]["ren"].pop("name"),
     "people.ren.name: is missing; write text of 1 to 80 characters"),
    (lambda raw: raw["targets"]["openchat"].update(expires=10**30, poll_every="5s"),
     f"{OPENCHAT}.expires: 1000000000000000000000000000000 is too large; write it smaller"),
    (_put("zone", "Asia/Tokio"), "zone: 'Asia/Tokio' is no time zone; did you mean 'Asia/Tokyo'?"),
    (_put("zone", "moon"), ("zone: 'moon' is no time zone; "
     "write one like Asia/Tokyo, Europe/Berlin, UTC")),
    (_put("rooms.local.zone", "moon"), ("rooms.local.zone: 'moon' is no time zone; "
     "write one like Asia/Tokyo, Europe/Berlin, UTC")),
    (_put("log_stores.files.zone", "../x"), ("log_stores.files.zone: '../x' is no time zone; "
     "write one like Asia/Tokyo, Europe/Berlin, UTC")),
    (_put("people.ren.roles", {"openchta": "admin"}),
     "people.ren.roles.openchta: 'openchta' is no target; did you mean 'openchat'?"),
    (_put("people.akari.role", "operator"), (f"{OPENCHAT}: has no approver: give a person the role "
     "approver or admin, or set production: false")),
    (_put("people.a b", {"name": "A"}), ("people: 'a b' is no name; write letters, digits, - _ . "
     "without spaces, at most 60 characters")),
    (_put("targets.openchat.components.a=b", {}), (f"{OPENCHAT}.components: 'a=b' is no name; "
     "write letters, digits, - _ . without spaces, at most 60 characters")),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "said"), OTHER_MISTAKES)
def test_other_mistakes_are_said_by_their_place(
    write: Callable[[str], Path], edit: Edit, said: str
) -> None:
    """Unknown and missing keys, zones, names and authority each have their own sentence."""
    assert _said(write(_edited(edit))) == [f"release.yml: {said}"]


PMC = "executors.pmc"
FILES = "log_stores.files"
COMMANDS = {"kind": "command", "deploy": ["d", "{version}"], "restart": ["r"], "running": ["q"]}
LINES = {"kind": "files", "paths": ["a.log"], "format": "pattern"}
NO_HOST = "names no host; write an address like https://deploy.example:8443"
NO_VERSION = (
    "is no version; write letters, digits and . _ + : @ / -, beginning with a letter or digit"
)
ELASTIC = {
    "kind": "elasticsearch", "addresses": ["https://es.example"], "index": "logs-{component}",
}  # fmt: skip
TEMPLATES = [
    (_put(FILES, {**ELASTIC, "addresses": ["https://es.example:0"]}),
     f"{FILES}.addresses[0]: 'https://es.example:0' {NO_HOST}"),
    (_put(FILES, {**ELASTIC, "index": "logs-{component}-{compnent}"}),
     (f"{FILES}.index: '{{compnent}}' is nothing that is filled in; "
     "did you mean '{component}'?")),
    (_put(FILES, {**ELASTIC, "filters": {"service.name": "{compnent}"}}),
     (f"{FILES}.filters['service.name']: '{{compnent}}' is nothing that is filled in; "
     "did you mean '{component}'?")),
    (_put(FILES, {**ELASTIC, "link": "https://kibana.example/#/?from={strat}"}),
     f"{FILES}.link: '{{strat}}' is nothing that is filled in; did you mean '{{start}}'?"),
    (_put(f"{PMC}.deploy", {"method": "PUT", "path": "/d/{compnent}"}),
     (f"{PMC}.deploy.path: '{{compnent}}' is nothing that is filled in; "
     "did you mean '{component}'?")),
    (_put(f"{PMC}.restart", {"method": "POST", "path": "/r", "body": {"a": [{"v": "{verson}"}]}}),
     (f"{PMC}.restart.body.a[0].v: '{{verson}}' is nothing that is filled in; "
     "did you mean '{version}'?")),
    (_put(f"{PMC}.running", {"path": "/{component}/{version}"}),
     f"{PMC}.running.path: '{{version}}' is nothing that is filled in; there are {{component}}"),
    (_put("executors.c", {**COMMANDS, "deploy": ["d", "--of={compnent}"]}),
     ("executors.c.deploy[1]: '{compnent}' is nothing that is filled in; "
     "did you mean '{component}'?")),
    (_put("executors.c", {**COMMANDS, "restart": [""]}), ("executors.c.restart[0]: is empty; "
     "write the program, then one word of its arguments each")),
    (_put(f"{FILES}.paths", ["logs/{compnent}/a.log"]),
     (f"{FILES}.paths[0]: '{{compnent}}' is nothing that is filled in; "
     "did you mean '{component}'?")),
    (_put("rooms.hook.body", {"said": "{txt}"}),
     "rooms.hook.body.said: '{txt}' is nothing that is filled in; did you mean '{text}'?"),
    (_put(f"{PMC}.find", {"path": "/tasks"}), (f"{PMC}.find.path: '/tasks' says nowhere which one "
     "is meant; write {key} where the API looks for it")),
    (_put(f"{PMC}.task", {"path": "/tasks"}), (f"{PMC}.task.path: '/tasks' says nowhere which one "
     "is meant; write {handle} where the API looks for it")),
    (_put(f"{PMC}.stop", {"method": "POST", "path": "/stop", "body": {"key": "{key}"}}),
     (f"{PMC}.stop.path: '/stop' says nowhere which one is meant; "
      "write {handle} where the API looks for it")),
    (_put(f"{PMC}.deploy", {"path": "/d/{component}"}), (f"{PMC}.deploy.method: is missing; "
     "write POST, PUT or PATCH: GET only when the API begins work by it")),
    (_put(f"{PMC}.host_statuses", {"ok": "sucess"}), (f"{PMC}.host_statuses.ok: 'sucess' is wrong; "
     "write one of succeeded, failed, running, unchanged, unknown")),
    (_put(f"{PMC}.base_url", "http://"), f"{PMC}.base_url: 'http://' {NO_HOST}"),
    (_put(f"{PMC}.base_url", "http://pmc:99999"), f"{PMC}.base_url: 'http://pmc:99999' {NO_HOST}"),
    (_put("rooms.hook.url", "https:///x"), f"rooms.hook.url: 'https:///x' {NO_HOST}"),
    (_put(f"{PMC}.auth_header", "X-A B"),
     f"{PMC}.auth_header: (hidden) is no name of a header; write letters, digits and -"),
    (_put("rooms.hook.headers_env", {"X-A B": "PMC_TOKEN"}),
     "rooms.hook.headers_env: 'X-A B' is no name of a header; write letters, digits and -"),
    (_put(f"{OPENCHAT}.components.storage.candidates", ["1.0", "1.0; rm -rf /"]),
     f"{OPENCHAT}.components.storage.candidates[1]: '1.0; rm -rf /' {NO_VERSION}"),
    (_put("executors.m", {"kind": "memory", "versions": ["a b"]}),
     f"executors.m.versions[0]: 'a b' {NO_VERSION}"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "said"), TEMPLATES)
def test_what_could_not_be_filled_in_or_sent_is_refused(
    write: Callable[[str], Path], edit: Edit, said: str
) -> None:
    """A misspelt placeholder, a call that names nothing, an address without host: each is said."""
    assert _said(write(_edited(edit))) == [f"release.yml: {said}"]


def test_the_words_of_other_programs_are_no_placeholders(write: Callable[[str], Path]) -> None:
    """A shell's `${NAME}`, a template's `{{name}}` and a search by body are taken as written."""
    argv = ["sh", "-c", "echo ${HOME} {{name}} {} {component}"]

    def edit(raw: Any) -> None:
        raw["executors"]["c"] = {**COMMANDS, "deploy": argv}
        search = {"method": "POST", "path": "/find", "body": {"where": ["{key}"]}}
        raw["executors"]["pmc"]["find"] = search
        raw["executors"]["pmc"]["deploy"] = {"method": "GET", "path": "/d?v={version}"}

    assert load(write(_edited(edit)), SECRETS).summary().endswith("2 executors, 1 log store")


EXPRESSIONS = [
    (_put(FILES, LINES), (f"{FILES}.pattern: is missing; format: pattern needs an expression with "
     "a group (?P<time>...)")),
    (_put(FILES, {**LINES, "pattern": "^(?P<ts>x)(?P<level>y)"}),
     (f"{FILES}.pattern: '^(?P<ts>x)(?P<level>y)' has no group for the time; write one: "
     "(?P<time>...)")),
    (_put(FILES, {**LINES, "pattern": "^(?P<time>x)", "fields": {"level": "sev"}}),
     f"{FILES}.pattern: '^(?P<time>x)' has no group for the level; write one: (?P<sev>...)"),
    (_put(f"{FILES}.fields", {"level": ""}),
     f"{FILES}.fields.level: is empty; write the name of the level's field"),
    (_put(f"{FILES}.host_from_path", "(("), (f"{FILES}.host_from_path: '((' is no regular "
     "expression: missing ), unterminated subpattern at position 1")),
    (_put(f"{FILES}.host_from_path", "^logs/"), (f"{FILES}.host_from_path: '^logs/' has no group "
     "that is the host; write one such as ^([^/]+)/")),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "said"), EXPRESSIONS)
def test_expressions_must_find_what_is_read_by_them(
    write: Callable[[str], Path], edit: Edit, said: str
) -> None:
    """Without a time no line is read, without a level none is counted, so both are refused."""
    assert _said(write(_edited(edit))) == [f"release.yml: {said}"]


def test_one_room_may_be_told_at_last(write: Callable[[str], Path]) -> None:
    """Instead of people, one room can be told when nobody answers."""
    loaded = load(write(_edited(_put(f"{OPENCHAT}.escalate_to", ["hook"]))), SECRETS)

    assert loaded.file.targets["openchat"].escalate_to == ("hook",)


@pytest.mark.parametrize(
    ("key", "identity", "shown"),
    [
        ("slack", "U012ABC", "'U012ABC'"),
        ("line", "U" + "0" * 32, f"'U{'0' * 32}'"),
        ("token_sha256", "a" * 64, "(hidden)"),
    ],
)
def test_an_identity_belongs_to_one_person(
    write: Callable[[str], Path], key: str, identity: str, shown: str
) -> None:
    """The same Slack id, LINE id or token for two people is refused; two without are fine."""

    def edit(raw: Any) -> None:
        for person in raw["people"].values():
            person[key] = identity

    assert _said(write(_edited(edit))) == [
        (
            f"release.yml: people.ren.{key}: {shown} belongs to 'akari' already; "
            "an identity belongs to one person"
        )
    ]


def test_all_mistakes_are_said_at_once(write: Callable[[str], Path]) -> None:
    """Keys, values, references, the environment: one look is enough to put everything right."""

    def edit(raw: Any) -> None:
        raw["targets"]["openchat"]["paralel"] = 2
        raw["targets"]["openchat"]["parallel"] = "two"
        raw["targets"]["openchat"]["components"]["gateway"]["depends_on"] = ["storge"]

    lines = _said(write(_edited(edit)), {"RELEASE_MASTER_PORT": "http"})

    assert [line.split(": ")[1].rpartition(".")[2] for line in lines] == [
        "RELEASE_MASTER_PORT", "parallel", "paralel", "depends_on[0]",
    ]  # fmt: skip


def test_a_wrong_entry_raises_no_false_alarm(write: Callable[[str], Path]) -> None:
    """Whoever names a room, person or executor that is itself written wrongly is not blamed."""

    def edit(raw: Any) -> None:
        raw["people"]["akari"] = "Akari"
        raw["rooms"]["local"] = {"kind": "web", "nam": "x"}

    lines = _said(write(_edited(edit)))

    assert [line.split(": ")[1] for line in lines] == ["people.akari", "rooms.local.nam"]


YAML_MISTAKES = [
    ("rooms: {a: [}\n", r"line 1, column 13: is no YAML: .+; mind the indentation, .*"),
    ("a: 1\n b: 2\n", r"line 2, column 3: is no YAML: mapping values are not allowed here; .*"),
    ("rooms: *r\n", r"line 1, column 8: is no YAML: found undefined alias 'r'"),
    ("rooms: {}\nzone: UTC\nrooms: {}\n",
     r"line 3, column 1: 'rooms' is written twice here; the first is in line 1"),
    ("on: 1\n", r"line 1, column 1: 'on' is no text as a key: YAML reads it as bool; .*quotes"),
    ("? [a]\n: 1\n", r"line 1, column 3: is no text as a key: write one word"),
    ("a: !!python/name:os.system x\n", r"line 1, column 4: is no YAML: could not determine .*"),
    ("a: !!int x\n", r"line 1, column 4: is no YAML: this is no int"),
    ("a: \x00\n", r"is no YAML: special characters are not allowed"),
    ("a: " + "[" * 2000 + "\n", r"is nested deeper than 50 levels or holds more than 100000 .*"),
    ("a: &a [*a]\n", r"is nested deeper than 50 levels or holds more than 100000 values"),
    ("a: '" + "x" * 1_000_001 + "'\n", r"is larger than 1000000 characters"),
    ("", r"is empty; write a mapping with rooms, targets"),
    ("- a\n", r"a list is wrong; write a mapping with rooms, targets"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), YAML_MISTAKES, ids=range(len(YAML_MISTAKES)))
def test_what_is_no_yaml_is_said_with_line_and_column(
    write: Callable[[str], Path], text: str, said: str
) -> None:
    """Syntax, double keys, keys that are no text and endless files are refused by position."""
    first = _said(write(text))[0]

    assert re.fullmatch(f"release.yml: {said}", first), first


def test_merged_keys_and_dates_are_read_as_meant(write: Callable[[str], Path]) -> None:
    """An overridden merge key is no double key, and a date is a version."""
    text = MINIMAL.replace("storage: {", "storage: &one {").replace(
        "gateway: {", "gateway: {<<: *one, candidates: [2026-01-31], "
    )

    component = load(write(text), SECRETS).file.targets["openchat"].components["gateway"]

    assert component.owners == ("akari", "ren")
    assert component.candidates == ("2026-01-31",)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing file, a folder and other encodings are configuration mistakes, no crash."""
    (tmp_path / "latin.yml").write_bytes(b"zone: \xff")

    assert _said(tmp_path / "none.yml") == [
        (
            "none.yml: cannot be read (No such file or directory); "
            "name the file with RELEASE_MASTER_RELEASE_FILE"
        )
    ]
    assert "Is a directory" in _said(tmp_path)[0]
    assert _said(tmp_path / "latin.yml") == ["latin.yml: byte 6: is no UTF-8; save it as UTF-8"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("people.akari.token_sha256", "hunter2-hunter2"),
        ("executors.pmc.auth_env", "hunter2-hunter2"),
        ("rooms.hook.headers_env", {"X-Api": "hunter2-hunter2"}),
        ("rooms.hook.secret_env", "hunter2-hunter2"),
        ("rooms.hook.url", "ftp://u:hunter2-hunter2@h/hunter2-hunter2"),
        ("targets.openchat.confirm", "xoxb-hunter2-hunter2"),
        ("people.akari.api_token", "hunter2-hunter2"),
    ],
)
def test_secrets_in_the_wrong_place_are_not_shown(
    write: Callable[[str], Path], path: str, value: object
) -> None:
    """A message never repeats what may be a secret."""
    lines = _said(write(_edited(_put(path, value))))

    assert len(lines) == 1
    assert lines[0].startswith(f"release.yml: {path}")
    assert "hunter2" not in lines[0]


@pytest.mark.scenario(30)
@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({}, "is missing or empty"),
        ({"PMC_TOKEN": ""}, "is missing or empty"),
        ({"PMC_TOKEN": "  "}, "is missing or empty"),
        ({"PMC_TOKEN": "a\nb"}, "holds characters that are not printable"),
    ],
)
def test_a_missing_secret_refuses_the_start(
    write: Callable[[str], Path], environ: dict[str, str], fault: str
) -> None:
    """Without a secret that release.yml names nothing starts; who needs which variable is said."""
    assert _said(write(MINIMAL), environ) == [
        (
            "release.yml: executors.pmc.auth_env: needs the environment variable PMC_TOKEN, "
            f"which {fault}; set it or put it in .env"
        )
    ]


@pytest.mark.scenario(30)
def test_missing_secrets_of_rooms_are_all_named(write: Callable[[str], Path]) -> None:
    """Each room and each header is named with its variable."""

    def edit(raw: Any) -> None:
        raw["rooms"]["hook"]["headers_env"] = {"X-Api": "HOOK_KEY"}
        raw["rooms"]["hook"]["secret_env"] = "HOOK_SECRET"

    lines = _said(write(_edited(edit)))

    assert [line.split(",")[0] for line in lines] == [
        "release.yml: rooms.hook.headers_env.X-Api: needs the environment variable HOOK_KEY",
        "release.yml: rooms.hook.secret_env: needs the environment variable HOOK_SECRET",
    ]


@pytest.mark.scenario(30)
def test_a_line_room_needs_the_secrets_of_its_channel(write: Callable[[str], Path]) -> None:
    """Both are named at once, and an empty one counts as missing."""

    def edit(raw: Any) -> None:
        raw["rooms"]["group"] = {"kind": "line", "chat": "C" + "0" * 32}

    variables = [f"RELEASE_MASTER_LINE_CHANNEL_{name}" for name in ("SECRET", "TOKEN")]
    lines = _said(write(_edited(edit)), {"PMC_TOKEN": "x" * 20, variables[0]: ""})

    assert [line for line in lines if "rooms.group" in line] == [
        f"release.yml: rooms.group: needs the environment variable {name}; set it or put it in .env"
        for name in variables
    ]


def test_only_secrets_that_the_file_names_are_given_out(write: Callable[[str], Path]) -> None:
    """A variable that release.yml does not name is no secret of the bot."""
    loaded = load(write(MINIMAL), {**SECRETS, "AWS_KEY": "x", "PATH": "/bin"})

    with pytest.raises(LookupError, match="AWS_KEY"):
        loaded.secret("AWS_KEY")
    assert loaded.variables(["PATH", "LANG"]) == {"PATH": "/bin"}


def test_texts_are_cleaned_of_what_is_known(write: Callable[[str], Path]) -> None:
    """Secrets that the file names and variables of commands are taken out; PATH is no secret."""
    command = {**COMMANDS, "environment": ["PATH", "DB_PW"]}
    environ = {**SECRETS, "DB_PW": "tr0ub4dor", "PATH": "/usr/bin", "OTHER": "unrelated"}

    loaded = load(write(_edited(_put("executors.c", command))), environ)

    said = loaded.clean("s3cret-value tr0ub4dor /usr/bin unrelated password=x")
    assert said == "*** *** /usr/bin unrelated password=***"


WRONG_ENVIRONMENT = [
    ("RELEASE_MASTER_PRT", "1", "is no known key; did you mean 'RELEASE_MASTER_PORT'?"),
    ("release_master_port", "1", "is no known key; did you mean 'RELEASE_MASTER_PORT'?"),
    ("RELEASE_MASTER_PORT", "80a", "'80a' is wrong; write a whole number from 0 to 65535"),
    ("RELEASE_MASTER_PORT", "70000", "'70000' is wrong; write a whole number from 0 to 65535"),
    ("RELEASE_MASTER_LOG_FORMAT", "jsn",
     "'jsn' is wrong; write one of console, json; did you mean 'json'?"),
    ("RELEASE_MASTER_METRICS_TOKEN", "short",
     "(hidden) is wrong; write a secret text of at least 16 characters"),
    ("RELEASE_MASTER_DATABASE_URL", "postgres://u:pw@db/x", ("'postgres://db/…' is wrong; "
     "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")),
    ("RELEASE_MASTER_PUBLIC_URL", "bot.example", ("'bot.example' is wrong; "
     "write an address that begins with http:// or https://")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "said"), WRONG_ENVIRONMENT)
def test_the_environment_is_checked_alike(
    write: Callable[[str], Path], name: str, value: str, said: str
) -> None:
    """A wrong or unknown variable with the bot's prefix refuses the start, in the same words."""
    assert _said(write(MINIMAL), {**SECRETS, name: value}) == [f"environment: {name}: {said}"]


def test_dotenv_is_read_under_the_environment(
    write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.env` beside the process holds keys and secrets; what the process has itself wins."""
    write(MINIMAL)
    (tmp_path / ".env").write_text(
        "RELEASE_MASTER_PORT=9001\nRELEASE_MASTER_LOG_LEVEL=debug\nPMC_TOKEN=from-file\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELEASE_MASTER_PORT", "9002")
    monkeypatch.delenv("PMC_TOKEN", raising=False)

    loaded = load()

    assert (loaded.environment.port, loaded.environment.log_level) == (9002, "debug")
    assert loaded.secret("PMC_TOKEN") == "from-file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"RELEASE_MASTER_HSOT=x\n", "environment: RELEASE_MASTER_HSOT: is no known key; did you"),
        (b"RELEASE_MASTER_PORT\n", ".env: RELEASE_MASTER_PORT: has no value; write NAME=value"),
        (b"A=\xff\n", ".env: cannot be read: it is no UTF-8"),
    ],
)
def test_mistakes_in_dotenv_are_refused(
    write: Callable[[str], Path], tmp_path: Path, text: bytes, said: str
) -> None:
    """Unknown keys, lines without a value and other encodings in `.env` refuse the start."""
    (tmp_path / ".env").write_bytes(text)

    with pytest.raises(SettingsError) as caught:
        load(write(MINIMAL), SECRETS, dotenv=tmp_path / ".env")

    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("environ", "url", "warned"),
    [
        ({}, "http://127.0.0.1:8080", False),
        ({"HOST": "::1", "PORT": "81"}, "http://[::1]:81", False),
        ({"HOST": "0.0.0.0"}, "http://127.0.0.1:8080", True),  # noqa: S104 - nothing listens
        ({"HOST": "bot", "PUBLIC_URL": "https://bot.example/"}, "https://bot.example", False),
    ],
)
def test_links_begin_with_the_public_address(
    write: Callable[[str], Path], environ: dict[str, str], url: str, *, warned: bool
) -> None:
    """Links are made of the public address, else of host and port, which is worth a warning."""
    prefixed = {f"RELEASE_MASTER_{name}": value for name, value in environ.items()}
    file = write(_edited(_put("people.akari.token_sha256", "0" * 64)))

    loaded = load(file, {**SECRETS, **prefixed})

    assert loaded.environment.base_url == url
    assert ["PUBLIC_URL" in str(item) for item in loaded.warnings] == [True] * warned


@pytest.mark.parametrize(("host", "local"), [("192.0.2.1", False), ("bot", False), ("::1", True)])
def test_an_open_address_needs_people_who_can_sign_in(
    write: Callable[[str], Path], host: str, *, local: bool
) -> None:
    """Others could reach it and nobody could prove who they are: refused before it is served."""
    environ = {**SECRETS, "RELEASE_MASTER_HOST": host, "RELEASE_MASTER_PUBLIC_URL": "http://bot"}
    code, said = check_config(write(MINIMAL), environ)

    refused = f"environment: RELEASE_MASTER_HOST: {host} can be reached from other machines"
    assert (code == 0, refused in said) == (local, not local)


def test_the_digest_follows_the_content(write: Callable[[str], Path]) -> None:
    """Comments and written-out defaults change nothing; values and the order of components do."""
    digest = load(write(MINIMAL), SECRETS).digest
    same = MINIMAL.replace("rooms: [local]", "rooms: [local] # here\n    parallel: 1")
    turned = _edited(
        _put(
            f"{OPENCHAT}.components",
            dict(reversed(yaml.safe_load(MINIMAL)["targets"]["openchat"]["components"].items())),
        )
    )

    assert load(write(same), SECRETS).digest == digest
    assert load(write(same.replace("parallel: 1", "parallel: 2")), SECRETS).digest != digest
    assert load(write(turned), SECRETS).digest != digest


WARNINGS = [
    (lambda raw: raw["targets"]["openchat"].update(monitoring=False),
     f"{OPENCHAT}: is watched by nothing (monitoring: false); each start asks to acknowledge that"),
    (_put("time_scale", 60),
     f"{OPENCHAT}: is a production target, but time_scale shortens its checks 60 times"),
    (_put("targets.openchat.components.gateway.owners", []),
     (f"{OPENCHAT}.components.gateway: has 1 who may approve its promotion and needs 1: "
     "none of them should start the release (self_approval is false)")),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "said"), WARNINGS)
def test_what_is_probably_not_meant_is_warned_about(
    write: Callable[[str], Path], edit: Edit, said: str
) -> None:
    """What is allowed but strange loads with a warning."""
    loaded = load(write(_edited(edit)), SECRETS)

    assert [str(warning) for warning in loaded.warnings] == [f"release.yml: {said}"]


def test_a_rehearsal_without_approvers_is_warned_about(write: Callable[[str], Path]) -> None:
    """A target that is not production may lack approvers, and that is said."""

    def edit(raw: Any) -> None:
        del raw["people"]
        raw["targets"]["openchat"].update(production=False, escalate_to=[])
        for component in raw["targets"]["openchat"]["components"].values():
            component["owners"] = []

    assert [str(warning) for warning in load(write(_edited(edit)), SECRETS).warnings] == [
        (
            f"release.yml: {OPENCHAT}: has nobody who may approve: "
            "give it an approver, an admin or an owner"
        )
    ]


def test_components_fall_back_to_their_target(write: Callable[[str], Path]) -> None:
    """Executor, log store and policy are the component's own, else the target's, else built in."""
    file = load(write(MINIMAL), SECRETS).file

    assert component_executor(file, "openchat", "gateway") == "pmc"
    assert component_logs(file, "openchat", "gateway") == "files"
    assert component_policy(file, "openchat", "gateway").on_fail is OnFail.ROLL_BACK
    assert component_policy(file, "openchat", "storage").on_fail is OnFail.ASK


@pytest.mark.parametrize(
    ("edit", "rounds"),
    [
        (_put("policies.default", {"rounds": 5}), 5),
        (lambda raw: raw["policies"].update(default={"rounds": 5}, mine={"rounds": 7}) or
         raw["targets"]["openchat"].update(policy="mine"), 7),
    ],
)  # fmt: skip
def test_the_default_policy_yields_to_the_targets(
    write: Callable[[str], Path], edit: Edit, rounds: int
) -> None:
    """A policy named `default` serves where nothing is named; a target's own comes before it."""
    file = load(write(_edited(edit)), SECRETS).file

    assert component_policy(file, "openchat", "storage").rounds == rounds


def _reloader(path: Path, environ: dict[str, str]) -> Reloader:
    return Reloader(lambda: load(path, environ))


def test_a_valid_reload_replaces_everything(write: Callable[[str], Path]) -> None:
    """After a reload the new configuration is in force and said in one line."""
    reloader = _reloader(write(MINIMAL), SECRETS)
    before = reloader.current
    write(MINIMAL.replace("Akari,", "Akari Sato,"))

    assert reloader.reload() == (True, f"reloaded: {before.summary()}")
    assert reloader.current.file.people["akari"].name == "Akari Sato"
    assert reloader.reload() == (True, "reloaded, nothing has changed")


def test_a_reload_brings_new_secrets(write: Callable[[str], Path]) -> None:
    """A secret that release.yml names may change; what was made with the old one is made anew."""
    environ = dict(SECRETS)
    reloader = _reloader(write(MINIMAL), environ)
    before = reloader.current
    environ["PMC_TOKEN"] = "rotated-value"

    assert reloader.reload() == (True, f"reloaded: {before.summary()}")
    assert reloader.current.secret("PMC_TOKEN") == "rotated-value"
    assert reloader.current.secrets_digest != before.secrets_digest


def test_an_invalid_reload_is_refused_whole(write: Callable[[str], Path]) -> None:
    """One mistake keeps the whole old configuration, with the mistake in the answer."""
    reloader = _reloader(write(MINIMAL), SECRETS)
    before = reloader.current
    write(MINIMAL.replace("Akari,", "Akari Sato,").replace("executor: pmc", "executor: pcm"))

    accepted, said = reloader.reload()

    assert not accepted
    assert said.splitlines() == [
        "reload refused, the old configuration stays:",
        f"release.yml: {OPENCHAT}.executor: 'pcm' is no executor; did you mean 'pmc'?",
    ]
    assert reloader.current is before


def test_a_reload_is_proved_by_the_adapters_too(write: Callable[[str], Path]) -> None:
    """What adapters say of the new configuration refuses it like any other mistake."""
    path, found = write(MINIMAL), list[Problem]()
    reloader = Reloader(lambda: load(path, SECRETS, proof=lambda _: found))
    before = reloader.current
    found.append(Problem(path="log_stores.files.pattern", value="'['", right="is wrong"))

    assert reloader.reload() == (
        False,
        (
            "reload refused, the old configuration stays:\n"
            "release.yml: log_stores.files.pattern: '[' is wrong"
        ),
    )
    assert reloader.current is before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", "sqlite:///other"),
        ("HOST", "::1"),
        ("PORT", "1"),
        ("METRICS_PORT", "2"),
        ("METRICS_TOKEN", "another-token-of-16"),
        ("LOG_FORMAT", "json"),
    ],
)
def test_a_reload_moves_neither_stores_nor_sockets(
    write: Callable[[str], Path], key: str, value: str
) -> None:
    """What is open already cannot change without a restart, and the answer says so."""
    environ = dict(SECRETS)
    reloader = _reloader(write(MINIMAL), environ)
    before = reloader.current
    environ[f"RELEASE_MASTER_{key}"] = value

    accepted, said = reloader.reload()

    assert not accepted
    assert f"RELEASE_MASTER_{key} cannot change while the bot runs; restart it" in said
    assert reloader.current is before


@pytest.mark.scenario(37)
def test_a_reload_brings_a_new_slack_token(write: Callable[[str], Path]) -> None:
    """One in place of another counts at once; a first one, or none any more, wants a restart."""
    name = "RELEASE_MASTER_SLACK_BOT_TOKEN"
    environ = dict(SECRETS) | {name: "xoxb-old-0123456789"}
    reloader = _reloader(write(MINIMAL), environ)
    environ[name] = "xoxb-new-0123456789"

    assert reloader.reload()[0]
    token = reloader.current.environment.slack_bot_token
    assert token.get_secret_value() == "xoxb-new-0123456789"
    del environ[name]
    accepted, said = reloader.reload()
    assert not accepted
    assert f"{name} cannot change while the bot runs" in said


def test_check_config_says_what_is_configured(write: Callable[[str], Path]) -> None:
    """A valid file exits with 0 and is summed up, with its warnings and unset secrets."""
    path = write(_edited(_put("time_scale", 60)))

    code, printed = check_config(path, {})

    assert code == 0
    assert printed.splitlines() == [
        "release.yml is valid: 1 target, 2 components, 2 people, 2 rooms, 1 executor, 1 log store",
        (
            f"warning: release.yml: {OPENCHAT}: is a production target, "
            "but time_scale shortens its checks 60 times"
        ),
        (
            "not set here: release.yml: executors.pmc.auth_env: needs the environment variable "
            "PMC_TOKEN, which is missing or empty; set it or put it in .env"
        ),
    ]


def test_check_config_lists_problems(write: Callable[[str], Path]) -> None:
    """An invalid file exits with 1 and prints each problem in its own line."""
    code, printed = check_config(write(_edited(_put("zone", "moon"))), SECRETS)

    assert code == 1
    assert printed.splitlines()[1:] == ["1 problem"]
    assert printed.startswith("release.yml: zone: 'moon' is no time zone")


def _places(raw: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    entries = raw.items() if isinstance(raw, dict) else enumerate(raw)
    for key, value in entries:
        yield (*way, key)
        if isinstance(value, (dict, list)):
            yield from _places(value, (*way, key))


PLACES = list(_places(yaml.safe_load(MINIMAL)))
ODD: list[object] = [
    None, True, -1, 0, 10**30, 1.5, float("inf"), float("nan"), "", "x", "9" * 400 + "d", "a b",
    [], [None], [[]], {}, {"kind": "web"}, {"x": None}, {1: 2}, {None: 1}, "é",
]  # fmt: skip


def _loads_or_explains(path: Path) -> bool:
    try:
        return isinstance(load(path, SECRETS), Settings)
    except SettingsError as error:
        lines = str(error).splitlines()
        return len(lines) == len(error.problems) > 0


@pytest.mark.parametrize("way", PLACES, ids=lambda way: ".".join(map(str, way)))
def test_deleting_any_key_loads_or_explains(
    write: Callable[[str], Path], way: tuple[str | int, ...]
) -> None:
    """Without any one key the file is valid or refused with problems, never with a crash."""

    def edit(raw: Any) -> None:
        for part in way[:-1]:
            raw = raw[part]
        del raw[way[-1]]

    assert _loads_or_explains(write(_edited(edit)))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(way=st.sampled_from(PLACES), value=st.sampled_from(ODD) | st.text(max_size=5))
def test_changing_any_value_loads_or_explains(
    write: Callable[[str], Path], way: tuple[str | int, ...], value: object
) -> None:
    """With any one value exchanged the file is valid or refused with problems, never a crash."""

    def edit(raw: Any) -> None:
        for part in way[:-1]:
            raw = raw[part]
        raw[way[-1]] = copy.deepcopy(value)

    assert _loads_or_explains(write(_edited(edit)))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, len(MINIMAL)), length=st.integers(0, 20), text=st.text(max_size=4))
def test_any_typing_error_loads_or_explains(
    write: Callable[[str], Path], start: int, length: int, text: str
) -> None:
    """Letters that are lost or typed anywhere are explained, never a crash."""
    torn = MINIMAL[:start] + text + MINIMAL[start + length :]

    assert _loads_or_explains(write(torn))
