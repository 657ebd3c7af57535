"""The bundled samples are what they say they are, and the product does its work on them."""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from newsletter.editorial import briefs
from newsletter.editorial.model import Brief, Candidate, Citation, Insight, Mention, normalise
from newsletter.editorial.ranking import Day, Reader
from newsletter.editorial.selection import choose
from newsletter.editorial.similarity import similarities
from tests.builders import TASTE

LAST = date(2026, 3, 14)
TRUTH: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "samples.toml").read_text())


@cache
def samples() -> dict[str, Brief]:
    """Name ("day-02/show.md") to brief."""
    with as_file(files("newsletter") / "samples") as folder:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in briefs.SUFFIXES)
        return {
            str(path.relative_to(folder)): briefs.parse(path.name, path.read_bytes())
            for path in paths
        }


def texts() -> dict[str, int]:
    """Every distinct insight, normalised, and the day it first stood in."""
    found: dict[str, int] = {}
    for name, one in samples().items():
        for mention in one.mentions:
            found.setdefault(normalise(mention.text), day_of(name))
    return found


def day_of(name: str) -> int:
    return int(name[4:6])


def mention(name: str, starts: str) -> Mention:
    (found,) = [
        one for one in samples()[name].mentions if normalise(one.text).startswith(normalise(starts))
    ]
    return found


def test_there_are_enough_to_judge_by() -> None:
    assert len(samples()) >= 40
    assert {day_of(name) for name in samples()} == set(range(1, 15))
    assert 240 <= len(texts()) <= 280
    assert len({one.podcast for one in samples().values()} - {""}) >= 12
    assert {Path(name).suffix for name in samples()} == {".md", ".json", ".txt"}


def test_dates_fit_the_folders() -> None:
    for name, one in samples().items():
        assert one.published in (None, date(2026, 3, day_of(name)))


def test_boilerplate_is_dropped_and_nothing_else_is() -> None:
    for one in TRUTH["boilerplate"]:
        dropped = [normalise(found.text) for found in samples()[one["file"]].dropped]
        assert any(text.startswith(normalise(one["starts"])) for text in dropped), one
    for one in TRUTH["repeat"]:
        assert mention(one["earlier"], one["starts"])


def test_repeats_are_word_for_word() -> None:
    assert len(TRUTH["repeat"]) >= 12
    for one in TRUTH["repeat"]:
        earlier, later = (mention(one[key], one["starts"]) for key in ("earlier", "later"))
        assert normalise(earlier.text) == normalise(later.text)
        assert day_of(one["earlier"]) < day_of(one["later"])


def pairs() -> list[tuple[str, str, str]]:
    """(earlier, later, strength) of each honest restatement."""
    return [
        (
            mention(one["earlier"], one["earlier_starts"]).text,
            mention(one["later"], one["later_starts"]).text,
            one["strength"],
        )
        for one in TRUTH["restatement"]
    ]


def test_light_restatements_are_known_and_unrelated_ones_are_not_taken_for_one() -> None:
    """What plain TF-IDF can be held to; the heavy ones wait for a better similarity."""
    everything = list(texts())
    index = {text: place for place, text in enumerate(everything)}
    found = similarities(everything, everything)
    told = {frozenset((normalise(a), normalise(b))) for a, b, _ in pairs()}
    light = [(a, b) for a, b, strength in pairs() if strength == "light"]
    assert len(light) >= 10
    for earlier, later in light:
        assert found[index[normalise(later)], index[normalise(earlier)]] >= TASTE.twin_limit
    wrong = [
        (a, b)
        for a in everything
        for b in everything
        if a < b and frozenset((a, b)) not in told and found[index[a], index[b]] >= TASTE.twin_limit
    ]
    assert wrong == []


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
        candidates = [Candidate(one, Citation("A show"), one.id // 6) for one in known]
        issue = choose(Day(today, candidates, known, 14), Reader(interests, dict(heard)), TASTE)
        assert len(issue.picks) == 5
        assert not {one.insight_id for one in issue.picks} & set(heard)
        heard |= {one.insight_id: today for one in issue.picks}
    assert len(heard) == 70
