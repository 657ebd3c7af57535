"""The feeds that are due are polled, and the briefs of their new episodes put into the store."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Literal

from newsletter.domain.due import local_date
from newsletter.domain.episode import Episode
from newsletter.domain.errors import StoreError
from newsletter.domain.model import Brief
from newsletter.domain.urls import host_of, without_password
from newsletter.ingest.episode_brief import InsightWriter
from newsletter.ingest.feeds import poll_rules
from newsletter.ingest.feeds.claims import Claims
from newsletter.ingest.feeds.connections import FetchFailed
from newsletter.ingest.feeds.episodes import ReadEpisode, read_episode
from newsletter.ingest.feeds.fetch import Fetched, Fetches
from newsletter.ingest.feeds.parse import FeedRejected, parse
from newsletter.ingest.feeds.plan import (
    MOST_NEW,
    MOST_WAITS,
    Plan,
    episode_row,
    is_plausible,
    key,
    plan,
)
from newsletter.storage import Connection, Store, archive, feeds
from newsletter.storage.archive import Read
from newsletter.storage.feeds import EpisodeRow, EpisodeState, FollowedFeed, Unread

log = logging.getLogger("newsletter")

Watch = Callable[[int, int], None]
"""Told how many are done, of how many."""

Outcome = Literal["changed", "unchanged", "failed", "ended"]

CUT_OFF = "it was cut off in the middle; the episodes before the cut are read"
_LONGEST_VALIDATOR = 500
_LONGEST_PATH = 300
_LONGEST_REASON = 500


@dataclass(frozen=True)
class ScanJob:
    """``every`` lies between two polls of a feed; ``first`` episodes are taken at the first look.

    ``hosts`` are asked at the same time, each over one connection. ``only``: of these ids.
    """

    store: Store
    fetcher: Fetches
    every: timedelta
    first: int
    timezone: str
    writer: InsightWriter | None
    hosts: int
    stop: Callable[[], bool]
    watch: Watch
    dry_run: bool = False
    only: Collection[int] | None = None


@dataclass(frozen=True, slots=True)
class TakenEpisode:
    """An episode that was read, what is remembered of it, and what came of it."""

    episode: Episode
    row: EpisodeRow
    brief: Brief | None


@dataclass(frozen=True, slots=True)
class PolledFeed:
    """``feed`` is the row as it is from now on; ``passed`` are remembered and never read."""

    feed: FollowedFeed
    outcome: Outcome
    episodes: tuple[TakenEpisode, ...] = ()
    passed: tuple[EpisodeRow, ...] = ()
    unread: tuple[Unread, ...] = ()


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
    """A defect that one feed brings to light does not end the others."""
    with job.store.reading() as db:
        known = feeds.known_episodes(db, feed.id)
        others = frozenset(
            other.address for other in feeds.followed(db) if other.id != feed.id and not other.ended
        )
    try:
        return poll(job, feed, known, now, others)
    except StoreError:
        raise
    except Exception as error:
        log.exception("unexpected, at the feed %s", without_password(feed.url))
        return _failed(job, feed, now, f"unexpected: {error!r:.200}")


def poll(
    job: ScanJob,
    feed: FollowedFeed,
    known: Mapping[str, EpisodeRow],
    now: datetime,
    others: Collection[str] = (),
) -> PolledFeed | None:
    """Fetch a feed and what its new episodes need. Writes nothing.

    ``others`` are the addresses of the other feeds that are followed: one that moved there is read
    there alone. None where ``job.stop`` came in between: it is due as before.
    """
    if feed.location in others:
        return _merged(feed, now)
    try:
        fetched = job.fetcher.get(feed.address, feed.etag, feed.last_modified)
    except FetchFailed as error:
        wait = poll_rules.retry_after(error.retry_after, now)
        return _failed(job, feed, now, str(error), wait, ended=error.status == 410)
    answered = _answered(job, feed, fetched, now)
    if answered.location in others:
        return _merged(answered, now)
    if fetched.body is None or feed.body_hash == answered.body_hash:
        return PolledFeed(answered, "unchanged")
    try:
        document = parse(fetched.body, fetched.url, fetched.charset)
    except FeedRejected as error:
        failed = _failed(job, feed, now, str(error))
        return replace(failed, unread=(Unread(fetched.url, str(error), fetched.body),))
    # At the first look nobody waits for the history.
    new = MOST_NEW if feed.succeeded_at else job.first
    planned = plan(document.episodes, known, new, now, job.every)
    answered = replace(answered, title=document.title)
    if document.cut_off:
        answered = replace(_asked_anew(answered), reason=CUT_OFF)
    return _read(job, answered, planned, known, now)


def _read(
    job: ScanJob,
    feed: FollowedFeed,
    planned: Plan,
    known: Mapping[str, EpisodeRow],
    now: datetime,
) -> PolledFeed | None:
    taken: list[TakenEpisode] = []
    unread: list[Unread] = []
    for episode in planned.take:
        if job.stop():
            return None
        taken_episode, read = _take(job, episode, known.get(key(episode)), now)
        taken.append(taken_episode)
        unread += read.unread
    rows = {**known, **{episode.row.key: episode.row for episode in taken}}
    if any(row.state == "waiting" for row in rows.values()):
        feed = _asked_anew(feed)
    passed = tuple(episode_row(episode, None, now, "passed") for episode in planned.pass_over)
    outcome: Outcome = "changed" if taken or passed else "unchanged"
    return PolledFeed(feed, outcome, tuple(taken), passed, tuple(unread))


def _asked_anew(feed: FollowedFeed) -> FollowedFeed:
    """The next poll has the whole feed, though it be the same."""
    return replace(feed, etag="", last_modified="", body_hash="")


def _take(
    job: ScanJob, episode: Episode, row: EpisodeRow | None, now: datetime
) -> tuple[TakenEpisode, ReadEpisode]:
    if not is_plausible(episode.published, local_date(now, job.timezone)):
        episode = replace(episode, published=None)
    patient = (row.tries if row else 0) + 1 < MOST_WAITS
    read = read_episode(episode, job.fetcher, job.writer, patient=patient)
    state: EpisodeState = "read" if read.brief else "waiting" if read.waits else "empty"
    insights = len(read.brief.mentions) if read.brief else 0
    after = episode_row(episode, row, now, state, reason=read.reason, insights=insights)
    return TakenEpisode(episode, after, read.brief), read


def _answered(job: ScanJob, feed: FollowedFeed, fetched: Fetched, now: datetime) -> FollowedFeed:
    changed = fetched.body is not None
    headers = fetched.headers
    return replace(
        feed,
        location=fetched.moved or feed.location,
        etag=_validator(headers, "etag") if changed else feed.etag,
        last_modified=_validator(headers, "last-modified") if changed else feed.last_modified,
        body_hash=sha256(fetched.body).hexdigest() if fetched.body is not None else feed.body_hash,
        checked_at=now,
        succeeded_at=now,
        next_try=poll_rules.after_success(now, job.every, headers),
        failures=0,
        failing_since=None,
        reason="",
    )


def _validator(headers: Mapping[str, str], name: str) -> str:
    """Sent back as it came; what could not be is left out."""
    value = headers.get(name, "")
    return (
        value if value.isascii() and value.isprintable() and len(value) < _LONGEST_VALIDATOR else ""
    )


def _merged(feed: FollowedFeed, now: datetime) -> PolledFeed:
    """It ends here. Its location is forgotten, or the feed there could not be told from it."""
    there = without_password(feed.location)
    ended = replace(
        feed,
        location="",
        checked_at=now,
        failures=0,
        failing_since=None,
        reason=f"it moved to {there}, which is followed already: read there"[:_LONGEST_REASON],
        ended=True,
    )
    return PolledFeed(ended, "ended")


def _failed(
    job: ScanJob,
    feed: FollowedFeed,
    now: datetime,
    reason: str,
    wait: timedelta | None = None,
    *,
    ended: bool = False,
) -> PolledFeed:
    failures = feed.failures + 1
    row = replace(
        feed,
        checked_at=now,
        next_try=poll_rules.after_failure(now, job.every, failures, feed.url, wait),
        failures=failures,
        failing_since=feed.failing_since or now,
        reason=reason[:_LONGEST_REASON],  # a server may say anything
        ended=ended,
    )
    return PolledFeed(row, "ended" if ended else "failed")


def _store(job: ScanJob, polled: PolledFeed, now: datetime, claims: Claims) -> None:
    reads = [
        _as_read(polled.feed, taken.episode, taken.brief)
        for taken in polled.episodes
        if taken.brief
    ]

    def what_came_of_it(db: Connection) -> None:
        feeds.save_episodes(db, polled.feed.id, [taken.row for taken in polled.episodes])
        feeds.save_episodes(db, polled.feed.id, polled.passed)
        feeds.keep_unread(db, polled.feed.id, polled.unread, now)
        archive.record(db, reads, now, local_date(now, job.timezone))

    claims.save(polled.feed, what_came_of_it)


def _as_read(feed: FollowedFeed, episode: Episode, brief: Brief) -> Read:
    """As a file is: its source is the feed's address, its path the guid."""
    short = episode.guid.isascii() and len(episode.guid) <= _LONGEST_PATH
    path = episode.guid if short else key(episode)
    return Read(path, len(episode.notes), 0, (brief,), source=feed.url)
