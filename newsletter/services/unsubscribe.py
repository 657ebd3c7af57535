"""Unsubscribing by the link in a message, and undoing it. The link is all that either needs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsletter.domain.tokens import subscriber_id
from newsletter.storage import Store, subscribers


class LinkState(StrEnum):
    """What an unsubscribe link leads to; ``BACK`` only as the answer to ``undo``."""

    SUBSCRIBED = "subscribed"
    LEFT = "left"
    BACK = "back"
    ENDED = "ended"
    """Mail bounced, or was complained about: no issue is sent, and no link changes that."""
    UNKNOWN = "unknown"


_STATES = {
    "active": LinkState.SUBSCRIBED,
    "pending": LinkState.SUBSCRIBED,
    "unsubscribed": LinkState.LEFT,
    "bounced": LinkState.ENDED,
    "complained": LinkState.ENDED,
    None: LinkState.UNKNOWN,
}


@dataclass(frozen=True)
class UnsubscribeLinks:
    """By the token in the link. Tokens that are nobody's are UNKNOWN and change nothing."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str) -> LinkState:
        """Changes nothing."""
        reader = subscriber_id(self.secret, token)
        if reader is None:
            return LinkState.UNKNOWN
        with self.store.reading() as db:
            return _STATES[subscribers.state_of(db, reader)]

    def leave(self, token: str) -> LinkState:
        """Unsubscribe; the second time nothing changes."""
        reader = subscriber_id(self.secret, token)
        if reader is None:
            return LinkState.UNKNOWN
        with self.store.writing() as db:
            subscribers.leave(db, reader, self.clock(), "by the link in a message")
            return _STATES[subscribers.state_of(db, reader)]

    def undo(self, token: str) -> LinkState:
        """Make a reader who unsubscribed active again; the second time nothing changes."""
        reader = subscriber_id(self.secret, token)
        if reader is None:
            return LinkState.UNKNOWN
        with self.store.writing() as db:
            subscribers.rejoin(db, reader, self.clock())
            state = subscribers.state_of(db, reader)
        return LinkState.BACK if state == "active" else _STATES[state]
