"""The podcast feeds that are followed, and what became of each of their episodes."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, delete, func, select, update

from newsletter.storage import archive
from newsletter.storage.database import chunks
from newsletter.storage.schema import episode as episodes
from newsletter.storage.schema import feed as feeds
from newsletter.storage.schema import unread as unreads
from newsletter.storage.sets import insert_new

EpisodeState = Literal["read", "empty", "waiting", "passed"]
"""Its brief is in the store; it holds no insight; its transcript is waited for; it is not taken."""

_KEPT_BYTES = 100_000
_KEPT_EACH = 5


@dataclass(frozen=True, slots=True)
class FollowedFeed:
    """A row of ``feed``. Of a feed that answers, ``failures`` is 0 and ``reason`` is empty,
    or says what is wrong with what it answered."""

    id: int
    url: str
    location: str
    configured: bool
    title: str
    etag: str
    last_modified: str
    body_hash: str
    checked_at: datetime | None
    succeeded_at: datetime | None
    next_try: datetime
    failures: int
    failing_since: datetime | None
    reason: str
    ended: bool

    @property
    def address(self) -> str:
        """Where it is fetched from."""
        return self.location or self.url


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """A row of ``episode``, without the id of its feed."""

    key: str
    title: str
    url: str
    published: date | None
    content_hash: str
    state: EpisodeState
    reason: str
    insights: int
    tries: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Unread:
    """What was fetched from ``url`` and cannot be read."""

    url: str
    reason: str
    body: bytes


def add(db: Connection, urls: Iterable[str], now: datetime, *, configured: bool = False) -> int:
    """How many of them were not followed yet. They are due at once."""
    before = db.scalar(select(func.count()).select_from(feeds)) or 0
    insert_new(db, feeds, [_new(url, now, configured=configured) for url in urls])
    return int(db.scalar(select(func.count()).select_from(feeds)) or 0) - int(before)


def _new(url: str, now: datetime, *, configured: bool) -> dict[str, Any]:
    values = asdict(new_feed(url, now, configured=configured))
    return {name: value for name, value in values.items() if name != "id"}


def new_feed(url: str, now: datetime, *, configured: bool = False) -> FollowedFeed:
    """As it is when nothing is known of it."""
    return FollowedFeed(
        id=0,
        url=url,
        location="",
        configured=configured,
        title="",
        etag="",
        last_modified="",
        body_hash="",
        checked_at=None,
        succeeded_at=None,
        next_try=now,
        failures=0,
        failing_since=None,
        reason="",
        ended=False,
    )


def followed(db: Connection) -> list[FollowedFeed]:
    return [_feed(row) for row in db.execute(select(feeds).order_by(feeds.c.id)).mappings()]


def find(db: Connection, feed_id: int) -> FollowedFeed | None:
    row = db.execute(select(feeds).where(feeds.c.id == feed_id)).mappings().one_or_none()
    return _feed(row) if row else None


def _feed(row: RowMapping) -> FollowedFeed:
    return FollowedFeed(**{column.name: row[column] for column in feeds.columns})


def save(db: Connection, feed: FollowedFeed, claimed: datetime | None = None) -> bool:
    """False where it was removed meanwhile, or is no longer ours until ``claimed``: it stays so."""
    values = {name: value for name, value in asdict(feed).items() if name != "id"}
    ours = [feeds.c.next_try == claimed] if claimed else []
    query = update(feeds).where(feeds.c.id == feed.id, *ours).values(**values)
    return bool(db.execute(query).rowcount)


def claim(db: Connection, feed: FollowedFeed, until: datetime) -> bool:
    """Whether it is ours to poll: another process that scans beside this one may have been first.

    Should we die, it is due again at ``until``.
    """
    unchanged = feeds.c.id == feed.id, feeds.c.next_try == feed.next_try
    return bool(db.execute(update(feeds).where(*unchanged).values(next_try=until)).rowcount)


def prolong(db: Connection, feed_id: int, claimed: datetime, until: datetime) -> None:
    """A feed that is ours until ``claimed`` is ours for longer; another's is left alone."""
    ours = feeds.c.id == feed_id, feeds.c.next_try == claimed
    db.execute(update(feeds).where(*ours).values(next_try=until))


def remove(db: Connection, feed: FollowedFeed) -> None:
    """The briefs of its episodes stay."""
    archive.forget(db, feed.url, list(archive.known(db, feed.url)))
    for table in (unreads, episodes):
        db.execute(delete(table).where(table.c.feed_id == feed.id))
    db.execute(delete(feeds).where(feeds.c.id == feed.id))


def known_episodes(db: Connection, feed_id: int) -> dict[str, EpisodeRow]:
    """By their keys."""
    query = select(episodes).where(episodes.c.feed_id == feed_id)
    columns = [column for column in episodes.columns if column.name != "feed_id"]
    rows = db.execute(query).mappings()
    return {
        row[episodes.c.key]: EpisodeRow(**{column.name: row[column] for column in columns})
        for row in rows
    }


def save_episodes(db: Connection, feed_id: int, rows: Sequence[EpisodeRow]) -> None:
    for batch in chunks(rows):
        keys = [row.key for row in batch]
        db.execute(delete(episodes).where(episodes.c.feed_id == feed_id, episodes.c.key.in_(keys)))
        db.execute(episodes.insert(), [{"feed_id": feed_id, **asdict(row)} for row in batch])


def keep_unread(db: Connection, feed_id: int, kept: Sequence[Unread], now: datetime) -> None:
    """The beginning of each, and of one feed the newest few."""
    for item in kept:
        mine = unreads.c.feed_id == feed_id
        db.execute(delete(unreads).where(mine, unreads.c.url == item.url))
        values = {"reason": item.reason, "size": len(item.body), "body": item.body[:_KEPT_BYTES]}
        db.execute(unreads.insert().values(feed_id=feed_id, url=item.url, at=now, **values))
        newest = select(unreads.c.url).where(mine).order_by(unreads.c.at.desc(), unreads.c.url)
        old = db.scalars(newest.offset(_KEPT_EACH)).all()
        db.execute(delete(unreads).where(mine, unreads.c.url.in_(old)))


def unread(db: Connection) -> Sequence[RowMapping]:
    """Rows of (url, at, reason, size), the newest first."""
    columns = unreads.c.url, unreads.c.at, unreads.c.reason, unreads.c.size
    return (
        db.execute(select(*columns).order_by(unreads.c.at.desc(), unreads.c.url)).mappings().all()
    )


def unread_body(db: Connection, url: str) -> bytes | None:
    body: bytes | None = db.scalar(select(unreads.c.body).where(unreads.c.url == url).limit(1))
    return body


def waiting_count(db: Connection) -> int:
    """How many episodes wait for their transcript, or for the model that writes."""
    waits = episodes.c.state == "waiting"
    return db.scalar(select(func.count()).select_from(episodes).where(waits)) or 0


def listed_episodes(db: Connection, most: int) -> dict[str, list[EpisodeRow]]:
    """By the feed's address: the newest ``most`` of those that were looked at."""
    listed: dict[str, list[EpisodeRow]] = {}
    for feed in followed(db):
        rows = [row for row in known_episodes(db, feed.id).values() if row.state != "passed"]
        rows.sort(key=lambda row: (row.published or row.changed_at.date(), row.title), reverse=True)
        listed[feed.url] = rows[:most]
    return listed
