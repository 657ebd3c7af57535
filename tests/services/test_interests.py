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


def test_what_is_not_wanted_may_be_all_that_is_said(rules: Rules) -> None:
    found = matches(rules, "not kettles")
    assert (found.best, found.wanted) == ([], [])
    assert {insight.text for insight in found.unwanted} == {OLD, NEW}


@pytest.mark.parametrize("interests", ["", " , ", "-"])
def test_who_says_nothing_is_told_what_to_say(rules: Rules, interests: str) -> None:
    with pytest.raises(UsageError, match="name a phrase"):
        matches(rules, interests)
