"""The parts that scanning feeds needs: the job, and how we introduce ourselves."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.bootstrap import App
from newsletter.domain.addresses import mailbox
from newsletter.domain.errors import ConfigError
from newsletter.domain.hostnames import all_in_ascii
from newsletter.domain.urls import host_of
from newsletter.services.sources import follow_configured
from newsletter.storage import feeds

if TYPE_CHECKING:
    from newsletter.ingest.feeds.scan_job import PolledFeed, ScanJob, Watch
    from newsletter.ingest.writer.estimate import CostEstimator, Estimate

_TIMEOUTS_EACH_POLL = 4
"""As long as the slowest episode takes: its chapters and three transcripts."""


def scan(
    app: App,
    stop: Callable[[], bool],
    watch: "Watch",
    *,
    dry_run: bool = False,
    only: Collection[int] | None = None,
) -> "tuple[list[PolledFeed], Estimate | None]":
    """Poll the feeds that are due. Raises ConfigError where nobody can be asked about us.

    A dry run with a writer says what it would cost to have the new episodes written.
    """
    if not dry_run:
        follow(app)
    with app.store.reading() as db:
        if not feeds.followed(db):
            return [], None
    from newsletter.ingest.feeds.scan import scan as scan_feeds
    from newsletter.ingest.writer.estimate import CostEstimator

    job = replace(scan_job(app, stop, watch, dry_run=dry_run), only=only)
    polled = scan_feeds(job, app.clock)
    return polled, job.writer.total if isinstance(job.writer, CostEstimator) else None


def follow(app: App) -> None:
    """Enter the configured feeds into the database."""
    follow_configured(app.store, app.settings.sources.feeds, app.clock())


def why_not_fetched(app: App, url: str) -> str:
    """That its host may not be asked, as the DNS has it now; empty where it may, or is unknown."""
    from newsletter.ingest.feeds.connections import FetchFailed, allowed_addresses, resolve

    host = host_of(url)
    try:
        found = resolve(host, 0)
    except FetchFailed:
        return ""
    try:
        allowed_addresses(host, found, _allowed(app))
    except FetchFailed as error:
        return str(error)
    return ""


def _allowed(app: App) -> frozenset[str]:
    return frozenset(map(_host, app.settings.sources.allow_hosts))


def scan_job(
    app: App, stop: Callable[[], bool], watch: "Watch", *, dry_run: bool = False
) -> "ScanJob":
    from newsletter.bootstrap.writer import writer
    from newsletter.ingest.feeds.fetch import Fetcher, FetchLimits
    from newsletter.ingest.feeds.scan_job import ScanJob

    section = app.settings.sources
    limits = FetchLimits(
        user_agent=user_agent(app),
        max_bytes=section.max_bytes,
        seconds=section.timeout_seconds,
        allow_hosts=_allowed(app),
    )
    return ScanJob(
        store=app.store,
        fetcher=Fetcher(limits, stop=stop),
        every=timedelta(minutes=section.poll_minutes),
        first=section.first_episodes,
        timezone=app.settings.newsletter.timezone,
        writer=_estimator(app) if dry_run else writer(app),
        hosts=section.connections,
        stop=stop,
        watch=watch,
        dry_run=dry_run,
        patience=_TIMEOUTS_EACH_POLL * section.timeout_seconds,
    )


def _estimator(app: App) -> "CostEstimator | None":
    from newsletter.bootstrap.writer import writer_settings
    from newsletter.ingest.writer.estimate import CostEstimator

    return CostEstimator(writer_settings(app.settings)) if app.settings.writer.url else None


def user_agent(app: App) -> str:
    """The program, its version, and whom to ask. Raises ConfigError where that is not known."""
    contact = app.settings.sources.contact
    if not contact and not app.settings.newsletter.from_address:
        raise ConfigError(
            f"{app.path}: neither sources.contact nor newsletter.from_address is set",
            "write one: whoever runs a feed must be able to ask who reads it",
        )
    address = (
        contact or mailbox(app.settings.newsletter.from_address, "newsletter.from_address").address
    )
    try:
        who = all_in_ascii(address).encode("ascii").decode()
    except ValueError as error:
        problem = "newsletter.from_address cannot stand in a header of HTTP"
        raise ConfigError(problem, "write sources.contact") from error
    return f"newsletter/{__version__} (feed reader; +{'mailto:' * ('@' in who)}{who})"


def _host(name: str) -> str:
    try:
        return all_in_ascii(f"http://{name}").removeprefix("http://").rstrip(".").lower()
    except ValueError as error:
        raise ConfigError(f"sources.allow_hosts: {name!r} is no host: {error}") from error
