"""The whole day, and each of its steps: gather what came in, compose what is due, deliver it.

Every command is one of these with other arguments; running any of them again does no harm.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from newsletter.composing.compose import DUE, Readers, compose
from newsletter.composing.rules import Rules
from newsletter.delivery.context import DeliveryContext, Report
from newsletter.delivery.worker_pool import deliver
from newsletter.ingest.ingest import IngestJob, IngestReport, ingest_sources

__all__ = [
    "DUE",
    "DeliveryContext",
    "IngestJob",
    "IngestReport",
    "Readers",
    "Report",
    "Rules",
    "publish",
]


def publish(
    clock: Callable[[], datetime],
    *,
    ingest_job: IngestJob,
    rules: Rules,
    context: DeliveryContext,
    on: date | None = None,
    readers: Readers = DUE,
) -> tuple[IngestReport, Report]:
    """Bring out what is due; running it again sends nothing again."""
    ingested = ingest_sources(ingest_job, clock)
    skipped = compose(rules, clock(), on, readers)
    return ingested, replace(deliver(context, clock, on, readers), skipped=skipped)
