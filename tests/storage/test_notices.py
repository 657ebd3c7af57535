"""One row ever for (subscriber, purpose, day), and its link is worth nothing for another."""

from datetime import date, timedelta

import pytest

from newsletter.domain.notices import LASTS, Purpose, asked, path
from newsletter.domain.tokens import link_token
from newsletter.services.notices import opened
from newsletter.storage import Connection, Store, notices
from newsletter.storage.schema import notice as table
from tests.builders import NOON, TODAY, subscribe

SECRET = b"a secret of the tests"


def confirm(db: Connection, day: date = TODAY, address: str = "ann@example.org") -> int:
    reader = subscribe(db, address)
    assert notices.ask(db, reader.id, Purpose.CONFIRM, day, NOON)
    return reader.id


def token(db: Connection, notice_id: int = 1) -> str:
    notice = notices.find(db, notice_id)
    assert notice
    return path(SECRET, notice).rpartition("/")[2]


def test_one_in_each_window_for_each_purpose(store: Store) -> None:
    with store.writing() as db:
        reader = confirm(db)
        assert not notices.ask(db, reader, Purpose.CONFIRM, TODAY, NOON + timedelta(hours=1))
        assert notices.ask(db, reader, Purpose.LINK, TODAY, NOON)
        assert notices.ask(db, reader, Purpose.CONFIRM, TODAY + timedelta(days=1), NOON)
        assert notices.asked_since(db, reader, Purpose.CONFIRM, TODAY) == 2
        assert notices.asked_since(db, reader, Purpose.CONFIRM, TODAY + timedelta(days=1)) == 1
        assert notices.asked_since(db, reader + 1, Purpose.CONFIRM, TODAY) == 0
    with store.reading() as db:
        counts = notices.counts(db, NOON)
        assert counts == [("confirm", "pending", 2), ("link", "pending", 1)]


def test_a_link_opens_its_own_notice_until_it_ends(sqlite: Store) -> None:
    with sqlite.writing() as db:
        confirm(db)
        link = token(db)
        found = opened(db, SECRET, Purpose.CONFIRM, link, NOON)
        assert found
        assert (found.id, found.address) == (1, "ann@example.org")
        end = NOON + LASTS[Purpose.CONFIRM]
        assert opened(db, SECRET, Purpose.CONFIRM, link, end - timedelta(seconds=1))
        assert opened(db, SECRET, Purpose.CONFIRM, link, end) is None
        assert opened(db, SECRET, Purpose.ERASE, link, NOON) is None
        assert opened(db, b"another", Purpose.CONFIRM, link, NOON) is None
        assert "ann" not in link


@pytest.mark.parametrize("numbers", [(1,), (2, asked(NOON)), (1, asked(NOON) + 1), (1, 1, 1)])
def test_a_true_signature_of_other_numbers_opens_nothing(
    sqlite: Store, numbers: tuple[int, ...]
) -> None:
    with sqlite.writing() as db:
        confirm(db)
        link = link_token(SECRET, "confirm", *numbers, until=NOON + timedelta(hours=1))
        assert opened(db, SECRET, Purpose.CONFIRM, link, NOON) is None


def test_after_a_restore_an_old_link_is_not_the_next_readers(sqlite: Store) -> None:
    """The row that it was made for is gone, and its id another's."""
    with sqlite.writing() as db:
        confirm(db)
        link = token(db)
        db.execute(table.delete())
        reader = subscribe(db, "bea@example.org")
        notices.ask(db, reader.id, Purpose.CONFIRM, TODAY, NOON + timedelta(seconds=1))
        assert notices.find(db, 1)
        assert opened(db, SECRET, Purpose.CONFIRM, link, NOON + timedelta(seconds=2)) is None


def test_old_ones_are_forgotten_and_those_that_wait_are_not(sqlite: Store) -> None:
    with sqlite.writing() as db:
        reader = confirm(db)
        notices.ask(db, reader, Purpose.LINK, TODAY, NOON)
        db.execute(table.update().where(table.c.purpose == "link").values(state="sent"))
        assert notices.prune(db, NOON) == 0
        assert notices.prune(db, NOON + timedelta(seconds=1)) == 1
        assert [row["purpose"] for row in notices.of_subscriber(db, reader)] == ["confirm"]
