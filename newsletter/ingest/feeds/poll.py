"""A poll of one feed: it is fetched, and what is new in it read. Nothing is written."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from newsletter.domain.due import local_date
from newsletter.domain.episode import Episode
from newsletter.domain.urls import without_password
from newsletter.ingest.feeds import poll_rules
from newsletter.ingest.feeds.connections import FetchFailed, Stopped
from newsletter.ingest.feeds.episodes import ReadEpisode, read_episode
from newsletter.ingest.feeds.fetch import Clocked, Fetched
from newsletter.ingest.feeds.parse import FeedRejected, parse
from newsletter.ingest.feeds.plan import (
    MOST_NEW,
    MOST_WAITS,
    Plan,
    episode_row,
    is_plausible,
    key,
    plan,
    postponed_row,
)
from newsletter.ingest.feeds.scan_job import Outcome, PolledFeed, ScanJob, TakenEpisode
from newsletter.storage.feeds import EpisodeRow, EpisodeState, FollowedFeed, Unread

CUT_OFF = "it was cut off in the middle; the episodes before the cut are read"
_LATE = "there was no time for it: it is read at the next poll"
_LONGEST_VALIDATOR = 500
_LONGEST_REASON = 500


def poll(
    job: ScanJob,
    feed: FollowedFeed,
    known: Mapping[str, EpisodeRow],
    now: datetime,
    others: Collection[str] = (),
) -> PolledFeed:
    """Fetch a feed and what its new episodes need. Writes nothing.

    ``others`` are the addresses of the other feeds that are followed: one that moved there is read
    there alone. Raises Stopped where ``job.stop`` came in between.
    """
    fetcher = Clocked(job.fetcher)
    if feed.location in others:
        return _merged(feed, now)
    try:
        fetched = fetcher.get(feed.address, feed.etag, feed.last_modified)
    except FetchFailed as error:
        wait = poll_rules.retry_after(error.retry_after, now)
        return failed(job, feed, now, str(error), wait, ended=error.status == 410)
    answered = _answered(job, feed, fetched, now)
    if answered.location in others:
        return _merged(answered, now)
    if fetched.body is None or feed.body_hash == answered.body_hash:
        return PolledFeed(answered, "unchanged")
    try:
        document = parse(fetched.body, fetched.url, fetched.charset)
    except FeedRejected as error:
        unread = (Unread(fetched.url, str(error), fetched.body),)
        return replace(failed(job, feed, now, str(error)), unread=unread)
    # At the first look nobody waits for the history.
    new = MOST_NEW if feed.succeeded_at else job.first
    planned = plan(document.episodes, known, new, now, job.every)
    answered = replace(answered, title=document.title)
    if document.cut_off:
        answered = replace(_asked_anew(answered), reason=CUT_OFF)
    return _read(job, fetcher, answered, planned, known, now)


def _read(
    job: ScanJob,
    fetcher: Clocked,
    feed: FollowedFeed,
    planned: Plan,
    known: Mapping[str, EpisodeRow],
    now: datetime,
) -> PolledFeed:
    taken: list[TakenEpisode] = []
    unread: list[Unread] = []
    for episode in planned.take:
        if taken and fetcher.seconds > job.patience:  # one at each poll: there is an end to it
            break
        if job.stop():
            raise Stopped
        taken_episode, read = _take(job, fetcher, episode, known.get(key(episode)), now)
        taken.append(taken_episode)
        unread += read.unread
    left = planned.take[len(taken) :]
    late = tuple(postponed_row(one, now, _LATE) for one in left if key(one) not in known)
    rows = {**known, **{episode.row.key: episode.row for episode in taken}}
    if left or planned.later or any(row.state == "waiting" for row in rows.values()):
        feed = _asked_anew(feed)
    if left:
        feed = replace(feed, reason=_out_of_time(job, feed, len(left)))
    passed = tuple(episode_row(episode, None, now, "passed") for episode in planned.pass_over)
    outcome: Outcome = "changed" if taken or passed else "unchanged"
    return PolledFeed(feed, outcome, tuple(taken), passed, late, tuple(unread))


def _out_of_time(job: ScanJob, feed: FollowedFeed, left: int) -> str:
    """And what was wrong with the feed before."""
    wait = "episode waits" if left == 1 else "episodes wait"
    late = f"its servers took more than {job.patience:g} seconds: {left} {wait} for the next poll"
    return "; ".join(filter(None, (feed.reason, late)))


def _asked_anew(feed: FollowedFeed) -> FollowedFeed:
    """The next poll has the whole feed, though it be the same."""
    return replace(feed, etag="", last_modified="", body_hash="")


def _take(
    job: ScanJob, fetcher: Clocked, episode: Episode, row: EpisodeRow | None, now: datetime
) -> tuple[TakenEpisode, ReadEpisode]:
    if not is_plausible(episode.published, local_date(now, job.timezone)):
        episode = replace(episode, published=None)
    patient = (row.tries if row else 0) + 1 < MOST_WAITS
    read = read_episode(episode, fetcher, job.writer, patient=patient)
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


def failed(
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
