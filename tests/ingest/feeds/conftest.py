"""Podcasts on a server of our own, and the job that scans them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.ingest.feeds.fetch import Fetcher, FetchLimits
from newsletter.ingest.feeds.scan import scan
from newsletter.ingest.feeds.scan_job import PolledFeed, ScanJob
from newsletter.storage import Store, feeds
from newsletter.storage.feeds import EpisodeRow, FollowedFeed
from tests.http_server import HttpServer

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def item(number: int, notes: str = "", *, more: str = "") -> str:
    """The larger the number, the newer."""
    day = f"{1 + number // 24:02} Mar 2026 {number % 24:02}:00:00 GMT"
    return (
        f"<item><guid>ep-{number}</guid><title>Episode {number}</title><pubDate>{day}</pubDate>"
        f"<link>https://pods.example/{number}</link>"
        f"<description><![CDATA[{notes or takeaways(number)}]]></description>{more}</item>"
    )


def takeaways(number: int) -> str:
    texts = (
        f"Dredging a harbour every {number + 2} years costs more than moving the quay once did.",
        f"Pilots of port {number} read the colour of the water before they trust any chart.",
    )
    return f"<h3>Key takeaways</h3><ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"


def rss(*items: str, title: str = "Harbour Talk") -> bytes:
    space = 'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
    body = "".join(items)
    return (
        f'<rss version="2.0" {space}><channel><title>{title}</title>{body}</channel></rss>'.encode()
    )


class Scanner:
    """Follows feeds in a store, and scans them at a time that the test sets."""

    def __init__(self, store: Store, *, seconds: float = 60.0, hosts: int = 4) -> None:
        self.store = store
        self.now = NOON
        self.fetcher = Fetcher(
            FetchLimits("newsletter/test", 200_000, seconds, allow_hosts=frozenset({"127.0.0.1"}))
        )
        self.job = ScanJob(
            store=store,
            fetcher=self.fetcher,
            every=HOUR,
            first=3,
            timezone="UTC",
            writer=None,
            hosts=hosts,
            stop=lambda: False,
            watch=lambda _done, _total: None,
        )

    def follow(self, *urls: str) -> None:
        with self.store.writing() as db:
            feeds.add(db, urls, self.now)

    def scan(self, job: ScanJob | None = None) -> list[PolledFeed]:
        return scan(job or self.job, lambda: self.now)

    def only(self) -> PolledFeed:
        (polled,) = self.scan()
        return polled

    def after(self, wait: timedelta) -> "Scanner":
        self.now += wait
        return self

    @property
    def feed(self) -> FollowedFeed:
        with self.store.reading() as db:
            return feeds.followed(db)[0]

    @property
    def episodes(self) -> dict[str, EpisodeRow]:
        """By their titles."""
        with self.store.reading() as db:
            rows = feeds.known_episodes(db, feeds.followed(db)[0].id).values()
        return {row.title: row for row in rows}

    def titles(self, state: str) -> Sequence[str]:
        return sorted(row.title for row in self.episodes.values() if row.state == state)


@pytest.fixture
def scanner(sqlite: Store) -> Scanner:
    return Scanner(sqlite)
