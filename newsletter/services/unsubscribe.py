"""Unsubscribing by the link in a message, and undoing it. The link is all that either needs."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from newsletter.domain.tokens import subscriber_id
from newsletter.storage import Connection, Store, subscriber_states, subscribers


class LinkState(StrEnum):
    """What an unsubscribe link leads to; ``BACK`` only as the answer to ``undo``."""

    SUBSCRIBED = "subscribed"
    LEFT = "left"
    TOLD = "told"
    """They left, and said why."""
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
}


@dataclass(frozen=True, slots=True)
class Answer:
    """``language`` is the one that the reader wants; "" is the newsletter's."""

    state: LinkState
    language: str = ""


_UNKNOWN = Answer(LinkState.UNKNOWN)

REASONS = ("too often", "not about my interests", "nothing new", "not asked for")
"""Why readers leave, of which they may name one."""
_LONGEST = 500


def _reason(why: str, words: str) -> str:
    """One line; empty where nothing was said."""
    plain = "".join(letter if letter.isprintable() else " " for letter in words)
    reasons = [why] if why in REASONS else []
    return ": ".join(filter(None, (*reasons, " ".join(plain.split())[:_LONGEST])))


@dataclass(frozen=True)
class UnsubscribeLinks:
    """By the token in the link. Tokens that are nobody's are UNKNOWN and change nothing."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str) -> Answer:
        """Changes nothing."""
        reader = subscriber_id(self.secret, token)
        if reader is None:
            return _UNKNOWN
        with self.store.reading() as db:
            return _look(db, reader)

    def leave(self, token: str) -> Answer:
        """Unsubscribe; the second time nothing changes."""
        reader = subscriber_id(self.secret, token)
        if reader is None:
            return _UNKNOWN
        with self.store.writing() as db:
            subscriber_states.leave(db, reader, self.clock(), "by the link in a message")
            return _look(db, reader)

    def tell(self, token: str, why: str, words: str) -> Answer:
        """Leave, and keep why: one of REASONS, and words of their own."""
        answer = self.leave(token)
        reader = subscriber_id(self.secret, token)
        reason = _reason(why, words)
        if answer.state is not LinkState.LEFT or reader is None or not reason:
            return answer
        with self.store.writing() as db:
            subscriber_states.give_reason(db, reader, reason)
        return replace(answer, state=LinkState.TOLD)

    def undo(self, token: str) -> Answer:
        """Make a reader who unsubscribed active again; the second time nothing changes."""
        reader = subscriber_id(self.secret, token)
        if reader is None:
            return _UNKNOWN
        with self.store.writing() as db:
            subscriber_states.rejoin(db, reader, self.clock())
            is_back = subscribers.state_of(db, reader) == "active"
            answer = _look(db, reader)
        return replace(answer, state=LinkState.BACK) if is_back else answer


def _look(db: Connection, reader_id: int) -> Answer:
    reader = subscribers.numbered(db, reader_id)
    return Answer(_STATES[reader.state], reader.language) if reader else _UNKNOWN
