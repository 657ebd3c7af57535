"""The whole day: read what came in, compose what is due, deliver it.

Running it again sends nothing twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from newsletter.composing.compose import compose, due
from newsletter.composing.readers import DUE, Readers
from newsletter.composing.rules import Rules
from newsletter.delivery.context import DeliveryContext, Report
from newsletter.delivery.worker_pool import deliver
from newsletter.domain.model import Issue
from newsletter.ingest.ingest import IngestReport
from newsletter.storage import issues, reports

__all__ = ["DUE", "DeliveryContext", "Published", "Readers", "Rules", "publish", "would_send"]


@dataclass(frozen=True)
class Published:
    """Either ``ingested`` or ``ingest_error`` is None."""

    report: Report
    ingested: IngestReport | None
    ingest_error: Exception | None


def publish(
    clock: Callable[[], datetime],
    *,
    ingest: Callable[[], IngestReport],
    rules: Rules,
    context: DeliveryContext,
    on: date | None = None,
    readers: Readers = DUE,
) -> Published:
    """Send what is due. If ``ingest`` raises, the insights already stored are still sent."""
    ingested, ingest_error = None, None
    try:
        ingested = ingest()
    except Exception as error:
        ingest_error = error
    skipped = compose(rules, clock(), on, readers)
    report = replace(deliver(context, clock, on, readers), skipped=skipped)
    return Published(report, ingested, ingest_error)


def would_send(
    rules: Rules, now: datetime, on: date | None, readers: Readers
) -> Sequence[tuple[str, Issue]]:
    """(address, issue) of every message that delivering now would send; changes nothing.

    First those that are composed and wait, then those that would be composed.
    """
    with rules.store.reading() as db:
        rows = reports.queue(db, now, on, readers.ids, ignore_wait=readers.now)
        waiting = [(address, issues.load(db, issue_id)) for address, issue_id in rows]
    new = due(rules, now, on, readers)
    return [*waiting, *((entry.subscriber.address, issue) for entry, issue in new)]
