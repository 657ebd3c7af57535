"""Whose issue it is: a subscriber by address, or the reader of the house issue."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from newsletter.domain.addresses import mailbox
from newsletter.domain.due import local_date, next_due_of
from newsletter.domain.errors import NotFound
from newsletter.domain.model import State, Subscriber
from newsletter.storage import Connection, Store, reports, subscribers

_BATCH = 1_000


def find_subscriber(store: Store, address: str) -> Subscriber:
    """Raises NotFound where nobody has this address, UsageError where it is none."""
    with store.reading() as db:
        subscriber = subscribers.find(db, mailbox(address).key)
    if subscriber is None:
        raise NotFound(f"nobody is subscribed as {address}: see `newsletter subscribers list`")
    return subscriber


def next_issue(db: Connection, reader: Subscriber, now: datetime) -> datetime:
    """When their next issue is due. That of a date may be sent before its hour (``send --now``)."""
    done = reports.tried_dates(db, reader.id, local_date(now, reader.timezone))
    return next_due_of(reader, now, done)


def page(store: Store, state: State | None, after: int, most: int) -> Sequence[Subscriber]:
    """The next ``most`` subscribers after the one numbered ``after``."""
    with store.reading() as db:
        return subscribers.page(db, state, after, most)


def everyone(store: Store) -> Iterator[Sequence[Subscriber]]:
    """In the order of their keys, some at a time: they may be more than memory holds. Each batch is
    a transaction of its own, for who takes them may be slow."""
    key = ""
    while True:
        with store.reading() as db:
            readers, key = subscribers.batch(db, key, _BATCH)
        if not readers:
            return
        yield readers


def house_reader(timezone: str, hour: int, address: str) -> Subscriber:
    """The reader of the house issue: no row has id 0, so a link in it unsubscribes nobody."""
    return Subscriber(0, address, timezone, hour)
