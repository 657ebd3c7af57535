"""What a scan is given, and what it tells of each feed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from newsletter.domain.episode import Episode
from newsletter.domain.model import Brief
from newsletter.ingest.episode_brief import InsightWriter
from newsletter.ingest.feeds.fetch import Fetches
from newsletter.storage import Store
from newsletter.storage.feeds import EpisodeRow, FollowedFeed, Unread

Watch = Callable[[int, int], None]
"""Told how many are done, of how many."""

Outcome = Literal["changed", "unchanged", "failed", "ended"]


@dataclass(frozen=True)
class ScanJob:
    """``every`` lies between two polls of a feed; ``first`` episodes are taken at the first look.

    ``hosts`` are asked at the same time, each over one connection. ``only``: of these ids.
    Once its servers took ``patience`` seconds, what is left of a feed waits for its next poll.
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
    patience: float = 120.0


@dataclass(frozen=True, slots=True)
class TakenEpisode:
    """An episode that was read, what is remembered of it, and what came of it."""

    episode: Episode
    row: EpisodeRow
    brief: Brief | None


@dataclass(frozen=True, slots=True)
class PolledFeed:
    """``feed`` is the row as it is from now on; ``passed`` are remembered and never read, ``late``
    are new and read at the next poll."""

    feed: FollowedFeed
    outcome: Outcome
    episodes: tuple[TakenEpisode, ...] = ()
    passed: tuple[EpisodeRow, ...] = ()
    late: tuple[EpisodeRow, ...] = ()
    unread: tuple[Unread, ...] = ()
