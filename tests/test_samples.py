"""The bundled samples are what they say they are, and the product does its work on them."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from newsletter.domain.model import Brief, Candidate, Citation, Insight, Mention, normalise
from newsletter.ingest.parsers import SUFFIXES
from newsletter.ranking.selection import choose
from newsletter.ranking.signals import Day, Reader
from newsletter.ranking.similarity import Index, compare
from tests.builders import TASTE
from tests.ingest.parsers import parse

LAST = date(2026, 3, 14)
TRUTH: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "samples.toml").read_text())


@cache
def samples() -> dict[str, Brief]:
    """Name ("day-02/show.md") to brief."""
    with as_file(files("newsletter") / "samples") as folder:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
        return {
            str(path.relative_to(folder)): parse(path.name, path.read_bytes()) for path in paths
        }


def texts() -> dict[str, int]:
    """Every distinct insight, normalised, and the day it first stood in."""
    first: dict[str, int] = {}
    for name, brief in samples().items():
        for mention in brief.mentions:
            first.setdefault(normalise(mention.text), day_of(name))
    return first


def day_of(name: str) -> int:
    return int(name[4:6])


def mention(name: str, starts: str) -> Mention:
    (match,) = [
        mention
        for mention in samples()[name].mentions
        if normalise(mention.text).startswith(normalise(starts))
    ]
    return match


def test_there_are_enough_to_judge_by() -> None:
    assert len(samples()) >= 40
    assert {day_of(name) for name in samples()} == set(range(1, 15))
    assert 240 <= len(texts()) <= 280
    assert len({brief.podcast for brief in samples().values()} - {""}) >= 12
    assert {Path(name).suffix for name in samples()} == {".md", ".json", ".txt"}


def test_dates_fit_the_folders() -> None:
    for name, brief in samples().items():
        assert brief.published in (None, date(2026, 3, day_of(name)))


def test_boilerplate_is_dropped_and_nothing_else_is() -> None:
    for case in TRUTH["boilerplate"]:
        dropped = [normalise(paragraph.text) for paragraph in samples()[case["file"]].dropped]
        assert any(text.startswith(normalise(case["starts"])) for text in dropped), case
    for case in TRUTH["repeat"]:
        assert mention(case["earlier"], case["starts"])


def test_repeats_are_word_for_word() -> None:
    assert len(TRUTH["repeat"]) >= 12
    for case in TRUTH["repeat"]:
        earlier, later = (mention(case[key], case["starts"]) for key in ("earlier", "later"))
        assert normalise(earlier.text) == normalise(later.text)
        assert day_of(case["earlier"]) < day_of(case["later"])


def pairs() -> list[tuple[str, str, str]]:
    """(earlier, later, strength) of each honest restatement."""
    return [
        (
            mention(case["earlier"], case["earlier_starts"]).text,
            mention(case["later"], case["later_starts"]).text,
            case["strength"],
        )
        for case in TRUTH["restatement"]
    ]


@cache
def resemblance() -> dict[tuple[str, str], float]:
    """(later, earlier), both normalised, to the probability that the later restates the earlier."""
    everything = list(texts())
    days = [LAST.toordinal() - 14 + day for day in texts().values()]
    index = Index.build(range(len(everything)), everything, days=days)
    similar = compare(index, everything, days)
    pairs = zip(
        similar.new.tolist(),
        similar.row.tolist(),
        similar.probability.tolist(),
        strict=True,
    )
    return {(everything[new], everything[old]): value for new, old, value in pairs}


def test_repeats_are_always_known() -> None:
    for case in TRUTH["repeat"]:
        text = normalise(mention(case["later"], case["starts"]).text)
        assert resemblance()[text, text] > 0.99


def test_four_restatements_in_five_are_known() -> None:
    restated = [(normalise(later), normalise(earlier)) for earlier, later, _ in pairs()]
    known = [pair for pair in restated if resemblance().get(pair, 0) >= TASTE.twin_limit]
    assert len(known) >= 0.8 * len(restated)


def test_unrelated_ones_are_hardly_ever_taken_for_one() -> None:
    restated = {normalise(later) for _, later, _ in pairs()}
    first = texts()
    unrelated = [text for text in first if first[text] > 1 and text not in restated]
    wrong = {
        later
        for (later, earlier), value in resemblance().items()
        if value >= TASTE.twin_limit and first[earlier] < first[later] and later not in restated
    }
    assert len(wrong) <= 0.02 * len(unrelated)


@pytest.mark.heavy
@pytest.mark.parametrize("interests", ["", "sleep science, energy grids"])
def test_a_fortnight_of_issues_never_repeats_a_word(interests: str) -> None:
    heard: dict[int, date] = {}
    ids = {text: number for number, text in enumerate(texts())}
    for number in range(1, 15):
        today = LAST - timedelta(14 - number)
        known = [
            Insight(ids[text], text, LAST - timedelta(14 - first))
            for text, first in texts().items()
            if first <= number
        ]
        candidates = [Candidate(insight, Citation("A show"), insight.id // 6) for insight in known]
        issue = choose(Day(today, candidates, known, 14), Reader(interests, dict(heard)), TASTE)
        assert len(issue.picks) == 5
        assert not {pick.insight_id for pick in issue.picks} & set(heard)
        heard |= {pick.insight_id: today for pick in issue.picks}
    assert len(heard) == 70
