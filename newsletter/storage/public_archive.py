"""What the public pages read: the house issues by date, and which insights stand where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select, text

from newsletter.storage import approvals
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import delivery as deliveries
from newsletter.storage.schema import editing
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import issue as issues
from newsletter.storage.schema import mention as mentions

# Written as in the index: with SQLAlchemy's issue.house = 1 every issue would be read.
_HOUSE = text("issue.house")
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Version:
    """What the public pages are made from, as far as it is told apart: the newest insight, the
    editor's last act, the newest house issue, and a date that waits for approval."""

    insight: int
    act: int
    issue: date | None
    held: date | None


@dataclass(frozen=True, slots=True)
class Place:
    """An insight where a brief says it. ``podcast`` is empty where it was said elsewhere."""

    insight_id: int
    podcast: str
    topics: Sequence[str]


def version(db: Connection) -> Version:
    return Version(*db.execute(_VERSION).one())


_VERSION = select(
    select(func.coalesce(func.max(insights.c.id), 0)).scalar_subquery(),
    select(func.coalesce(func.max(editing.c.id), 0)).scalar_subquery(),
    select(func.max(issues.c.date)).where(_HOUSE).scalar_subquery(),
    select(func.min(deliveries.c.date)).where(deliveries.c.held.is_not(None)).scalar_subquery(),
)


def house_dates(db: Connection, until: date, most: int | None = None) -> list[tuple[date, int]]:
    """The dates of the house issues up to ``until``, each with the issue's id; the newest first.
    None that waits for approval."""
    public = _HOUSE, issues.c.date <= until, issues.c.date.not_in(approvals.days(db))
    query = select(issues.c.date, issues.c.id).where(*public)
    rows = db.execute(query.order_by(issues.c.date.desc()).limit(most))
    return [(day, issue_id) for day, issue_id in rows]


def places(db: Connection, until: date) -> Iterator[Place]:
    """Every insight dated up to ``until`` in each brief that says it, the newest insight first."""
    columns = mentions.c.insight_id, mentions.c.role, briefs.c.podcast, mentions.c.topics
    query = (
        select(*columns)
        .join(insights, insights.c.id == mentions.c.insight_id)
        .join(briefs, briefs.c.id == mentions.c.brief_id)
        .where(insights.c.date <= until)
        .order_by(insights.c.date.desc(), insights.c.id.desc(), briefs.c.id)
    )
    for insight_id, role, podcast, topics in db.execute(query.execution_options(yield_per=_BATCH)):
        yield Place(insight_id, podcast if role == "lead" else "", topics)


def texts(db: Connection, above: int, most_id: int, until: date) -> list[tuple[int, str, date]]:
    """Id, own words and date of the insights numbered above one and up to another."""
    columns = insights.c.id, insights.c.text, insights.c.date
    numbered = insights.c.id > above, insights.c.id <= most_id
    query = select(*columns).where(*numbered, insights.c.date <= until).order_by(insights.c.id)
    return [(insight_id, words, day) for insight_id, words, day in db.execute(query)]
