"""What came back: each return once, and what was done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, select

from newsletter.domain.returns import Return
from newsletter.storage.return_owners import Owner
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import nonce as nonces
from newsletter.storage.schema import returned
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.sets import insert_new

MOST_HEADERS = 16_000
"""Characters of a message's headers that are kept."""
_LONGEST = 1_000
PROVED = returned.c.done != "unproved"
"""Anybody can write a return that only an address or a Message-ID gives to a reader: it is kept,
and counts nowhere."""
_BOUNCED = and_(returned.c.kind == "bounce", returned.c.delivery_id.is_not(None), PROVED)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A return as it came. ``key`` tells it from every other: a hash, in hexadecimal.

    ``trusted``: a provider's signature or our own server vouches for the address. ``body`` is the
    whole message where it may be needed once more.
    """

    key: str
    source: str
    returned: Return
    trusted: bool = False
    headers: str = ""
    body: bytes | None = None


def is_kept(db: Connection, key: str) -> bool:
    return db.scalar(select(returned.c.id).where(returned.c.key == key)) is not None


def keep(
    db: Connection, incoming: Incoming, owner: Owner | None, done: str, now: datetime
) -> int | None:
    """The id of its row; None where it is kept already. Texts are cut to what a row may hold."""
    if is_kept(db, incoming.key):
        return None
    parsed = incoming.returned
    row = {
        "key": incoming.key,
        "at": now,
        "source": incoming.source,
        "kind": parsed.kind,
        "severity": parsed.severity,
        "status": _text(parsed.status, 16),
        "words": _text(parsed.words),
        "address": _text(parsed.address),
        "domain": owner.domain if owner else "",
        "date": owner.day if owner else None,
        "delivery_id": owner.delivery_id if owner else None,
        "subscriber_id": owner.subscriber_id if owner else None,
        "notice_id": owner.notice_id if owner else None,
        "done": done,
        "headers": _text(incoming.headers, MOST_HEADERS),
        "body": incoming.body,
    }
    inserted = db.execute(returned.insert().values(**row)).inserted_primary_key
    assert inserted
    return int(inserted[0])


def _text(text: str, most: int = _LONGEST) -> str:
    """No database keeps a lone surrogate, PostgreSQL no NUL either."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")[:most]


def softs(db: Connection, mine: Owner, since: datetime) -> tuple[datetime, ...]:
    """When the reader's other messages were sent that count as soft bounces, each once.

    A return of no known delivery stands for its notice, or for itself, by the instant it came.
    """
    sent = func.coalesce(deliveries.c.changed_at, returned.c.at)
    query = (
        select(returned.c.id, returned.c.delivery_id, returned.c.notice_id, sent.label("sent"))
        .outerjoin(deliveries, deliveries.c.id == returned.c.delivery_id)
        .where(returned.c.subscriber_id == mine.subscriber_id, returned.c.done == "counted")
        .where(returned.c.at >= since)
    )
    sent_by_message = {
        _message(row.delivery_id, row.notice_id, row.id): row.sent for row in db.execute(query)
    }
    sent_by_message.pop(_message(mine.delivery_id, mine.notice_id), None)
    return tuple(sent_by_message.values())


def _message(delivery_id: int | None, notice_id: int | None, number: int = 0) -> tuple[str, int]:
    """What a return is about; itself where that is not known."""
    if delivery_id is not None:
        return "delivery", delivery_id
    return ("notice", notice_id) if notice_id is not None else ("return", number)


def done_before(db: Connection, mine: Owner) -> frozenset[str]:
    """What followed from earlier returns of the same message."""
    if mine.delivery_id is not None:
        same = returned.c.delivery_id == mine.delivery_id
    elif mine.notice_id is not None:
        same = returned.c.notice_id == mine.notice_id
    else:
        return frozenset()
    theirs = returned.c.subscriber_id == mine.subscriber_id
    return frozenset(db.scalars(select(returned.c.done).where(same, theirs)))


