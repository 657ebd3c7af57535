"""What each twin limit costs: new insights that it stops, and restatements that it lets through.

Labels: Perspectrum, where people grouped what says the same; the bundled samples, whose
restatements are listed; the news of one subject and of all, where a story that was told before
counts as old, though its next chapter brings news. `../shared/data` holds the first and the last;
what is missing is left out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.house import TASTE
from benchmarks.labelled import Seen, events, perspectives, technology
from benchmarks.measure import Table
from newsletter.domain.model import normalise
from newsletter.ranking.similarity import Index, compare
from tests.test_samples import pairs, resemblance, texts

_BESIDE = [folder / "shared" / "data" for folder in Path(__file__).parents[2:4]]
DATA = next(filter(Path.is_dir, _BESIDE), _BESIDE[0])
"""Beside the checkout, or beside the folder of worktrees that it stands in."""

LIMITS = (0.1, 0.2, 0.3, 0.4, 0.5)

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scale:
    """``texts``: at most so many are asked about in each set. ``days``: how far back news count."""

    texts: int
    days: int


FULL, QUICK = Scale(5_000, 365), Scale(60, 3)


def tables(scale: Scale, folder: Path) -> Iterator[Table]:  # noqa: ARG001
    columns = dict(_measured(scale))
    heads = ("limit", *(f"{name}: {what}" for name in columns for what in ("stopped", "let by")))
    note = (
        "stopped: the share of what is new that the limit stops. let by: the share of what "
        f"restates that it lets through. The default is {TASTE.twin_limit}."
    )
    rows = [(f"{limit:.1f}", *_shares(columns.values(), limit)) for limit in LIMITS]
    counts = (f"{n:,}" for _, old in columns.values() for n in ((~old).sum(), old.sum()))
    yield Table("limits: what each costs", heads, [*rows, ("of", *counts)], note)


def _shares(columns: Iterable[tuple[Array, Mask]], limit: float) -> Iterator[str]:
    for highest, old in columns:
        yield f"{(highest[~old] >= limit).mean():.1%}"
        yield f"{(highest[old] < limit).mean():.1%}"


def _measured(scale: Scale) -> Iterator[tuple[str, tuple[Array, Mask]]]:
    """For each set, the highest probability of each text, and whether it restates."""
    yield "samples", _samples()
    if DATA.is_dir():
        yield "Perspectrum", _highest(perspectives(DATA, test=True), scale)
        yield "news", _highest(events(DATA, test=True, window=scale.days), scale)
        yield "technology", _highest(technology(DATA, scale.days), scale)


def _samples() -> tuple[Array, Mask]:
    """Against every sample of an earlier day."""
    first = texts()
    later = [text for text, day in first.items() if day > 1]
    restated = {normalise(text) for _, text, _ in pairs()}
    highest = dict.fromkeys(later, 0.0)
    for (new, earlier), value in resemblance().items():
        if new in highest and first[earlier] < first[new]:
            highest[new] = max(highest[new], value)
    return np.array(list(highest.values())), np.array([text in restated for text in later])


def _highest(seen: Seen, scale: Scale) -> tuple[Array, Mask]:
    """Against the texts of the archive that count for each."""
    count = min(scale.texts, len(seen.new))
    first, end = (rows[:count] for rows in seen.rows)
    left, right = int(first.min()), int(end.max())
    archive_days, new_days = seen.days or (np.zeros(len(seen.archive), int),) * 2
    index = Index.build(
        range(right - left), seen.archive[left:right], days=archive_days[left:right].tolist()
    )
    found = compare(index, seen.new[:count], new_days[:count] if seen.days else None)
    rows = found.row + left
    counted = (rows >= first[found.new]) & (rows < end[found.new])
    highest = np.zeros(count)
    np.maximum.at(highest, found.new[counted], found.probability[counted])
    return highest, seen.label[:count]
