"""Of each reader and insight the latest vote holds, and one taken back was never there."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from newsletter.domain.errors import StoreError
from newsletter.domain.model import Citation, Issue, Pick, Vote
from newsletter.storage import (
    Connection,
    Store,
    archive,
    candidates,
    issues,
    ledger,
    reading_history,
    subscribers,
    votes,
)
from newsletter.storage.ledger import Entry
from newsletter.storage.votes import VoteBy
from tests.builders import NOON, TODAY, brief, read, subscribe

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def db_ids(store: Store) -> list[int]:
    """Three insights, and Ann and Bea, who are subscribers 1 and 2."""
    with store.writing() as db:
        archive.record(db, [read("a.txt", brief("One.", "Two.", "Three."))], NOON, TODAY)
        for name in ("ann", "bea"):
            subscribe(db, f"{name}@example.org")
        return [insight.id for insight in candidates.known(db, TODAY, range(1, 10))]


def test_the_latest_holds_and_belongs_to_its_reader(store: Store, db_ids: list[int]) -> None:
    one, two, _ = db_ids
    with store.writing() as db:
        votes.record(db, 1, Vote(one, "more", NOON))
        votes.record(db, 1, Vote(two, "more", NOON))
        votes.record(db, 1, Vote(one, "knew", LATER))
        votes.record(db, 2, Vote(one, "more", NOON))
    with store.reading() as db:
        assert votes.find(db, 1, one) == Vote(one, "knew", LATER)
        assert votes.of_readers(db, [1, 2, 3]) == {
            1: (Vote(two, "more", NOON), Vote(one, "knew", LATER)),
            2: (Vote(one, "more", NOON),),
        }
        assert votes.counts(db, 1) == {"more": 1, "knew": 1}
        assert votes.of_insight(db, one) == [
            VoteBy("bea@example.org", "more", NOON),
            VoteBy("ann@example.org", "knew", LATER),
        ]
    with store.writing() as db:
        votes.take_back(db, 1, one)
        votes.take_back(db, 1, one)
    with store.reading() as db:
        assert votes.find(db, 1, one) is None
        assert votes.counts(db, 1) == {"more": 1}
        assert votes.find(db, 2, one)


def test_a_vote_is_of_a_reader_and_an_insight_that_are_there(
    store: Store, db_ids: list[int]
) -> None:
    for reader, insight_id in ((3, db_ids[0]), (1, 99)):
        with pytest.raises(StoreError, match=r"(?i)foreign key"), store.writing() as db:
            votes.record(db, reader, Vote(insight_id, "more", NOON))


def test_what_a_reader_knew_is_heard_and_what_was_sent_keeps_its_date(
    store: Store, db_ids: list[int]
) -> None:
    one, two, three = db_ids
    sent_on = TODAY - timedelta(3)
    with store.writing() as db:
        put_into_an_issue(db, [one], sent_on)
        for insight_id in (one, two):
            votes.record(db, 1, Vote(insight_id, "knew", NOON))
        votes.record(db, 1, Vote(three, "more", NOON))
        votes.record(db, 2, Vote(three, "more", NOON))
    with store.reading() as db:
        heard = reading_history.heard(db, [1, 2])
        assert heard == {1: {one: sent_on, two: NOON.date()}, 2: {}}
        assert reading_history.is_of(db, 1, one)
        assert not reading_history.is_of(db, 1, two)
        assert not reading_history.is_of(db, 2, one)


def put_into_an_issue(db: Connection, insight_ids: Sequence[int], on: date) -> None:
    """Of Ann."""
    picks = tuple(
        Pick(rank, insight_id, "Text.", Citation(), 0.5, {})
        for rank, insight_id in enumerate(insight_ids, 1)
    )
    ann = subscribers.find(db, "ann@example.org")
    assert ann
    entry = Entry(ann, on, issues.save(db, Issue(on, picks), NOON), None, "<1@x>", NOON, LATER)
    ledger.enter(db, [entry], NOON)


def test_labels_are_those_of_the_best_mention(store: Store, db_ids: list[int]) -> None:
    """A related insight was said elsewhere: its page's show did not say it."""
    one, two, _ = db_ids
    with store.writing() as db:
        again = brief("One.", published=TODAY - timedelta(1), podcast="Slow Boil")
        archive.record(db, [read("b.txt", again)], NOON, TODAY)
    with store.reading() as db:
        labels = candidates.labels(db, [one, two, 99])
    assert labels == {one: ("Slow Boil", ()), two: ("", ())}
