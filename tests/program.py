"""The program's own code, for tests of what it says."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = tuple(sorted((ROOT / "newsletter").rglob("*.py")))


@cache
def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(source(path)))


def nodes_of_files_with(word: str) -> Iterator[tuple[Path, ast.AST]]:
    """The nodes of the files in which the word stands: parsing is what takes the time."""
    for path in FILES:
        if word in source(path):
            yield from ((path, node) for node in nodes(path))
