"""One insight with all that is known of it, and insights found by their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import issue as issues
from newsletter.storage.schema import mention as mentions
from newsletter.storage.schema import pick as picks


@dataclass(frozen=True, slots=True)
class Row:
    """``day`` is that of its earliest brief, None while no brief says it."""

    id: int
    text: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Said:
    """Where an insight stands in a brief. ``at`` is seconds into the episode."""

    day: date
    podcast: str
    episode: str
    role: str
    origin: str
    speaker: str
    at: int | None
    link: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The issues of a date that hold an insight: for how many readers they are, in which state."""

    day: date
    state: str
    readers: int


def find(db: Connection, insight_id: int) -> Row | None:
    query = select(insights.c.id, insights.c.text, insights.c.date)
    row = db.execute(query.where(insights.c.id == insight_id)).one_or_none()
    return Row(*row) if row else None


def search(db: Connection, words: Sequence[str], most: int) -> list[Row]:
    """Those that hold all of these words, also as parts of words; the newest first."""
    holding = [insights.c.text.icontains(word, autoescape=True) for word in words]
    query = select(insights.c.id, insights.c.text, insights.c.date).where(*holding)
    newest = func.coalesce(insights.c.date, date.min).desc(), insights.c.id.desc()
    return [Row(*row) for row in db.execute(query.order_by(*newest).limit(most))]


def mentions_of(db: Connection, insight_id: int) -> list[Said]:
    """Its mentions, the earliest first."""
    dated = func.coalesce(briefs.c.published, briefs.c.first_seen)
    about = (mentions.c[name] for name in ("role", "origin", "speaker", "at", "link"))
    query = (
        select(dated, briefs.c.podcast, briefs.c.episode, *about)
        .join(briefs, briefs.c.id == mentions.c.brief_id)
        .where(mentions.c.insight_id == insight_id)
        .order_by(dated, briefs.c.id)
    )
    return [Said(*row) for row in db.execute(query)]


def standings(db: Connection, insight_id: int) -> list[Standing]:
    """Whose issues hold it, by date."""
    query = (
        select(issues.c.date, deliveries.c.state, func.count())
        .join(picks, picks.c.issue_id == issues.c.id)
        .join(deliveries, deliveries.c.issue_id == issues.c.id)
        .where(picks.c.insight_id == insight_id)
        .group_by(issues.c.date, deliveries.c.state)
        .order_by(issues.c.date, deliveries.c.state)
    )
    return [Standing(*row) for row in db.execute(query)]
