"""What the attempts at a delivery were answered.

An attempt that a server accepted has no row of its own: the delivery has the answer and the instant
(decision 62).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from newsletter.domain.states import DeliveryState
from newsletter.storage.database import chunks
from newsletter.storage.schema import attempt as attempts

_NAMES = ("at", "state", "rcpt", "data")


def of(db: Connection, deliveries: Sequence[Row[Any]]) -> Mapping[int, list[dict[str, Any]]]:
    """By id the attempts, (at, state, rcpt, data), of rows of (id, state, answer, changed_at)."""
    query = select(attempts.c.delivery_id, *(attempts.c[name] for name in _NAMES))
    tried: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for batch in chunks([row.id for row in deliveries]):
        rows = db.execute(query.where(attempts.c.delivery_id.in_(batch)).order_by(attempts.c.id))
        for row in rows.mappings():
            tried[row["delivery_id"]].append({name: row[name] for name in _NAMES})
    for delivery in deliveries:
        tried[delivery.id].extend(_accepted(delivery, tried[delivery.id]))
    return tried


def _accepted(delivery: Row[Any], tried: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What stands for an answer (an operator resolved it, the journal had it) begins with no digit;
    earlier versions kept a row of what was accepted, too."""
    kept = tried and tried[-1]["state"] == DeliveryState.SENT
    if delivery.state == DeliveryState.SENT and delivery.answer.startswith("2") and not kept:
        at, answer = delivery.changed_at, delivery.answer
        yield {"at": at, "state": delivery.state, "rcpt": "", "data": answer}
