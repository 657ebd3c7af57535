"""Measuring: each figure in a process of its own, so that none hides another's memory."""

import multiprocessing
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any

Figures = Mapping[str, float]

MEGABYTE = 2**20 if sys.platform == "darwin" else 2**10  # getrusage: bytes there, KB elsewhere


@dataclass(frozen=True)
class Table:
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def __str__(self) -> str:
        """In Markdown, the columns aligned, so that it can stand in a document as it is."""
        lines = [self.heads, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        body = [
            "| " + " | ".join(_cells(line, widths)) + " |"
            for line in (self.heads, rule, *self.rows)
        ]
        return "\n".join([f"### {self.title}", "", *body, *(["", self.note] if self.note else [])])


def _cells(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    yield line[0].ljust(widths[0])
    for cell, width in zip(line[1:], widths[1:], strict=True):
        yield cell.rjust(width)


def in_turns(
    ways: Mapping[str, Callable[[], dict[str, float]]], runs: int
) -> dict[str, dict[str, float]]:
    """Each way once, then each again, so that what disturbs a while disturbs them all: by name the
    median of each figure, and the highest ``peak``."""
    rounds = [{name: way() for name, way in ways.items()} for _ in range(runs)]
    return {name: _middle([figures_of_round[name] for figures_of_round in rounds]) for name in ways}


def _middle(rounds: Sequence[Figures]) -> dict[str, float]:
    figures = {
        name: median(figures_of_round[name] for figures_of_round in rounds) for name in rounds[0]
    }
    return {**figures, "peak": max(figures_of_round["peak"] for figures_of_round in rounds)}


def apart(work: Callable[..., Figures], *values: Any) -> dict[str, float]:
    """Run ``work`` in a new process: the figures it returns, and as ``peak`` the memory it took at
    most, in MB, Python and its packages included."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_weighed, work, values).result()


def _weighed(work: Callable[..., Figures], values: Sequence[Any]) -> dict[str, float]:
    figures = work(*values)
    return {**figures, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE}


def children() -> float:
    """Seconds of processor time that ended processes of this one took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def process(command: Sequence[str]) -> Figures:
    """A whole process: its seconds, its processor time, and how many lines it printed."""
    before = children()
    with watch() as taken:
        done = subprocess.run(command, check=True, capture_output=True)
    return {"wall": taken.wall, "cpu": children() - before, "lines": done.stdout.count(b"\n")}


class Watch:
    """Seconds on the wall, and of processor time, which a busy neighbour lengthens little."""

    wall = 0.0
    cpu = 0.0


@contextmanager
def watch() -> Iterator[Watch]:
    """What a block took, once it has ended."""
    watch = Watch()
    wall, cpu = perf_counter(), process_time()
    yield watch
    watch.wall, watch.cpu = perf_counter() - wall, process_time() - cpu


def times(ratio: float) -> str:
    """0.031, 0.52, 4.6, 38, 1,200: two figures that count."""
    if ratio >= 10:
        return f"{float(f'{ratio:.2g}'):,.0f}"
    return f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"
