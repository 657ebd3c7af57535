"""Which episodes of a feed are read now, and which never. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from newsletter.domain.episode import Episode
from newsletter.domain.model import digest
from newsletter.storage.feeds import EpisodeRow, EpisodeState

MOST_NEW = 20
"""New episodes that are taken at once: a feed that gives all its items new guids has no more."""
_MOST_AGAIN = 20
"""Known episodes that are read again at once: a feed may edit the notes of hundreds."""
MOST_WAITS = 6
"""Times that an episode is read in vain: with the waits in between, for a day and a quarter."""
_MOST_READS = 10
"""Of one episode: some feeds write other notes at each request."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``take`` are read: what is new, the newest first, then what is read again. ``pass_over`` are
    only remembered; ``later`` are read again at the next polls."""

    take: Sequence[Episode]
    pass_over: Sequence[Episode]
    later: Sequence[Episode] = ()


def plan(
    episodes: Sequence[Episode],
    known: Mapping[str, EpisodeRow],
    new: int,
    now: datetime,
    every: timedelta,
) -> Plan:
    """``episodes`` are sorted, the newest first; of those that are new, at most ``new`` are taken.

    What waits is read again after ``every``, then after twice the time, and so on. Of what is read
    again, what was left alone for longest comes first: each has its turn.
    """
    unknown = [episode for episode in episodes if key(episode) not in known]
    repeated = [
        episode
        for episode in episodes
        if (row := known.get(key(episode))) and _is_read_again(episode, row, now, every)
    ]
    repeated.sort(key=lambda episode: _last_read(known[key(episode)]))
    take = [*unknown[:new], *repeated[:_MOST_AGAIN]]
    return Plan(take, unknown[new:], repeated[_MOST_AGAIN:])


def _last_read(row: EpisodeRow) -> tuple[datetime, int]:
    """Of two that were looked at in one poll, one may not have been come to."""
    return row.changed_at, row.tries


def _is_read_again(episode: Episode, row: EpisodeRow, now: datetime, every: timedelta) -> bool:
    if row.state == "passed" or row.tries >= _MOST_READS:
        return False
    if row.content_hash != content_hash(episode):
        return True
    return row.state == "waiting" and now >= row.changed_at + every * (2**row.tries // 2)


def key(episode: Episode) -> str:
    return digest(episode.guid)


def content_hash(episode: Episode) -> str:
    """Of all that its brief is made from; a token in the address of a transcript is not."""
    transcripts = (urlsplit(link.url).path + link.media_type for link in episode.transcripts)
    chapters = (f"{chapter.start} {chapter.title}" for chapter in episode.chapters)
    about = episode.title, episode.notes, urlsplit(episode.chapters_url).path
    return digest(*about, *transcripts, "", *chapters)


def episode_row(
    episode: Episode,
    row: EpisodeRow | None,
    now: datetime,
    state: EpisodeState,
    *,
    reason: str = "",
    insights: int = 0,
) -> EpisodeRow:
    """What is remembered of it, after one more reading."""
    return EpisodeRow(
        key=key(episode),
        title=episode.title,
        url=episode.url,
        published=episode.published,
        content_hash=content_hash(episode),
        state=state,
        reason=reason,
        insights=insights,
        tries=(row.tries if row else 0) + (state != "passed"),
        changed_at=now,
    )


def postponed_row(episode: Episode, now: datetime, reason: str) -> EpisodeRow:
    """Of one that is new and was not come to: it waits, and was not tried yet."""
    return replace(episode_row(episode, None, now, "waiting", reason=reason), tries=0)


def is_plausible(published: date | None, today: date) -> bool:
    """A date in the future is a mistake, or of a zone where it is tomorrow."""
    return published is not None and (published - today).days <= 1
