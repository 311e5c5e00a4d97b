"""Reads this repository as text and syntax, for the tests that keep its shape."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is its path below the top, with slashes."""

    path: Path

    @property
    def name(self) -> str:
        """Return the path below the top, for messages and allow-lists."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """Return the file's text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Return the file's syntax."""
        return ast.parse(self.text, filename=self.name)

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Yield each function with its name, `Class.method` for methods."""
        yield from _functions(self.tree, "")

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call with the dotted name that is called, as far as it is one."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield dotted(node.func), node


def modules(*folders: str) -> list[Module]:
    """Return the Python files below the folders, sorted by name."""
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [Module(path) for path in sorted(paths)]


def tracked_files() -> list[Path]:
    """Return the files that git tracks or would track, without deleted ones.

    Outside a git checkout every file outside hidden folders counts.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        found = (path for path in ROOT.rglob("*") if ".venv" not in path.parts)
        return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return sorted(path for path in set(paths) if path.is_file())


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression; unknown parts are left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def body_lines(function: Function) -> int:
    """Count the lines of the body without its docstring."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def positional(function: Function) -> int:
    """Count the parameters that may be given by position, without self and cls."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def nesting(function: Function) -> int:
    """Return how deep blocks lie in blocks; an `elif` is as deep as its `if`."""
    return max((_depth(statement) for statement in function.body), default=0)


def _depth(node: ast.AST) -> int:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    own = int(isinstance(node, _BLOCKS))
    deepest = 0
    for child in ast.iter_child_nodes(node):
        deepest = max(deepest, _depth(child) - int(_is_elif(node, child)))
    return own + deepest


def _is_elif(parent: ast.AST, child: ast.AST) -> bool:
    if not isinstance(parent, ast.If) or not isinstance(child, ast.If):
        return False
    # An `else:` with an `if` in it has the same syntax, further to the right.
    return parent.orelse == [child] and child.col_offset == parent.col_offset


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)
