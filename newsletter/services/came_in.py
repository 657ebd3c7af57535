"""What came in, for the operator: files and feeds, what was rejected, what was left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.domain.errors import NotFound
from newsletter.storage import Store, feeds, files
from newsletter.storage.feeds import FollowedFeed

_MOST_EPISODES = 60

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class FilePage:
    """``total`` counts all rows that match, a row for each episode, and ``files`` their files;
    ``rejected`` those of all files."""

    rows: Sequence[Row]
    total: int
    files: int
    rejected: int


@dataclass(frozen=True)
class FileStory:
    """A file, or an episode of it: its row, with its brief's; ``dropped`` are (line, text)."""

    row: Row
    insights: Sequence[Row]
    dropped: Sequence[tuple[int, str]]


@dataclass(frozen=True)
class FeedStory:
    feed: FollowedFeed
    episodes: Sequence[Row]
    counts: Mapping[str, int]


def files_read(store: Store, most: int, skipped: int, words: str, *, rejected: bool) -> FilePage:
    """``words`` are parts of the path."""
    with store.reading() as db:
        return FilePage(
            files.listed(db, most, skipped, words, rejected=rejected),
            files.count(db, words, rejected=rejected),
            files.count_files(db, words, rejected=rejected),
            files.count(db, rejected=True),
        )


def file_story(store: Store, source: str, path: str, part: str = "") -> FileStory:
    """Raises NotFound."""
    with store.reading() as db:
        row = files.find(db, source, path, part)
        if row is None:
            raise NotFound(f"no file {path} was read", "see the list of files")
        held = files.insights_of(db, row["brief_id"]) if row["brief_id"] is not None else ()
    return FileStory(row, held, [(line, text) for line, text in row["dropped"]])


def followed(store: Store) -> Sequence[FollowedFeed]:
    """Those that fail or have ended first, then by their titles."""
    with store.reading() as db:
        return sorted(
            feeds.followed(db),
            key=lambda feed: (not (feed.ended or feed.failures), feed.title.casefold(), feed.url),
        )


def feed_story(store: Store, feed_id: int) -> FeedStory:
    """Raises NotFound."""
    with store.reading() as db:
        feed = feeds.find(db, feed_id)
        if feed is None:
            raise NotFound("this feed is not followed any more")
        return FeedStory(
            feed,
            files.episodes_of(db, feed_id, _MOST_EPISODES),
            files.episode_counts(db, feed_id),
        )


def unreadable(store: Store) -> Sequence[Row]:
    """What was fetched and cannot be read: (url, at, reason, size), the newest first."""
    with store.reading() as db:
        return feeds.unread(db)