def stayed(db: Connection, mine: Owner, before: datetime) -> datetime | None:
    """When the last delivery was sent, by ``before``, that nothing came back for; or when the
    reader was inserted active, where that is later."""
    back = select(returned.c.id).where(_BOUNCED, returned.c.delivery_id == deliveries.c.id)
    query = select(func.max(deliveries.c.changed_at)).where(
        deliveries.c.subscriber_id == mine.subscriber_id,
        deliveries.c.state == "sent",
        deliveries.c.changed_at <= before,
        ~back.exists(),
    )
    active = select(subscribers.c.activated_at).where(subscribers.c.id == mine.subscriber_id)
    instants = [at for at in (db.scalar(query), db.scalar(active)) if at is not None]
    return max(instants, default=None)


def first_use(db: Connection, name: str, body: str, now: datetime, keep: timedelta) -> bool:
    """Whether a provider's token may carry this body (its hash): it is new, or carried the same."""
    db.execute(nonces.delete().where(nonces.c.at < now - keep))
    insert_new(db, nonces, [{"name": name, "at": now, "body": body}])
    return db.scalar(select(nonces.c.body).where(nonces.c.name == name)) == body


def listed(
    db: Connection, done: Sequence[str] | None, since: datetime | None, most: int
) -> Sequence[RowMapping]:
    """The newest, with the reader's address where one was found; ``body`` is left out."""
    columns = (column for column in returned.c if column.name not in ("body", "headers", "key"))
    query = (
        select(*columns, subscribers.c.address.label("reader"))
        .outerjoin(subscribers, subscribers.c.id == returned.c.subscriber_id)
        .order_by(returned.c.at.desc(), returned.c.id.desc())
        .limit(most)
    )
    if done is not None:
        query = query.where(returned.c.done.in_(done))
    if since is not None:
        query = query.where(returned.c.at >= since)
    return db.execute(query).mappings().all()


def find(db: Connection, number: int) -> RowMapping | None:
    return db.execute(select(returned).where(returned.c.id == number)).mappings().one_or_none()


def of_reader(db: Connection, subscriber_id: int) -> Sequence[RowMapping]:
    """Oldest first."""
    names = ("at", "source", "kind", "severity", "status", "words", "done", "delivery_id")
    query = select(*(returned.c[name] for name in names)).order_by(returned.c.at, returned.c.id)
    return db.execute(query.where(returned.c.subscriber_id == subscriber_id)).mappings().all()


def waiting(db: Connection, most: int) -> Sequence[tuple[int, bytes]]:
    """(id, message) of the replies that wait to be forwarded, oldest first."""
    rows = select(returned.c.id, returned.c.body).where(returned.c.done == "reply")
    return [
        (row.id, row.body or b"")
        for row in db.execute(rows.order_by(returned.c.at, returned.c.id).limit(most))
    ]


def replies(db: Connection) -> int:
    """How many wait to be forwarded."""
    return int(db.scalar(select(func.count()).where(returned.c.done == "reply")) or 0)


def mark(db: Connection, number: int, before: str, after: str) -> bool:
    """From one ``done`` to another; False where another process was first."""
    row = and_(returned.c.id == number, returned.c.done == before)
    values: dict[str, Any] = {"done": after}
    if after == "forwarded":
        values["body"] = None
    return bool(db.execute(returned.update().where(row).values(**values)).rowcount)


def counts(db: Connection, since: datetime, end: datetime) -> Sequence[tuple[str, str, int]]:
    """(kind, done, count) of that time."""
    query = (
        select(returned.c.kind, returned.c.done, func.count())
        .where(returned.c.at >= since, returned.c.at < end)
        .group_by(returned.c.kind, returned.c.done)
    )
    return [(kind, done, count) for kind, done, count in db.execute(query)]


def policy(db: Connection, since: datetime) -> Mapping[str, tuple[int, str]]:
    """By domain how many refusals blamed the sender, and the words of one of them."""
    query = (
        select(returned.c.domain, func.count(), func.max(returned.c.words))
        .where(returned.c.done == "slowed", returned.c.at >= since)
        .group_by(returned.c.domain)
    )
    return {domain: (count, words) for domain, count, words in db.execute(query)}
