"""``newsletter demo``: a week replayed on the bundled samples, into a fresh folder.

The samples' dates are shifted so that their last day is today; each morning that day's files
arrive, issues are composed for three readers, and the messages land in a folder.
"""

import re
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import count
from pathlib import Path
from shlex import join
from threading import Event

from newsletter.bootstrap import App
from newsletter.bootstrap.composing import compose_rules
from newsletter.bootstrap.delivery import delivery_context
from newsletter.bootstrap.ingest import ingest_job
from newsletter.bootstrap.rendering import branding
from newsletter.cli.demo_feed import show_feed
from newsletter.cli.output import progress, say, table
from newsletter.cli.setup import create_newsletter
from newsletter.composing.draft import draft
from newsletter.domain.due import due_at, local_date
from newsletter.domain.model import Issue, Subscriber
from newsletter.domain.text import headline
from newsletter.ingest.ingest import ingest_sources
from newsletter.rendering.rendered_email import render_email
from newsletter.services.publish import Readers, publish
from newsletter.services.secret import write_private
from newsletter.storage import subscribers

_LAST_SAMPLE = date(2026, 3, 14)
_REPLAYED = 7
_DAY = timedelta(days=1)

_CONFIG = """\
[newsletter]
name = "Five Insights"
from_address = "Five Insights <hello@five-insights.example>"
reply_to = "editor@five-insights.example"
postal_address = "Five Insights, 12 Harbour Row, Porthaven"
base_url = "https://five-insights.example"
"""

_READERS = (
    Subscriber(0, "ada@reader.example", "Europe/Paris", 7, "Ada", "sleep science, cooking"),
    Subscriber(
        0, "kofi@reader.example", "America/New_York", 6, "Kofi", "chip supply chains, energy grids"
    ),
    Subscriber(0, "mei@reader.example", "Asia/Tokyo", 8, "Mei", ""),
)


def demo(app: App, args: Namespace) -> int:
    today = args.date or local_date(app.clock(), "UTC")
    folder = Path(args.dir).absolute() if args.dir else _fresh_folder()
    # The environment's settings are not used: no demo goes to a real server.
    created = create_newsletter(replace(app, environment={}), folder, _CONFIG)
    # Beside it, so that the week is the same with and without podcasts.
    podcast = create_newsletter(replace(app, environment={}), folder / "podcast", _CONFIG)
    try:
        _replay(created, today)
        show_feed(podcast, today)
        _show(created, today)
    finally:
        created.close()
        podcast.close()
    return 0


def _replay(app: App, today: date) -> None:
    _subscribe(app, today)
    with progress("replaying") as watch:
        for done, (number, day) in enumerate(_days(today), start=1):
            _copy_samples(app, number, day)
            _publish(app, day)
            watch(done, _REPLAYED)


def _fresh_folder() -> Path:
    return next(path for n in count(1) if not (path := Path(f"demo/run-{n}").absolute()).exists())


def _days(today: date) -> Iterator[tuple[int, date]]:
    last = (_LAST_SAMPLE - _LAST_SAMPLE.replace(day=1)).days + 1
    for number in range(last - _REPLAYED + 1, last + 1):
        yield number, today - _DAY * (last - number)


def _subscribe(app: App, today: date) -> None:
    start = datetime.combine(today - _DAY * _REPLAYED, time(), UTC)
    with app.store.writing() as db:
        for reader in _READERS:
            subscribers.add(db, reader.address, reader, start)


def _copy_samples(app: App, number: int, day: date) -> None:
    """This day's samples land in the inbox; on the first morning all those before it as well."""
    first = _LAST_SAMPLE.day - _REPLAYED + 1
    for earlier in range(1 if number == first else number, number + 1):
        folder = app.beside(app.settings.inbox.path) / f"{day - _DAY * (number - earlier)}"
        folder.mkdir(exist_ok=True)
        for sample in (files("newsletter") / "samples" / f"day-{earlier:02}").iterdir():
            page = _shifted(sample, day - _LAST_SAMPLE.replace(day=number))
            (folder / sample.name).write_text(page, encoding="utf-8")


def _shifted(sample: Traversable, by: timedelta) -> str:
    def later(match: re.Match[str]) -> str:
        return f"{match[1]}{date.fromisoformat(match[2]) + by}"

    return re.sub(r'(published"?: "?)(\d{4}-\d\d-\d\d)', later, sample.read_text(encoding="utf-8"))


def _publish(app: App, day: date) -> None:
    """One day: each reader's issue at their own hour."""
    for hour in sorted({due_at(day, reader.hour, reader.timezone) for reader in _READERS}):
        _publish_at(app, day, hour)


def _publish_at(app: App, day: date, now: datetime) -> None:
    begun = datetime.combine(day, time(), UTC)  # dates its briefs: in Tokyo the day begins before
    job = ingest_job(app, lambda: None, lambda _done, _total: None)
    publish(
        lambda: now,
        ingest=lambda: ingest_sources(job, lambda: begun),
        rules=compose_rules(app),
        context=delivery_context(app, Event(), lambda _outcomes, _total: None),
        on=day,
        readers=Readers(),
    )


def _show(app: App, today: date) -> None:
    with app.store.reading() as db:
        readers = subscribers.everyone(db)
    rules, style = compose_rules(app), branding(app)
    pages: dict[str, Path] = {}
    for reader in readers:
        issue = draft(rules, app.clock(), reader, today).issue
        pages[reader.name] = app.path.parent / f"issue-{reader.name.lower()}.html"
        write_private(pages[reader.name], render_email(issue, reader, style).html)
        interests = reader.interests or "everything"
        say(f"{reader.name}, {reader.hour:02}:00 {reader.timezone}, about {interests}:")
        table(_rows(issue), indent="  ")
        say()
    say("Today's issue as it looks:")
    table([(name, str(page)) for name, page in pages.items()], indent="  ")
    messages = app.beside(app.settings.delivery.folder.path)
    say(f"The messages of {_REPLAYED} days: {messages}")
    reader = readers[0]
    why = (_called(), "--config", str(app.path), "explain", "--to", reader.address)
    say(f"Why these five: {join(why)}")
    browser = (sys.executable, "-m", "webbrowser", "-t", pages[reader.name].as_uri())
    say(f"To open {reader.name}'s issue in a browser:")
    say(join(browser))


def _called() -> str:
    """The command as it was called, so that it works again: `make demo` puts nothing into PATH."""
    return sys.argv[0] if Path(sys.argv[0]).name == "newsletter" else "newsletter"


def _rows(issue: Issue) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", "novelty", "insight", "from")]
    for pick in issue.picks:
        novelty = f"{pick.signals['novelty']:.2f}"
        podcast = headline(pick.citation.podcast, 30)
        rows.append((f"{pick.rank}.", novelty, headline(pick.text, 60), podcast))
    return rows
