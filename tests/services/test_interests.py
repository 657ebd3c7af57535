from datetime import timedelta

import pytest

from newsletter.composing.rules import Rules
from newsletter.domain.errors import UsageError
from newsletter.services.interests import matches
from newsletter.storage import Store, archive
from tests.builders import NOON, TASTE, TODAY, brief, read

OLD, NEW = "A kettle boils sooner when it is descaled.", "Kettles of copper boil soonest of all."


@pytest.fixture
def rules(store: Store) -> Rules:
    days = TODAY - timedelta(900), TODAY + timedelta(9)
    briefs = [brief(text, published=day) for text, day in zip((OLD, NEW), days, strict=True)]
    with store.writing() as db:
        archive.record(db, [read(f"{n}", each) for n, each in enumerate(briefs)], NOON, TODAY)
    return Rules(store, TASTE, timedelta(hours=1), "example.org")


def test_the_whole_archive_is_searched_whatever_its_dates(rules: Rules) -> None:
    assert {match.text for match in matches(rules, "kettles").best} == {OLD, NEW}


def test_words_are_given_for_as_many_as_are_asked(rules: Rules) -> None:
    assert matches(rules, "kettles").words == []
    (words,) = matches(rules, "kettles", explained=1).words
    assert "kettle" in words


@pytest.mark.parametrize("interests", ["", " , ", "not kettles"])
def test_who_wants_nothing_finds_nothing(rules: Rules, interests: str) -> None:
    with pytest.raises(UsageError, match="name what is wanted"):
        matches(rules, interests)
