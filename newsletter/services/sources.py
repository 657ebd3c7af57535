"""The podcasts that are followed: added, listed, removed.

The database is the one truth of which feeds are followed. Those of ``sources.feeds`` are entered
into it, and taken out again when they are gone from there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter.domain.errors import UsageError
from newsletter.domain.urls import feed_address, without_password
from newsletter.storage import Store, feeds
from newsletter.storage.feeds import FollowedFeed

if TYPE_CHECKING:
    from newsletter.ingest.feeds.opml import Opml

_LARGEST_OPML = 20_000_000


@dataclass(frozen=True, slots=True)
class Added:
    """``urls`` are all that were named, ``new`` how many of them were not followed before.

    ``cut_off``: the file that named them has no end.
    """

    urls: Sequence[str]
    new: int
    cut_off: bool = False


def add(store: Store, named: str, now: datetime) -> Added:
    """``named`` is a feed's address, or an OPML file. A feed that ended or fails is due at once.

    Raises UsageError for neither, and for the address of an OPML file.
    """
    opml = None if (url := feed_address(named)) else _of_file(named)
    urls = opml.feeds if opml else [_of_feed(url)]
    with store.writing() as db:
        followed = feeds.followed(db)
        locations = {feed.location for feed in followed}
        new = feeds.add(db, [url for url in urls if url not in locations], now)
        for feed in followed:
            if feed.url in urls and (feed.ended or feed.failures):
                location = "" if feed.ended else feed.location
                feeds.save(db, replace(feed, ended=False, next_try=now, location=location))
    return Added(urls, new, cut_off=bool(opml and opml.cut_off))


def _of_feed(url: str) -> str:
    """What is OPML by another name is told by the first scan."""
    if urlsplit(url).path.lower().endswith(".opml"):
        raise UsageError(
            f"{without_password(url)} is an OPML file by its name, a list of feeds and no feed",
            "download it, and name the file: newsletter sources add FILE",
        )
    return url


def _of_file(named: str) -> "Opml":
    from newsletter.ingest.feeds.opml import feeds_of_opml

    if not named.strip():
        raise UsageError("the address is empty", "write https://example.org/feed.xml")
    path = Path(named)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{named} is no file")
        if path.stat().st_size > _LARGEST_OPML:
            raise UsageError(
                f"{named} is larger than {_LARGEST_OPML:,} bytes: that is no OPML file"
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "no such file"
        raise UsageError(
            f"{named} is neither an address nor a file ({problem})",
            "write https://example.org/feed.xml, or the name of an OPML file",
        ) from error
    return feeds_of_opml(data, named)


def follow_configured(store: Store, configured: Iterable[str], now: datetime) -> None:
    """Make the feeds of the configuration, and only those of them, followed."""
    wanted = set(filter(None, map(feed_address, configured)))
    with store.reading() as db:
        present = {feed.url: feed for feed in feeds.followed(db)}
    kept = {url for url, feed in present.items() if feed.configured}
    if wanted == kept:
        return
    with store.writing() as db:
        feeds.add(db, sorted(wanted - set(present)), now, configured=True)
        for url in sorted(wanted & set(present) - kept):
            feeds.save(db, replace(present[url], configured=True))
        for url in sorted(kept - wanted):
            feeds.remove(db, present[url])


def remove(store: Store, url: str) -> FollowedFeed:
    """Raises UsageError where it is not followed, or stands in the configuration."""
    with store.writing() as db:
        feed = find(feeds.followed(db), url)
        if feed.configured:
            raise UsageError(f"{url} stands in sources.feeds", "remove it there")
        feeds.remove(db, feed)
    return feed


def find(followed: Iterable[FollowedFeed], url: str) -> FollowedFeed:
    """By the address that it was added with, or that it has now. Raises UsageError."""
    # What is no address gives "", and so does the location of a feed that never moved.
    wanted = {url, feed_address(url)} - {""}
    for feed in followed:
        if wanted & {feed.url, feed.location, without_password(feed.url)}:
            return feed
    raise UsageError(f"{url} is not followed", "`newsletter sources list` says what is")
