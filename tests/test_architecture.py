"""Keeps the shape of the code: sizes, purity, one home for each power, declared dependencies."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

from tests.support.source import (
    ROOT,
    Module,
    body_lines,
    dotted,
    modules,
    nesting,
    positional,
)

MAX_MODULE = 300
MAX_BODY = 40
MAX_POSITIONAL = 4
MAX_NESTING = 3

# What is larger than the rule, with the reason. It may only shrink: an entry that keeps the rule
# again fails the test below.
ALLOWED_SIZES: dict[str, str] = {
    "bot/chat/english.py": "a table of sentences, a line a message key, without any code",
}

# Tasks are made where strong references to them are kept; each other place says who keeps them.
TASK_HOMES = ("bot/engine", "bot/__main__.py")
ALLOWED_TASKS: dict[str, str] = {
    "bot/chat/slack/desk.py": "answers beside an acknowledgement; stop() awaits and ends them",
    "bot/chat/slack/platform.py": "connects until it works; stop() cancels and awaits it",
    "bot/store/store.py": "listens for PostgreSQL's notices; close() cancels and awaits it",
}

_IMPURE_CALLS = {
    "now", "utcnow", "today", "time_ns", "monotonic", "perf_counter", "sleep",
    "uuid1", "uuid4", "random", "randint", "choice", "shuffle", "token_hex", "token_urlsafe",
    "print", "open", "input", "read_text", "write_text", "getLogger", "get_logger",
}  # fmt: skip
_CODE = modules("bot", "adapters")
_CORE = modules("bot/core")
_TESTS = modules("tests")


def _size_complaints(module: Module) -> Iterator[tuple[str, str]]:
    lines = module.text.count("\n")
    if lines > MAX_MODULE:
        yield module.name, f"{lines} lines, at most {MAX_MODULE}"
    for name, function in module.functions():
        measures = (
            (body_lines(function), MAX_BODY, "lines of body"),
            (positional(function), MAX_POSITIONAL, "positional parameters"),
            (nesting(function), MAX_NESTING, "levels of nesting"),
        )
        for value, limit, what in measures:
            if value > limit:
                yield f"{module.name}:{name}", f"{value} {what}, at most {limit}"


def test_modules_and_functions_stay_small() -> None:
    """Each module and function of the bot fits its size, or is listed with a reason."""
    found = [found for module in _CODE for found in _size_complaints(module)]

    assert [f"{name}: {what}" for name, what in found if name not in ALLOWED_SIZES] == []


def test_the_list_of_allowed_sizes_only_shrinks() -> None:
    """An entry of the list that keeps the rule again must leave the list."""
    large = {name for module in _CODE for name, _ in _size_complaints(module)}

    assert set(ALLOWED_SIZES) - large == set()
    assert all(len(reason) > 20 for reason in ALLOWED_SIZES.values())


def test_measuring_sees_what_it_should() -> None:
    """The measures count bodies without docstrings, leave self out and know an elif."""
    source = (
        "def f(self, a, /, b, *, c):\n"
        '    """Doc."""\n'
        "    if a:\n"
        "        pass\n"
        "    elif b:\n"
        "        for x in a:\n"
        "            while x:\n"
        "                with x:\n"
        "                    pass\n"
    )
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)

    assert body_lines(function) == 7
    assert positional(function) == 2
    assert nesting(function) == 4


def test_core_neither_reads_clocks_nor_throws_dice() -> None:
    """The core gets time and chance as values and prints, opens and logs nothing."""
    found = [
        f"{module.name}:{call.lineno}: {name}"
        for module in _CORE
        for name, call in module.calls()
        if name.rpartition(".")[2] in _IMPURE_CALLS
    ]

    assert found == []


def test_core_keeps_no_state_in_modules() -> None:
    """A mutable value of a core module is a constant by its name, and nothing is global."""
    found = []
    for module in _CORE:
        for statement in module.tree.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign):
                continue
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            is_mutable = isinstance(statement.value, ast.List | ast.Dict | ast.Set)
            found += [
                f"{module.name}:{statement.lineno}: {dotted(target)}"
                for target in targets
                if is_mutable and not dotted(target).isupper() and dotted(target) != "__all__"
            ]
        found += [
            f"{module.name}:{node.lineno}: global"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Global)
        ]

    assert found == []


def test_only_settings_read_the_environment() -> None:
    """`os.environ` and `getenv` occur in bot/settings.py alone."""
    found = [
        f"{module.name}:{node.lineno}"
        for module in _CODE
        if module.name != "bot/settings.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and dotted(node).rpartition(".")[2] in {"environ", "environb", "getenv"}
    ]

    assert found == []


def test_tasks_are_made_where_they_are_kept() -> None:
    """Only the engine and the composition root make tasks, or a listed place that keeps them."""
    found = {
        module.name
        for module in _CODE
        if not module.name.startswith(TASK_HOMES)
        for name, _ in module.calls()
        if name.rpartition(".")[2] in {"create_task", "ensure_future"}
    }

    assert found - set(ALLOWED_TASKS) == set()
    assert set(ALLOWED_TASKS) - found == set()


def test_every_module_says_what_it_is_for() -> None:
    """The first line of a module is a sentence about its purpose."""
    modules = [*_CODE, *_TESTS]
    firsts = {m.name: (ast.get_docstring(m.tree) or "").split("\n\n")[0] for m in modules}

    assert len(firsts) > 600
    assert [n for n, first in firsts.items() if not first.endswith(".") or len(first) < 21] == []


def test_ports_can_be_read_at_once() -> None:
    """All ports together fit two screens."""
    text = (ROOT / "bot/ports.py").read_text(encoding="utf-8")

    assert text.count("\n") < 150


def test_every_test_says_what_is_expected() -> None:
    """Each test function has a docstring; a name is not enough."""
    found = [
        f"{module.name}:{name}"
        for module in _TESTS
        for name, function in module.functions()
        if name.rpartition(".")[2].startswith("test_")
        and module.path.name.startswith("test_")
        and not ast.get_docstring(function)
    ]

    assert found == []


def test_declared_dependencies_are_the_imported_ones() -> None:
    """Nothing is imported that pyproject.toml does not declare, and the other way round."""
    command = [sys.executable, "-m", "deptry", ".", "--no-ansi"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_imports_keep_the_drawing() -> None:
    """The contracts in pyproject.toml hold: the arrows between the layers point one way."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
