"""The insights that a date can choose from, and those it compares them with."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from newsletter.domain.model import Candidate, Citation, Insight, normalise
from newsletter.storage import editing
from newsletter.storage.database import chunks
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import issue as issues
from newsletter.storage.schema import mention as mentions
from newsletter.storage.schema import pick as picks


def of_day(
    db: Connection,
    day: date,
    window_days: int,
    pinned: Sequence[int] = (),
    acts: int = editing.EVER,
) -> list[Candidate]:
    """The insights of the window up to ``day``, each cited from its best mention by then.

    That is a lead before a related one, then the earliest brief. Those ``pinned`` are among them
    however old they are. They are corrected by the editor's ``acts`` up to that one.
    """
    first = day - timedelta(days=window_days - 1)
    within = insights.c.date.between(first, day)
    return _cited(db, or_(within, insights.c.id.in_(pinned)), day, acts)


def of_ids(db: Connection, ids: Sequence[int], day: date) -> dict[int, Candidate]:
    """Those of ``ids`` that a brief says by ``day``, cited in the same way."""
    candidates = [
        each for batch in chunks(ids) for each in _cited(db, insights.c.id.in_(batch), day)
    ]
    return {each.insight.id: each for each in candidates}


def _cited(
    db: Connection, condition: ColumnElement[bool], day: date, acts: int = editing.EVER
) -> list[Candidate]:
    dated = func.coalesce(briefs.c.published, briefs.c.first_seen)
    query = (
        select(insights.c.id, insights.c.text, insights.c.date, mentions, briefs)
        .join(mentions, mentions.c.insight_id == insights.c.id)
        .join(briefs, briefs.c.id == mentions.c.brief_id)
        .where(condition, dated <= day)
        .order_by(insights.c.id, mentions.c.role, dated, briefs.c.id)
    )
    grouped: dict[int, list[RowMapping]] = {}
    for row in db.execute(query).mappings():
        grouped.setdefault(row[insights.c.id], []).append(row)
    corrections = editing.corrections(db, acts)
    return [_candidate(rows, corrections) for rows in grouped.values()]


def _candidate(rows: Sequence[RowMapping], corrections: Mapping[int, str]) -> Candidate:
    best = rows[0]
    insight_id, words, dated = (best[insights.c[name]] for name in ("id", "text", "date"))
    return Candidate(
        insight=Insight(insight_id, words, dated, corrections.get(insight_id, "")),
        citation=_citation(best),
        brief_id=best[mentions.c.brief_id],
        brief_count=len(rows),
        topics=_topics(best),
        shows=_shows(rows),
    )


def _shows(rows: Sequence[RowMapping]) -> tuple[str, ...]:
    """The podcasts that said it, each once; a related insight was said elsewhere."""
    leads = [row[briefs.c.podcast] for row in rows if row[mentions.c.role] == "lead"]
    return tuple({normalise(name): name for name in reversed(leads) if name}.values())[::-1]


def _topics(best: RowMapping) -> tuple[str, ...]:
    """An insight's own topics: those of its page describe the page, not every insight on it."""
    return tuple(best[mentions.c.topics])


def _citation(best: RowMapping) -> Citation:
    """Nothing for a related insight: it was said elsewhere, and its page does not tell where."""
    if best[mentions.c.role] == "related":
        return Citation()
    return Citation(
        podcast=best[briefs.c.podcast],
        episode=best[briefs.c.episode] or best[briefs.c.title],
        speaker=best[mentions.c.speaker],
        url=best[briefs.c.url],
        at=best[mentions.c.at],
        link=best[mentions.c.link],
        origin=best[mentions.c.origin],
    )


def labels(db: Connection, ids: Sequence[int]) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Insight id to the podcast that it is cited from, and its own topics; one that no brief says
    any more is missing."""
    return {insight_id: label for batch in chunks(ids) for insight_id, label in _labels(db, batch)}


def _labels(
    db: Connection, ids: Sequence[int]
) -> Iterator[tuple[int, tuple[str, tuple[str, ...]]]]:
    dated = func.coalesce(briefs.c.published, briefs.c.first_seen)
    columns = mentions.c.insight_id, mentions.c.role, briefs.c.podcast, mentions.c.topics
    query = select(*columns).join(briefs, briefs.c.id == mentions.c.brief_id)
    # The best mention last, so that it is the one that is kept.
    best_last = mentions.c.role.desc(), dated.desc(), briefs.c.id.desc()
    for row in db.execute(query.where(mentions.c.insight_id.in_(ids)).order_by(*best_last)):
        podcast = "" if row.role == "related" else row.podcast
        yield row.insight_id, (podcast, tuple(row.topics))


def known(db: Connection, day: date, ids: Sequence[int], acts: int = editing.EVER) -> list[Insight]:
    """The insights of ``ids`` that were known by ``day``, or were ever picked.

    A picked one that no brief says any more is dated by the first issue it stood in.
    """
    corrections = editing.corrections(db, acts)
    return [insight for batch in chunks(ids) for insight in _known(db, day, batch, corrections)]


def _known(
    db: Connection, day: date, ids: Sequence[int], corrections: Mapping[int, str]
) -> list[Insight]:
    # Looked up per insight, and only for the few that need it: the picks of all time are many.
    picked = select(picks.c.issue_id).where(picks.c.insight_id == insights.c.id)
    dates = select(func.min(issues.c.date)).where(issues.c.id.in_(picked.correlate(insights)))
    sent = dates.scalar_subquery()
    query = (
        select(insights.c.id, insights.c.text, func.coalesce(insights.c.date, sent).label("date"))
        .where(insights.c.id.in_(ids), or_(insights.c.date <= day, picked.exists()))
        .order_by(insights.c.id)
    )
    return [
        Insight(row.id, row.text, row.date, corrections.get(row.id, ""))
        for row in db.execute(query)
    ]
