"""Reads YAML strictly: no key twice, only text as keys, no surprises; says line and column."""

from __future__ import annotations

from typing import Any

import yaml

from bot.core.config.problem import Problem, show

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 100_000
MAX_DEPTH = 50
_NO_TEXT = "is no text as a key"


def read_yaml(text: str) -> tuple[object, list[Problem]]:
    """Read one document and say what is wrong with it. Never raises.

    The value is None when it could not be read; every key in it is text.

    What YAML 1.1 takes for a date stays text, so that `2026-01-31` can be a version.
    """
    if len(text) > MAX_CHARACTERS:
        return None, [Problem(path="", right=f"is larger than {MAX_CHARACTERS} characters")]
    problems: list[Problem] = []
    try:
        value = _Loader(text, problems).get_single_data()
    except yaml.MarkedYAMLError as error:
        return None, [*problems, _syntax(error)]
    except yaml.YAMLError as error:
        # The reader's error: a character that YAML does not allow at all.
        reason = getattr(error, "reason", "") or "unreadable"
        return None, [Problem(path="", right=f"is no YAML: {reason}")]
    except RecursionError:
        return None, [_too_much()]
    if not _is_bounded(value):
        return None, [*problems, _too_much()]
    return (None if any(_NO_TEXT in problem.right for problem in problems) else value), problems


class _Loader(yaml.SafeLoader):
    """Collects what is wrong with the keys while it reads."""

    # Lists are copied: the resolvers of the library must stay as they are.
    yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: str, problems: list[Problem]) -> None:
        super().__init__(stream)
        self.problems = problems

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: dict[str, int] = {}
        for key, _ in node.value:
            self._check_key(key, seen)
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT002 - as in yaml
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError) as error:
            problem = f"this is no {node.tag.rpartition(':')[2]}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def _check_key(self, key: Any, seen: dict[str, int]) -> None:
        if key.tag == "tag:yaml.org,2002:merge":
            return
        if not isinstance(key, yaml.ScalarNode):
            self.problems.append(_at(key.start_mark, "", f"{_NO_TEXT}: write one word"))
            return
        value = show(key.value)
        if key.tag != "tag:yaml.org,2002:str":
            kind = key.tag.rpartition(":")[2]
            right = f"{_NO_TEXT}: YAML reads it as {kind}; put it in quotes"
            self.problems.append(_at(key.start_mark, value, right))
        if key.value in seen:
            right = f"is written twice here; the first is in line {seen[key.value]}"
            self.problems.append(_at(key.start_mark, value, right))
        seen.setdefault(key.value, key.start_mark.line + 1)


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    right = f"is no YAML: {error.problem or error.context}"
    if isinstance(error, yaml.scanner.ScannerError | yaml.parser.ParserError):
        right += "; mind the indentation, colons and quotes"
    return _at(mark, "", right)


def _at(mark: Any, value: str, right: str) -> Problem:
    path = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return Problem(path=path, value=value, right=right)


def _too_much() -> Problem:
    right = f"is nested deeper than {MAX_DEPTH} levels or holds more than {MAX_VALUES} values"
    return Problem(path="", right=right)


def _is_bounded(value: object) -> bool:
    # Aliases can make a short text endless; counting stops at the limits.
    left = MAX_VALUES
    stack = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            return False
        if isinstance(item, dict):
            stack += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            stack += [(inner, depth + 1) for inner in item]
    return True
