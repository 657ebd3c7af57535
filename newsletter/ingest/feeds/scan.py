"""The feeds that are due are polled, and the briefs of their new episodes put into the store."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock

from newsletter.domain.due import local_date
from newsletter.domain.episode import Episode
from newsletter.domain.errors import StoreError
from newsletter.domain.model import Brief
from newsletter.domain.urls import host_of, without_password
from newsletter.ingest.feeds import poll_rules
from newsletter.ingest.feeds.claims import Claims
from newsletter.ingest.feeds.connections import Stopped
from newsletter.ingest.feeds.plan import key
from newsletter.ingest.feeds.poll import failed, poll
from newsletter.ingest.feeds.scan_job import PolledFeed, ScanJob, Watch
from newsletter.storage import Connection, archive, feeds
from newsletter.storage.archive import Read
from newsletter.storage.feeds import FollowedFeed

log = logging.getLogger("newsletter")

_LONGEST_PATH = 300


def scan(job: ScanJob, clock: Callable[[], datetime]) -> list[PolledFeed]:
    """Each feed that is due, in the order in which they were added. One that fails stops no other.

    With ``dry_run`` nothing is written; what is new is fetched all the same.
    """
    with job.store.reading() as db:
        followed = feeds.followed(db)
    now = clock()
    due = [
        feed
        for feed in due_feeds(followed, now, job.every)
        if job.only is None or feed.id in job.only
    ]
    by_host: defaultdict[str, list[FollowedFeed]] = defaultdict(list)
    for feed in due:
        by_host[host_of(feed.address)].append(feed)
    counter = _Counter(job.watch, len(due))
    with Claims(job.store, clock) as claims, ThreadPoolExecutor(max_workers=job.hosts) as pool:
        turns = [
            pool.submit(_poll_in_turn, job, group, clock, counter, claims)
            for group in by_host.values()
        ]
    polled = [feed for turn in turns for feed in turn.result()]
    return sorted(polled, key=lambda polled_feed: polled_feed.feed.id)


def due_feeds(
    followed: Sequence[FollowedFeed], now: datetime, every: timedelta
) -> list[FollowedFeed]:
    return [
        feed for feed in followed if not feed.ended and poll_rules.is_due(feed.next_try, now, every)
    ]


class _Counter:
    def __init__(self, watch: Watch, total: int) -> None:
        self.watch, self.total, self.done = watch, total, 0
        self.lock = Lock()

    def one_more(self) -> None:
        with self.lock:
            self.done += 1
            self.watch(self.done, self.total)


def _poll_in_turn(
    job: ScanJob,
    group: Sequence[FollowedFeed],
    clock: Callable[[], datetime],
    counter: _Counter,
    claims: Claims,
) -> list[PolledFeed]:
    """The feeds of one host, one after the other."""
    polled: list[PolledFeed] = []
    for feed in group:
        if job.stop():
            break
        if job.dry_run or claims.take(feed):
            result = _poll_safely(job, feed, clock())
            if not job.dry_run:
                _store(job, result or PolledFeed(feed, "unchanged"), clock(), claims)
            polled += [result] if result else []
        counter.one_more()
    return polled


def _poll_safely(job: ScanJob, feed: FollowedFeed, now: datetime) -> PolledFeed | None:
    """A defect that one feed brings to light does not end the others.

    None where ``job.stop`` came in between: the feed is due as before.
    """
    with job.store.reading() as db:
        known = feeds.known_episodes(db, feed.id)
        others = frozenset(
            other.address for other in feeds.followed(db) if other.id != feed.id and not other.ended
        )
    try:
        return poll(job, feed, known, now, others)
    except StoreError:
        raise
    except Stopped:
        return None
    except Exception as error:
        log.exception("unexpected, at the feed %s", without_password(feed.url))
        return failed(job, feed, now, f"unexpected: {error!r:.200}")


def _store(job: ScanJob, polled: PolledFeed, now: datetime, claims: Claims) -> None:
    reads = [
        _as_read(polled.feed, taken.episode, taken.brief)
        for taken in polled.episodes
        if taken.brief
    ]

    def what_came_of_it(db: Connection) -> None:
        taken = [episode.row for episode in polled.episodes]
        feeds.save_episodes(db, polled.feed.id, [*taken, *polled.passed, *polled.late])
        feeds.keep_unread(db, polled.feed.id, polled.unread, now)
        archive.record(db, reads, now, local_date(now, job.timezone))

    claims.save(polled.feed, what_came_of_it)


def _as_read(feed: FollowedFeed, episode: Episode, brief: Brief) -> Read:
    """As a file is: its source is the feed's address, its path the guid."""
    short = episode.guid.isascii() and len(episode.guid) <= _LONGEST_PATH
    path = episode.guid if short else key(episode)
    return Read(path, len(episode.notes), 0, (brief,), source=feed.url)
