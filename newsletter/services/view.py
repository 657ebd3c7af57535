"""A reader's own issue, by the link in its message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from newsletter.composing.draft import composed
from newsletter.domain.model import ScheduledEmail
from newsletter.domain.tokens import linked
from newsletter.rendering.rendered_email import VIEW
from newsletter.storage import Store, subscribers


@dataclass(frozen=True)
class IssueLinks:
    """They hold as long as what was sent can be made again (store.keep_days)."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str) -> ScheduledEmail | None:
        """What composing fixed, its issue ``pruned`` where too little is left of it; None for a
        token that is nobody's. Changes nothing."""
        numbers = linked(self.secret, VIEW, token, self.clock())
        if numbers is None:
            return None
        subscriber_id, ordinal = numbers
        with self.store.reading() as db:
            reader = subscribers.numbered(db, subscriber_id)
            return composed(db, reader, date.fromordinal(ordinal)) if reader else None
