"""What each twin limit costs: new insights that it stops, and restatements that it lets through.

First against everything that was said before, as if a reader had been sent it all; then for a
reader who is sent five of the news every day.

Labels: Perspectrum, where people grouped what says the same; the bundled samples, whose
restatements are listed; the news of one subject and of all, where a story that was told before
counts as old, though its next chapter brings news. `../shared/data` holds the first and the last;
what is missing is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.house import TASTE
from benchmarks.labelled import Seen, events, news, perspectives, technology
from benchmarks.measure import Table
from newsletter.domain.model import Candidate, Citation, Insight, SelectionSettings, normalise
from newsletter.ranking.selection import choice_of
from newsletter.ranking.signals import Day, Reader
from newsletter.ranking.similarity import Index, compare
from newsletter.ranking.state import ranking_state
from tests.test_samples import pairs, resemblance, texts

_BESIDE = [folder / "shared" / "data" for folder in Path(__file__).parents[2:4]]
DATA = next(filter(Path.is_dir, _BESIDE), _BESIDE[0])
"""Beside the checkout, or beside the folder of worktrees that it stands in."""

LIMITS = (0.1, 0.2, 0.3, 0.4, 0.5)

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scale:
    """``texts``: at most so many are asked about in each set. ``days``: how far back news count.
    ``issues``: for how many days the reader is sent five."""

    texts: int
    days: int
    issues: int


FULL, QUICK = Scale(5_000, 365, 90), Scale(60, 3, 4)


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
    if DATA.is_dir():
        yield _five_a_day(scale.issues)


def _five_a_day(issues: int) -> Table:
    dated, stories = news(DATA, issues + TASTE.window_days)
    rows = [_sent(dated, stories, issues, replace(TASTE, twin_limit=limit)) for limit in LIMITS]
    return Table(
        f"limits: {issues} days of news, five a day",
        ("limit", "new: stopped", "restated: let by", "picks of a story sent before", "no five"),
        [(f"{limit:.1f}", *row) for limit, row in zip(LIMITS, rows, strict=True)],
        "stopped and let by: of a day's own items, those whose story this reader was sent nothing "
        "of, and the others. no five: the days with fewer picks.",
    )


def _sent(
    dated: Sequence[Insight], stories: Mapping[int, str], issues: int, settings: SelectionSettings
) -> tuple[str, ...]:
    heard: dict[int, date] = {}
    stopped: dict[bool, list[bool]] = {True: [], False: []}
    again, short, last = [], 0, dated[-1].date
    for today in (last - timedelta(ago) for ago in reversed(range(issues))):
        archive = [insight for insight in dated if insight.date <= today]
        first = today - timedelta(settings.window_days - 1)
        window = [_candidate(insight) for insight in archive if insight.date >= first]
        state = ranking_state(Day(today, window, archive, 14), Reader("", heard), settings)
        known = {stories[key] for key in heard}
        for place, each in enumerate(state.day.candidates):
            if each.insight.date == today:
                old = stories[each.insight.id] in known
                stopped[old].append(bool(state.similarity_to_sent[place] >= settings.twin_limit))
        picked = [state.candidate(place).insight.id for place in choice_of(state).chosen]
        again += [stories[key] in known for key in picked]
        short += len(picked) < settings.count
        heard |= dict.fromkeys(picked, today)
    shares = np.mean(stopped[False]), 1 - np.mean(stopped[True]), np.mean(again)
    return *(f"{share:.1%}" for share in shares), str(short)


def _candidate(insight: Insight) -> Candidate:
    return Candidate(insight, Citation(), insight.id)


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
