"""Signing up: asked for on the web, confirmed by the link in a message to that address.

What is answered is the same whoever the address belongs to, and so is how long it takes: the work
is done in a thread of its own, after the answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from newsletter.domain.addresses import Mailbox, new_mailbox
from newsletter.domain.due import local_date, next_due_of
from newsletter.domain.errors import UsageError
from newsletter.domain.model import Subscriber
from newsletter.domain.notices import PREFERENCES, Notice, Purpose
from newsletter.domain.timezones import respelt
from newsletter.domain.tokens import erased_key, link_token
from newsletter.services.notices import ask, opened
from newsletter.services.subscriptions import Defaults, check
from newsletter.storage import (
    Connection,
    Store,
    notices,
    personal_data,
    subscriber_states,
    subscribers,
)

_A_WEEK, _MOST_A_WEEK = timedelta(days=7), 3
_WISHES = ("interests", "timezone", "hour")


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody typed, checked. ``hour`` is local, 0 to 23."""

    mailbox: Mailbox
    interests: str
    timezone: str
    hour: int

    @property
    def wishes(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in _WISHES}


def checked(address: str, interests: str, timezone: str, hour: str) -> SignUp | frozenset[str]:
    """What was typed, or the names of the fields that are wrong: that depends on what was typed
    alone, never on who is subscribed."""
    wanted = " ".join(interests.split())
    zone = respelt(timezone)
    number = int(hour) if hour.isascii() and hour.isdecimal() and len(hour) < 3 else -1
    right = Subscriber(0, "", "UTC", 0)
    tried: Mapping[str, Callable[[], object]] = {
        "address": lambda: new_mailbox(address),
        "interests": lambda: check(replace(right, interests=wanted)),
        "timezone": lambda: check(replace(right, timezone=zone)),
        "hour": lambda: check(replace(right, hour=number)),
    }
    if faults := frozenset(name for name, try_it in tried.items() if not _passes(try_it)):
        return faults
    return SignUp(new_mailbox(address), wanted, zone, number)


def _passes(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except UsageError:
        return False
    return True


class LinkState(StrEnum):
    """What a confirmation's link leads to."""

    ASK = "ask"
    SUBSCRIBED = "subscribed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """``reader`` is as they asked to be; ``next_issue`` the date of the one that they will
    get; ``preferences`` the token of their own page, once they are subscribed."""

    state: LinkState
    reader: Subscriber | None = None
    preferences: str = ""
    next_issue: date | None = None


_UNKNOWN = Confirmation(LinkState.UNKNOWN)


@dataclass(frozen=True)
class Confirmations:
    """By the token in the link. Tokens that are nobody's are UNKNOWN and change nothing."""

    store: Store
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]

    def look(self, token: str) -> Confirmation:
        """Changes nothing."""
        with self.store.reading() as db:
            return self._look(db, token)

    def confirm(self, token: str) -> Confirmation:
        """Make the reader active; the second time nothing changes."""
        now = self.clock()
        with self.store.writing() as db:
            confirmation = self._look(db, token)
            if confirmation.state is LinkState.ASK and confirmation.reader:
                wishes = {name: getattr(confirmation.reader, name) for name in _WISHES}
                subscriber_states.confirm(db, confirmation.reader.id, now, wishes)
            return self._look(db, token)

    def _look(self, db: Connection, token: str) -> Confirmation:
        notice = opened(db, self.secret, Purpose.CONFIRM, token, self.clock())
        reader = subscribers.by_id(db, notice.subscriber_id) if notice else None
        if notice is None or reader is None:
            return _UNKNOWN
        if reader.state == "active":
            link = link_token(self.secret, PREFERENCES, reader.id, until=notice.expires_at)
            return Confirmation(LinkState.SUBSCRIBED, reader, link, self._next_issue(reader))
        if not _still_holds(db, notice, reader):
            return _UNKNOWN
        wished = replace(reader, **notice.wishes)
        return Confirmation(LinkState.ASK, wished, next_issue=self._next_issue(wished))

    def _next_issue(self, reader: Subscriber) -> date:
        due = next_due_of(reader, self.clock())
        return local_date(due, reader.timezone)


def _still_holds(db: Connection, notice: Notice, reader: Subscriber) -> bool:
    """Who left after asking has changed their mind: an old link brings nobody back."""
    if reader.state not in subscriber_states.UNCONFIRMED:
        return False
    left, _ = subscribers.state_since(db, reader.id)
    return reader.state == "pending" or left is None or left <= notice.asked_at


def sign_up(store: Store, form: SignUp, defaults: Defaults, now: datetime, secret: bytes) -> bool:
    """Ask for the notice that this address is to get, if any: whether one was.

    A confirmation for who is new, has not confirmed or left; for who is subscribed, the link to
    their preferences. Who bounced or complained gets nothing, nor who complained and was erased.
    What was typed changes nothing until it is confirmed. At most one a day and three a week go to
    an address.
    """
    with store.writing() as db:
        there = subscribers.find(db, form.mailbox.key)
        if there is None:
            if personal_data.complained_before(db, erased_key(secret, form.mailbox.key)):
                return False
            new = defaults.subscriber(form.mailbox.address)
            reader, purpose = (
                subscriber_states.add_pending(db, form.mailbox.key, new, now),
                Purpose.CONFIRM,
            )
        elif there.state in ("bounced", "complained"):
            return False
        else:
            reader = there.id
            purpose = Purpose.LINK if there.state == "active" else Purpose.CONFIRM
        return ask_within_limits(db, reader, purpose, now, form.wishes)


def ask_within_limits(
    db: Connection, reader: int, purpose: Purpose, now: datetime, wishes: Mapping[str, Any]
) -> bool:
    """At most one a day, by UTC, and three in seven days."""
    since = (now - _A_WEEK + timedelta(days=1)).date()
    if notices.asked_since(db, reader, purpose, since) >= _MOST_A_WEEK:
        return False
    return ask(db, reader, purpose, now.date(), now, wishes)
