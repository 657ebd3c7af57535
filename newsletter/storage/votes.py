"""What readers said of insights. Of each reader and insight the latest holds; one that was taken
back leaves nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, select, update

from newsletter.domain.model import Vote, VoteKind
from newsletter.storage.database import chunks
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import subscriber as subscribers
from newsletter.storage.schema import vote as votes
from newsletter.storage.sets import insert_new


@dataclass(frozen=True, slots=True)
class VoteBy:
    """What the reader with this address says of an insight."""

    address: str
    kind: VoteKind
    at: datetime


def record(db: Connection, subscriber_id: int, vote: Vote) -> None:
    """In the place of what this reader said of this insight before."""
    key = {"subscriber_id": subscriber_id, "insight_id": vote.insight_id}
    columns = {"kind": vote.kind, "at": vote.at}
    insert_new(db, votes, [{**key, **columns}])
    db.execute(update(votes).where(*_is(subscriber_id, vote.insight_id)).values(**columns))


def take_back(db: Connection, subscriber_id: int, insight_id: int) -> None:
    """As if nothing had been said; nothing changes where nothing was."""
    db.execute(delete(votes).where(*_is(subscriber_id, insight_id)))


def find(db: Connection, subscriber_id: int, insight_id: int) -> Vote | None:
    row = db.execute(select(*_VOTE).where(*_is(subscriber_id, insight_id))).one_or_none()
    return Vote(*row) if row else None


def _is(subscriber_id: int, insight_id: int) -> tuple[ColumnElement[bool], ...]:
    return votes.c.subscriber_id == subscriber_id, votes.c.insight_id == insight_id


def of_readers(db: Connection, ids: Sequence[int]) -> dict[int, tuple[Vote, ...]]:
    """Subscriber id to their votes, the earliest first; who said nothing is missing."""
    by_reader: dict[int, list[Vote]] = {}
    for batch in chunks(ids):
        query = select(votes.c.subscriber_id, *_VOTE).where(votes.c.subscriber_id.in_(batch))
        for subscriber_id, *vote in db.execute(query.order_by(votes.c.at, votes.c.insight_id)):
            by_reader.setdefault(subscriber_id, []).append(Vote(*vote))
    return {subscriber_id: tuple(theirs) for subscriber_id, theirs in by_reader.items()}


def counts(db: Connection, subscriber_id: int) -> Counter[str]:
    """How often a reader said each."""
    query = select(votes.c.kind, func.count()).where(votes.c.subscriber_id == subscriber_id)
    return Counter({row[0]: row[1] for row in db.execute(query.group_by(votes.c.kind))})


def newest(db: Connection, subscriber_id: int, most: int) -> Sequence[RowMapping]:
    """What a reader said last: (insight_id, kind, at, text), the newest first."""
    columns = *_VOTE, insights.c.text
    query = select(*columns).join(insights, insights.c.id == votes.c.insight_id)
    query = query.where(votes.c.subscriber_id == subscriber_id)
    return db.execute(query.order_by(votes.c.at.desc()).limit(most)).mappings().all()


def of_insight(db: Connection, insight_id: int) -> list[VoteBy]:
    """Who said something of it, the earliest first."""
    query = (
        select(subscribers.c.address, votes.c.kind, votes.c.at)
        .join(subscribers, subscribers.c.id == votes.c.subscriber_id)
        .where(votes.c.insight_id == insight_id)
        .order_by(votes.c.at, subscribers.c.id)
    )
    return [VoteBy(*row) for row in db.execute(query)]


_VOTE = tuple(votes.c[name] for name in ("insight_id", "kind", "at"))
