"""Memory: what delivering holds for a thousand readers, and for a million."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Figures, Table, apart
from benchmarks.send import end_to_end
from benchmarks.sink import sink
from benchmarks.waiting import How, a_day, crowd


@dataclass(frozen=True)
class Scale:
    """``issues``: how many different ones the readers share."""

    readers: tuple[int, ...] = (1_000, 1_000_000)
    issues: int = 2_000


FULL = Scale()
QUICK = Scale(readers=(100, 2_000), issues=50)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:
    with sink() as server:
        yield Table(
            f"million: {scale.issues:,} different issues, 4 connections",
            ("readers", "seconds", "a second", "CPU each", "peak"),
            [
                _row(folder / str(readers), readers, scale.issues, server.port)
                for readers in scale.readers
            ],
            "Each once, from the first claim to the last settled row.",
        )


def _row(folder: Path, readers: int, issues: int, port: int) -> tuple[str, ...]:
    folder.mkdir()
    apart(make, folder, readers, issues)
    measured = apart(end_to_end, folder, port, readers, How())
    return (
        f"{readers:,}",
        f"{measured['wall']:,.1f} s",
        f"{measured['rate']:,.0f}",
        f"{measured['cpu'] * 1000:.2f} ms",
        f"{measured['peak']:.0f} MB",
    )


def make(folder: Path, readers: int, issues: int) -> Figures:
    a_day(folder / "newsletter.db", min(readers, issues))
    crowd(folder / "newsletter.db", readers)
    return {}
