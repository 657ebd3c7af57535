"""``newsletter sources``: which podcasts are followed, and how each of them does."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from newsletter.bootstrap import App
from newsletter.bootstrap.sources import follow, scan_job, why_not_fetched
from newsletter.cli.output import say, say_bytes, say_json, table, warn
from newsletter.cli.scan import episode_line, polled_as_json
from newsletter.domain.errors import UsageError
from newsletter.domain.text import counted
from newsletter.domain.urls import feed_address, without_password
from newsletter.services import sources
from newsletter.services.wording import feed_state, local_time
from newsletter.storage import feeds
from newsletter.storage.feeds import EpisodeRow, FollowedFeed

if TYPE_CHECKING:
    from newsletter.ingest.feeds.scan_job import PolledFeed, TakenEpisode

_MOST_EPISODES = 10
_CUT_OFF = (
    "the file was cut off in the middle; the feeds before the cut are added: save it once more, and"
    " add it again"
)


def add(app: App, args: Namespace) -> int:
    added = sources.add(app.store, args.source, app.clock())
    named = len(added.urls)
    if feed_address(args.source) and (problem := why_not_fetched(app, added.urls[0])):
        warn(problem)
    if added.cut_off:
        warn(_CUT_OFF)
    if args.json:
        urls = [without_password(url) for url in added.urls]
        say_json({"new": added.new, "known": named - added.new, "feeds": urls})
        return 0
    known = f", {named - added.new} followed before" if named > added.new else ""
    say(f"{counted(added.new, 'feed')} added{known}; `newsletter scan` and `run` read them")
    return 0


def list_(app: App, args: Namespace) -> int:
    follow(app)
    with app.store.reading() as db:
        followed = feeds.followed(db)
        episodes = feeds.listed_episodes(db, _MOST_EPISODES) if args.episodes else {}
    if args.json:
        say_json([_as_json(feed, episodes.get(feed.url)) for feed in followed])
    elif followed:
        for feed in followed:
            say(_line(app, feed))
            _print_episodes(episodes.get(feed.url, ()))
    else:
        say("none yet: newsletter sources add URL")
    return 0


def _line(app: App, feed: FollowedFeed) -> str:
    title = f"  {feed.title}" if feed.title else ""
    return (
        f"{without_password(feed.url)}{title}  {feed_state(feed, app.settings.newsletter.timezone)}"
    )


def _print_episodes(rows: Sequence[EpisodeRow]) -> None:
    cells = [
        (
            str(row.published or ""),
            row.state,
            row.title,
            row.reason or counted(row.insights, "insight"),
        )
        for row in rows
    ]
    table(cells, indent="  ")


def _as_json(feed: FollowedFeed, episodes: Sequence[EpisodeRow] | None) -> dict[str, Any]:
    """``episodes`` only where they were asked for."""
    listed = [
        {
            "title": row.title,
            "url": row.url or None,
            "published": row.published,
            "state": row.state,
            "reason": row.reason or None,
            "insights": row.insights,
        }
        for row in episodes or ()
    ]
    state = "ended" if feed.ended else "failing" if feed.failures else "followed"
    return {
        "url": without_password(feed.url),
        "location": without_password(feed.location) or None,
        "title": feed.title,
        "configured": feed.configured,
        "state": state,
        "reason": feed.reason or None,
        "failures": feed.failures,
        "failing_since": feed.failing_since,
        "checked_at": feed.checked_at,
        "next_try": None if feed.ended else feed.next_try,
        **({} if episodes is None else {"episodes": listed}),
    }


def remove(app: App, args: Namespace) -> int:
    feed = sources.remove(app.store, args.url)
    if args.json:
        say_json({"url": without_password(feed.url), "result": "removed"})
    else:
        say(f"{without_password(feed.url)} is followed no more; its briefs stay")
    return 0


def check(app: App, args: Namespace) -> int:
    """Reads the feed and its newest episode as a first look would, and writes nothing."""
    from newsletter.ingest.feeds.poll import poll

    job = replace(scan_job(app, lambda: False, lambda *_: None, dry_run=True), first=1)
    now = app.clock()
    polled = [poll(job, feeds.new_feed(url, now), {}, now) for url in _checked(app, args.url)]
    if args.json:
        say_json([_checked_as_json(feed) for feed in polled])
    else:
        for feed in polled:
            _print_checked(feed)
    return 1 if any(feed.outcome in ("failed", "ended") for feed in polled) else 0


def _checked(app: App, named: str | None) -> list[str]:
    """The address that was named, or all that are followed."""
    if named is None:
        with app.store.reading() as db:
            return [feed.address for feed in feeds.followed(db)]
    if not (url := feed_address(named)):
        raise UsageError(f"{named} is no address", "write https://example.org/feed.xml")
    return [url]


def _checked_as_json(polled: "PolledFeed") -> dict[str, Any]:
    left_out = sum(_left_out(episode) for episode in polled.episodes)
    return {**polled_as_json(polled), "items": _items(polled), "left_out": left_out}


def _left_out(episode: "TakenEpisode") -> int:
    from newsletter.ingest.takeaways import left_out

    return left_out(episode.episode)


def _items(polled: "PolledFeed") -> int:
    return len(polled.episodes) + len(polled.passed)


def _print_checked(polled: "PolledFeed") -> None:
    feed = polled.feed
    if polled.outcome in ("failed", "ended"):
        say(f"{without_password(feed.url)}: {feed.reason}")
        return
    say(f"{feed.title or without_password(feed.url)}: {counted(_items(polled), 'episode')}")
    if feed.reason:
        say(f"  faulty       {feed.reason}")
    if feed.location:
        say(f"  moved to {without_password(feed.location)}")
    for episode in polled.episodes:
        types = [link.media_type or "of unknown type" for link in episode.episode.transcripts]
        say(f"  newest       {episode.row.published or 'no date'}  {episode_line(episode)}")
        say(f"  transcripts  {', '.join(types) or 'none'}")
        for mention in episode.brief.mentions if episode.brief else ():
            say(f"  {mention.origin:<13}{mention.text}")
        if count := _left_out(episode):
            say(f"  left out     {counted(count, 'item')} of the notes: no statement by itself")


def unread(app: App, args: Namespace) -> int:
    """Lists what was fetched and cannot be read, or writes the beginning of one of them."""
    if args.url:
        with app.store.reading() as db:
            body = feeds.unread_body(db, args.url)
        if body is None:
            raise UsageError(f"nothing is kept of {args.url}", "see `newsletter sources unread`")
        say_bytes(body)
        return 0
    with app.store.reading() as db:
        rows = feeds.unread(db)
    if args.json:
        say_json([dict(row) for row in rows])
    elif rows:
        zone = app.settings.newsletter.timezone
        cells = [
            (local_time(row["at"], zone), f"{row['size']:,}", row["url"], row["reason"])
            for row in rows
        ]
        table(cells)
    else:
        say("all that was fetched could be read")
    return 0
