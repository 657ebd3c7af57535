"""Exports of reading and listening apps: the tests' samples, read over and over."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from benchmarks.measure import Figures, Table, apart, in_turns, times, watch
from newsletter.domain.errors import BriefRejected
from newsletter.ingest.parsers import PARSERS, briefs

_SAMPLES = Path(__file__).parents[1] / "tests" / "ingest" / "parsers" / "exports"
_GOAL = 10_000  # files a minute


@dataclass(frozen=True)
class Scale:
    files: int = 10_000
    runs: int = 3


FULL = Scale()
QUICK = Scale(files=500, runs=1)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    kinds = {"all of them": "", "Markdown": ".md", "CSV": ".csv", "JSON": ".json"}
    ways = {name: partial(apart, reading, scale.files, suffix) for name, suffix in kinds.items()}
    measured = in_turns(ways, scale.runs)
    yield Table(
        f"exports: {scale.files:,} files of notes and highlights",
        ("files", "KB on average", "CPU each", "a minute", "to the goal of 10,000"),
        [_row(name, figures, scale.files) for name, figures in measured.items()],
    )


def _row(name: str, figures: Figures, files: int) -> tuple[str, ...]:
    a_minute = files / figures["cpu"] * 60
    each = f"{figures['cpu'] / files * 1000:.2f} ms"
    return name, f"{figures['size']:.1f}", each, f"{a_minute:,.0f}", times(a_minute / _GOAL)


def reading(files: int, suffix: str) -> Figures:
    """From bytes to briefs: what is no brief costs what finding that out costs."""
    paths = sorted(path for path in _SAMPLES.rglob(f"*{suffix}") if path.suffix in PARSERS)
    pages = [(path.name, path.read_bytes()) for path in paths]
    for name, data in pages:  # imports and caches
        _read(name, data)
    with watch() as taken:
        for name, data in islice(cycle(pages), files):
            _read(name, data)
    size = sum(len(data) for _, data in pages) / len(pages) / 1000
    return {"cpu": taken.cpu, "size": size}


def _read(name: str, data: bytes) -> None:
    with suppress(BriefRejected):
        briefs(name, data)
