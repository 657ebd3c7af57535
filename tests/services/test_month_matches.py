"""What a reader's interests would have found: by their words, surely, or else the nearest."""

from datetime import timedelta

import pytest

from newsletter.composing.rules import Rules
from newsletter.services.month_matches import MonthMatches
from newsletter.storage import Store, archive
from tests.builders import NOON, TASTE, TODAY, brief, read, unlike

SURE = "Copper kettles boil soonest of all kettles."
NEAR = "Whoever descales theirs boils a litre of tea water sooner."


@pytest.fixture
def month(store: Store) -> MonthMatches:
    texts = SURE, NEAR, *map(unlike, range(4))
    with store.writing() as db:
        for number, text in enumerate(texts):
            archive.record(db, [read(f"{number}", brief(text, published=TODAY))], NOON, TODAY)
    rules = Rules(store, TASTE, timedelta(hours=1), "example.org")
    return MonthMatches(rules, lambda: NOON)


def test_what_surely_matches_is_counted(month: MonthMatches) -> None:
    found = month.look("copper kettles")
    assert (found.count, found.total, found.examples) == (1, 6, [SURE])


def test_where_nothing_surely_does_the_nearest_is_shown(month: MonthMatches) -> None:
    found = month.look("tea brewing")
    assert (found.count, found.examples) == (0, [NEAR])


def test_who_wants_nothing_finds_nothing(month: MonthMatches) -> None:
    assert month.look("not kettles").examples == ()
    assert month.look("zebras").examples == []


def test_what_holds_the_word_counts_however_small_the_archive(month: MonthMatches) -> None:
    found = month.look("litre")
    assert (found.count, found.examples) == (1, [NEAR])
