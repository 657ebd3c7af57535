"""Whose a return is: found by its token, its Message-ID or its address."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, select

from newsletter.domain.notices import asked, numbers
from newsletter.domain.returns import Return
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import notice as notices
from newsletter.storage.schema import subscriber as subscribers


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a return is: ``delivery_id`` and ``notice_id`` are None where only the reader is known.
    ``proved`` by a signed token or a provider; ``sent_at`` is when that message was sent."""

    subscriber_id: int
    key: str
    proved: bool
    delivery_id: int | None = None
    day: date | None = None
    sent_at: datetime | None = None
    notice_id: int | None = None

    @property
    def domain(self) -> str:
        """Empty where all about the reader was erased."""
        return self.key.rpartition("@")[2] if "@" in self.key else ""


def find_owner(db: Connection, mail: Return, address_key: str, *, trusted: bool) -> Owner | None:
    """By the token first, then by our Message-ID, by the address alone only where there is no
    token. ``address_key`` is the normal form of the address that the return names; may be empty.
    """
    if mail.delivery is not None or mail.notice is not None or mail.reader is not None:
        return _by_token(db, mail)
    if mail.forged:
        return None
    if address_key:
        by_address = subscribers.c.key == address_key
        if owner := _of_reader(db, by_address, mail.message_id, proved=trusted):
            return owner
    if mail.message_id and (day := _day(mail.message_id)):
        ours = deliveries.c.message_id.in_((mail.message_id, f"<{mail.message_id}>"))
        return _of_delivery(db, and_(deliveries.c.date == day, ours), proved=trusted)
    if notice := numbers(mail.message_id):
        return _of_notice(db, *notice, proved=trusted)
    return None


def _by_token(db: Connection, mail: Return) -> Owner | None:
    if mail.delivery is not None:
        return _of_delivery(db, deliveries.c.id == mail.delivery, proved=True)
    if mail.notice is not None:
        return _of_notice(db, *mail.notice, proved=True)
    return _of_reader(db, subscribers.c.id == mail.reader, mail.message_id, proved=True)


def _of_delivery(db: Connection, row_filter: ColumnElement[bool], *, proved: bool) -> Owner | None:
    row = db.execute(_DELIVERIES.where(row_filter).limit(1)).one_or_none()
    if row is None:
        return None
    return Owner(row.subscriber_id, row.key, proved, row.id, row.date, row.changed_at)


_DELIVERIES = select(
    deliveries.c.id,
    deliveries.c.subscriber_id,
    deliveries.c.date,
    deliveries.c.changed_at,
    subscribers.c.key,
).join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)


def _of_notice(db: Connection, notice_id: int, asked_at: int, *, proved: bool) -> Owner | None:
    """None where that number is another's by now."""
    query = select(notices, subscribers.c.key).join(subscribers).where(notices.c.id == notice_id)
    row = db.execute(query).one_or_none()
    if row is None or asked(row.asked_at) != asked_at:
        return None
    return Owner(row.subscriber_id, row.key, proved, sent_at=row.changed_at, notice_id=notice_id)


def _of_reader(
    db: Connection, row_filter: ColumnElement[bool], message_id: str, *, proved: bool
) -> Owner | None:
    """With the delivery of that Message-ID where it is this reader's."""
    row = db.execute(select(subscribers.c.id, subscribers.c.key).where(row_filter)).one_or_none()
    if row is None:
        return None
    if message_id:
        ours = deliveries.c.message_id.in_((message_id, f"<{message_id}>"))
        mine = and_(deliveries.c.subscriber_id == row.id, ours)
        if owner := _of_delivery(db, mine, proved=proved):
            return owner
    return Owner(row.id, row.key, proved)


def _day(message_id: str) -> date | None:
    """The date that our Message-IDs begin with: it saves an index over all of them."""
    digits = message_id[:8]
    if not (digits.isascii() and digits.isdigit() and message_id[8:9] == "."):
        return None
    try:
        return date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return None
