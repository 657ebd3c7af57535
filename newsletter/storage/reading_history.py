"""What each subscriber was sent, or says that they knew: what novelty is measured against."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import (
    Connection,
    String,
    cast,
    func,
    select,
    true,
)

from newsletter.domain.states import DeliveryState
from newsletter.storage import votes
from newsletter.storage.database import chunks
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import pick as picks

# A pending row holds its picks as well: a message that waits must not be overtaken by its twin.
# Told by what they are not: asked for what they are, SQLite reads all that was ever sent to anyone.
_HEARD = deliveries.c.state.not_in((DeliveryState.FAILED, DeliveryState.SKIPPED))


def histories(db: Connection, ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Subscriber id to the ids of the issues that count as read; a new reader is missing."""
    joined = func.aggregate_strings(cast(deliveries.c.issue_id, String), ",")
    query = (
        select(deliveries.c.subscriber_id, joined)
        .where(_HEARD, deliveries.c.issue_id.is_not(None))
        .group_by(deliveries.c.subscriber_id)
    )
    return {
        subscriber_id: tuple(sorted(map(int, issue_ids.split(","))))
        for batch in chunks(ids)
        for subscriber_id, issue_ids in db.execute(
            query.where(deliveries.c.subscriber_id.in_(batch))
        )
    }


def is_of(db: Connection, subscriber_id: int, insight_id: int) -> bool:
    """Whether an issue that was composed for this subscriber holds this insight."""
    query = (
        select(deliveries.c.id)
        .join(picks, picks.c.issue_id == deliveries.c.issue_id)
        .where(deliveries.c.subscriber_id == subscriber_id, picks.c.insight_id == insight_id)
    )
    return db.execute(query.limit(1)).first() is not None


def heard(
    db: Connection, ids: Sequence[int], without: date | None = None
) -> dict[int, dict[int, date]]:
    """Subscriber id to each insight they were sent, and the date of that issue; ``without`` that of
    one date.

    What they say that they knew already is among them, dated by their vote if it was not sent.
    """
    insight_ids = func.aggregate_strings(cast(picks.c.insight_id, String), ",")
    dates = func.aggregate_strings(cast(deliveries.c.date, String), ",")
    query = (
        select(deliveries.c.subscriber_id, insight_ids, dates)
        .join(picks, picks.c.issue_id == deliveries.c.issue_id)
        .where(_HEARD, true() if without is None else deliveries.c.date != without)
        .group_by(deliveries.c.subscriber_id)
    )
    sent_to = {
        subscriber_id: dict(
            zip(map(int, sent.split(",")), map(date.fromisoformat, on.split(",")), strict=True)
        )
        for batch in chunks(ids)
        for subscriber_id, sent, on in db.execute(
            query.where(deliveries.c.subscriber_id.in_(batch))
        )
    }
    for subscriber_id, given_votes in votes.of_readers(db, ids).items():
        knew = {vote.insight_id: vote.at.date() for vote in given_votes if vote.kind == "knew"}
        sent_to[subscriber_id] = knew | sent_to.get(subscriber_id, {})
    return sent_to
