"""``make mutate``: does a test fail when the code is changed? A sample, the same for the same seed.

cosmic-ray says which changes there are; each is made in a copy of the tree, and the tests that
judge the module run there on SQLite, up to the first that fails. Annotations stay as they are: to
change one stops the import, which says nothing about the tests. The survivors are printed to
stderr; read them, for some change nothing that anybody could see.
"""

import argparse
import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
COPIED = ("newsletter", "tests", "templates", "migrations", "docs")
SECONDS = 120  # then it hangs, which is caught as well

JUDGES = {
    "domain/tokens.py": "domain/test_tokens*.py returns/test_ours.py",
    "domain/due.py": "domain/test_due*.py domain/test_weekdays.py",
    "ranking/selection.py": "ranking/test_sel*.py ranking/test_[ev]*.py",
    "ranking/signals.py": "ranking/test_s[ei]*.py ranking/test_[erv]*.py",
    "storage/ledger.py": "storage/test_ledger*.py storage/test_votes.py composing/test_compose*.py",
    "storage/send_queue.py": "storage/test_ledger*.py storage/test_[djr]*.py delivery/test_w*.py",
    "storage/settlements.py": "storage/test_ledger*.py storage/test_re*.py delivery/test_w*.py",
    "storage/transitions.py": "storage/test_[lrt]*.py services/test_pe*.py delivery/test_l*.py",
}
"""The modules that hold the promises, each with its tests: what takes least first."""


class Mutant(NamedTuple):
    operator: Any
    occurrence: int
    line: int


def main() -> None:
    asked = arguments()
    print("| newsletter/ | caught | of a sample of | mutants |\n|---|---|---|---|")
    for module in asked.module or JUDGES:
        source = (ROOT / "newsletter" / module).read_text(encoding="utf-8")
        every = list(mutants(source))
        sample = Random(asked.seed).sample(every, min(asked.sample, len(every)))
        caught = judged(module, source, sorted(sample, key=lambda one: one.line))
        print(f"| {module} | {caught} | {len(sample)} | {len(every)} |", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("module", nargs="*", help="such as domain/due.py; all, if none is named")
    parser.add_argument("--sample", type=int, default=20, help="mutants of each module (20)")
    parser.add_argument("--seed", type=int, default=1, help="another one picks others (1)")
    return parser.parse_args()


def mutants(source: str) -> Iterator[Mutant]:
    import parso.python.tree  # noqa: F401 - before cosmic-ray, which imports it in a circle
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    tree, spared = get_ast(source), list(_annotations(source))
    for operator in (get_operator(name) for name in sorted(operator_names())):
        if operator.arguments():
            continue
        places = (
            place for node in ast_nodes(tree) for place in operator().mutation_positions(node)
        )
        for occurrence, (start, _) in enumerate(places):
            if not any(first <= start < last for first, last in spared):
                yield Mutant(operator(), occurrence, start[0])


def _annotations(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for node in ast.walk(ast.parse(source)):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def judged(module: str, source: str, sample: list[Mutant]) -> int:
    """How many of them the tests catch; the others are printed to stderr."""
    from cosmic_ray.mutating import mutate_code

    with TemporaryDirectory() as folder:
        copy(Path(folder))
        target = Path(folder) / "newsletter" / module
        if tests_fail(Path(folder), module):
            sys.exit(f"the tests of {module} fail as it is: mend them first")
        survivors = 0
        for mutant in sample:
            mutated = mutate_code(source, mutant.operator, mutant.occurrence)
            target.write_text(mutated, encoding="utf-8")
            if not tests_fail(Path(folder), module):
                survivors += 1
                tell(module, mutant, source, mutated)
    return len(sample) - survivors


def copy(folder: Path) -> None:
    for name in COPIED:
        unwanted = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in ("pyproject.toml", "config.example.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)


def tests_fail(folder: Path, module: str) -> bool:
    files = [
        str(path)
        for glob in JUDGES[module].split()
        for path in sorted(folder.glob(f"tests/{glob}"))
    ]
    words = [
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-k",
        "not postgresql",
    ]
    try:
        run = subprocess.run(
            [sys.executable, "-B", *words, *files],
            cwd=folder,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return run.returncode != 0


def tell(module: str, mutant: Mutant, source: str, mutated: str) -> None:
    before, after = source.splitlines(), mutated.splitlines()
    at = next(n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    name = type(mutant.operator).__name__
    print(
        f"{module}:{at + 1} {name}\n  - {before[at]}\n  + {after[at]}", file=sys.stderr, flush=True
    )


if __name__ == "__main__":
    main()
