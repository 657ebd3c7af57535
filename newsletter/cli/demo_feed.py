"""The part of ``newsletter demo`` about podcasts: a bundled feed becomes an issue, offline."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules, house_subscriber
from newsletter.bootstrap.rendering import branding
from newsletter.bootstrap.sources import scan_job
from newsletter.cli.output import say, table
from newsletter.cli.scan import episode_line
from newsletter.composing.draft import draft
from newsletter.domain.deep_links import at_second
from newsletter.domain.model import Issue
from newsletter.domain.text import headline
from newsletter.ingest.feeds.connections import FetchFailed
from newsletter.ingest.feeds.fetch import Fetched
from newsletter.ingest.feeds.scan import scan
from newsletter.ingest.feeds.scan_job import PolledFeed
from newsletter.rendering.rendered_email import render_email
from newsletter.services import sources
from newsletter.services.secret import write_private

_FEED = "https://slow-grid.example/feed.xml"
_LAST_SAMPLE = date(2026, 3, 14)


class _Bundled:
    """Answers for the feed's host with the samples; their dates are shifted to end today."""

    def __init__(self, today: date) -> None:
        self.by = today - _LAST_SAMPLE

    def get(self, url: str, _etag: str = "", _last_modified: str = "") -> Fetched:
        sample = files("newsletter") / "samples" / "feed" / Path(urlsplit(url).path).name
        if not sample.is_file():
            raise FetchFailed(f"{url} is not bundled", lasting=True)
        text = sample.read_text(encoding="utf-8")
        return Fetched(url, re.sub(r"(?<=<pubDate>)[\d-]{10}", self._later, text).encode())

    def _later(self, day: re.Match[str]) -> str:
        return str(date.fromisoformat(day[0]) + self.by)


def show_feed(app: App, today: date) -> None:
    """Follow the feed, scan it and render the issue that its insights make, in ``app``'s folder."""
    evening = datetime.combine(today, time(18), UTC)
    sources.add(app.store, _FEED, evening)
    job = scan_job(app, lambda: False, lambda _done, _total: None)
    polled = scan(replace(job, fetcher=_Bundled(today)), lambda: evening)
    reader = house_subscriber(app.settings)
    issue = draft(compose_rules(app), evening, reader, today, house=True).issue
    page = app.path.parent / "issue.html"
    write_private(page, render_email(issue, reader, branding(app)).html)
    _print(polled, issue, page)


def _print(polled: Sequence[PolledFeed], issue: Issue, page: Path) -> None:
    say(f"A podcast by its feed, {polled[0].feed.title} (bundled, so nothing is fetched):")
    rows = [
        (episode.row.state, headline(episode_line(episode), 90)) for episode in polled[0].episodes
    ]
    table(rows, indent="  ")
    say("Its insights in an issue, each with a link to the second:")
    picks = [
        (
            pick.citation.origin,
            headline(pick.text, 50),
            at_second(pick.citation.url, pick.citation.at),
        )
        for pick in issue.picks
    ]
    table(picks, indent="  ")
    say(f"  {page}")
    say()
