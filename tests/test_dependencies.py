"""The dependencies in pyproject.toml are the packages that the program imports, and no others."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Of these the program asks otherwise than by an import, or not yet.
NOT_IMPORTED = {
    "scikit-learn",  # interests and feedback are to be built on it
    "tzdata",  # zoneinfo reads it
}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {_name(requirement) for requirement in project["dependencies"]}


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def imported() -> set[str]:
    modules = {module for path in (ROOT / "newsletter").rglob("*.py") for module in _modules(path)}
    third_party = modules - set(sys.stdlib_module_names) - {"newsletter"}
    distributions = packages_distributions()
    return {_name(name) for module in third_party for name in distributions[module]}


def _modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_what_is_imported_is_declared() -> None:
    assert imported() <= declared()


def test_what_is_declared_is_imported() -> None:
    assert declared() - imported() == NOT_IMPORTED


def test_every_dependency_is_pinned() -> None:
    pins = {
        _name(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    assert declared() <= pins
