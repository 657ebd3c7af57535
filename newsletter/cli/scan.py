"""``newsletter scan``: the podcast feeds that are due, and the briefs of their new episodes."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from newsletter.bootstrap import App
from newsletter.bootstrap.sources import scan as scan_feeds
from newsletter.cli.output import progress, say, say_json
from newsletter.cli.send import stop_on_signals
from newsletter.domain.text import counted
from newsletter.domain.urls import without_password

if TYPE_CHECKING:
    from newsletter.ingest.feeds.scan_job import PolledFeed, TakenEpisode


def scan(app: App, args: Namespace) -> int:
    """Exit code 1 where a feed fails: the others were read all the same."""
    stop = stop_on_signals()
    with progress("scanning", quiet=args.json) as watch:
        polled, cost = scan_feeds(app, stop.is_set, watch, dry_run=args.dry_run)
    if args.json:
        costs = {**asdict(cost), "price": round(cost.price, 4)} if cost else None
        say_json({"feeds": [polled_as_json(feed) for feed in polled], "cost": costs})
    else:
        _print(polled, dry_run=args.dry_run)
        if cost and cost.calls:
            say(f"To have insights written: {cost}")
    return 1 if any(feed.outcome == "failed" for feed in polled) else 0


def _print(polled: "Sequence[PolledFeed]", *, dry_run: bool) -> None:
    episodes = [episode for feed in polled for episode in feed.episodes]
    insights = sum(episode.row.insights for episode in episodes)
    failed = sum(feed.outcome == "failed" for feed in polled)
    would = "; nothing was written" if dry_run else ""
    if not polled:
        say(f"no feed is due: `newsletter sources list` says when each is{would}")
        return
    say(
        f"{counted(len(polled), 'feed')} polled, {failed} failed:"
        f" {counted(len(episodes), 'episode')} read, {counted(insights, 'insight')}{would}"
    )
    for result in polled:
        if reason := result.feed.reason:
            state = result.outcome if result.outcome in ("failed", "ended") else "faulty"
            say(f"  {state:<9}{without_password(result.feed.url)}: {reason}")
        for episode in result.episodes:
            say(f"  {episode.row.state:<9}{result.feed.title}: {episode_line(episode)}")


def episode_line(episode: "TakenEpisode") -> str:
    """Its title, and what came of it."""
    row = episode.row
    if episode.brief is None:
        return f"{row.title}: {row.reason}"
    origins = dict.fromkeys(mention.origin for mention in episode.brief.mentions)
    return f"{row.title}: {counted(row.insights, 'insight')} ({', '.join(origins)})"


def polled_as_json(polled: "PolledFeed") -> dict[str, Any]:
    feed = polled.feed
    return {
        "url": without_password(feed.url),
        "title": feed.title,
        "outcome": polled.outcome,
        "reason": feed.reason or None,
        "next_try": None if feed.ended else feed.next_try,
        "episodes": [episode_as_json(episode) for episode in polled.episodes],
    }


def episode_as_json(episode: "TakenEpisode") -> dict[str, Any]:
    row, mentions = episode.row, episode.brief.mentions if episode.brief else ()
    return {
        "title": row.title,
        "url": row.url or None,
        "published": row.published,
        "state": row.state,
        "reason": row.reason or None,
        "transcripts": [link.media_type for link in episode.episode.transcripts],
        "insights": [{"text": mention.text, "origin": mention.origin} for mention in mentions],
    }
