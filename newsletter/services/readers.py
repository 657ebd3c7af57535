"""Whose issue it is: a subscriber by address, or the reader of the house issue."""

from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Subscriber
from newsletter.storage import Store, subscribers


def find_subscriber(store: Store, address: str) -> Subscriber:
    """Raises UsageError where nobody has this address."""
    with store.reading() as db:
        subscriber = subscribers.find(db, mailbox(address).key)
    if subscriber is None:
        raise UsageError(f"nobody is subscribed as {address}: see `newsletter subscribers list`")
    return subscriber


def house_reader(timezone: str, hour: int, address: str) -> Subscriber:
    """The reader of the house issue: no row has id 0, so a link in it unsubscribes nobody."""
    return Subscriber(0, address, timezone, hour)
