"""Values for tests, each with what the test does not care about filled in."""

from datetime import UTC, date, datetime
from functools import cache

from msgspec.structs import asdict

from newsletter.config.sections import Selection, Weights
from newsletter.domain.model import (
    Brief,
    Candidate,
    Citation,
    Insight,
    Mention,
    SelectionSettings,
    Subscriber,
)
from newsletter.rendering.renderer import Renderer
from newsletter.rendering.templates import read_templates
from newsletter.storage import Connection, subscribers
from newsletter.storage.archive import Read

TASTE = SelectionSettings(**{**asdict(Selection()), "weights": asdict(Weights())})
TODAY = date(2026, 3, 14)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)

_WORDS = (
    "granite harbour violin glacier turbine orchard lantern compass saddle meadow "
    "copper ferry pepper anchor quilt falcon timber marble ribbon canyon "
    "beacon walnut velvet thunder pebble kettle mosaic prairie saffron tunnel"
).split()


@cache
def renderer() -> Renderer:
    """Of our own templates: to compile them takes a tenth of a second."""
    return Renderer(read_templates(None))


def unlike(number: int) -> str:
    """The ``number``-th of many insights that share no word that matters."""
    first, second = _WORDS[number % 30], _WORDS[(number // 30 + number * 7 + 3) % 30]
    return f"{first.title()}{number} {second}{number} {first}ish{number} {second}ly{number}."


def brief(*texts: str, published: date | None = TODAY, podcast: str = "") -> Brief:
    """The first text leads, the others are related."""
    lead = [Mention(text, "lead") for text in texts[:1]]
    related = [Mention(text, "related") for text in texts[1:]]
    return Brief(mentions=(*lead, *related), published=published, podcast=podcast)


def read(path: str, *pages: Brief, reason: str | None = None, version: int = 1) -> Read:
    return Read(path, size=version, mtime_ns=version, briefs=pages, reason=reason)


def candidate(
    number: int, text: str, on: date = TODAY, brief_id: int | None = None, **about: object
) -> Candidate:
    brief_id = number if brief_id is None else brief_id
    citation = Citation(podcast=f"Show {brief_id}")
    return Candidate(Insight(number, text, on), citation, brief_id, **about)  # type: ignore[arg-type]


def subscribe(
    db: Connection,
    address: str = "ann@example.org",
    timezone: str = "UTC",
    hour: int = 7,
    interests: str = "",
    since: datetime = datetime(2026, 1, 1, tzinfo=UTC),
) -> Subscriber:
    new = Subscriber(0, address, timezone, hour, interests=interests)
    subscribers.add(db, address, new, since)
    added = subscribers.find(db, address)
    assert added
    return added
