"""The files that were read, for the operator: what became of each, and what its brief holds."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, select

from newsletter.storage.parts import OF_FOLDERS
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import episode as episodes
from newsletter.storage.schema import file as files
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import mention as mentions


def listed(
    db: Connection, most: int, skipped: int, words: str = "", *, rejected: bool = False
) -> Sequence[RowMapping]:
    """The files of folders, those read last first: with their brief, and how many insights it has
    and paragraphs it lacks. A file of several episodes is listed with each."""
    count = select(func.count()).where(mentions.c.brief_id == files.c.brief_id).scalar_subquery()
    query = (
        select(
            *(files.c[name] for name in ("source", "path", "part", "reason", "line", "seen_at")),
            func.json_array_length(files.c.dropped).label("dropped"),
            count.label("insights"),
            briefs.c.podcast,
            briefs.c.episode,
            briefs.c.title,
        )
        .outerjoin(briefs, briefs.c.id == files.c.brief_id)
        .where(_matching(words, rejected=rejected))
        .order_by(files.c.seen_at.desc(), files.c.path, briefs.c.episode)
        .limit(most)
        .offset(skipped)
    )
    return db.execute(query).mappings().all()


def count(db: Connection, words: str = "", *, rejected: bool = False) -> int:
    """The rows that are listed."""
    query = select(func.count()).select_from(files).where(_matching(words, rejected=rejected))
    return int(db.scalar(query) or 0)


def count_files(db: Connection, words: str = "", *, rejected: bool = False) -> int:
    """A file of several episodes is one."""
    each = select(files.c.source, files.c.path).where(_matching(words, rejected=rejected))
    query = select(func.count()).select_from(each.distinct().subquery())
    return int(db.scalar(query) or 0)


def _matching(words: str, *, rejected: bool) -> ColumnElement[bool]:
    matching = [files.c.path.icontains(word, autoescape=True) for word in words.split()]
    return and_(OF_FOLDERS, *matching, *([files.c.reason.is_not(None)] if rejected else []))


def find(db: Connection, source: str, path: str, part: str) -> RowMapping | None:
    """With the columns of its brief, where it is one."""
    names = "podcast", "episode", "title", "url", "published", "version", "topics"
    query = (
        select(files, *(briefs.c[name] for name in names))
        .outerjoin(briefs, briefs.c.id == files.c.brief_id)
        .where(files.c.source == source, files.c.path == path, files.c.part == part)
    )
    return db.execute(query).mappings().one_or_none()


def insights_of(db: Connection, brief_id: int) -> Sequence[RowMapping]:
    """(insight_id, text, role, speaker, at, origin) in the brief's order."""
    names = "insight_id", "role", "speaker", "at", "origin"
    query = (
        select(insights.c.text, *(mentions.c[name] for name in names))
        .join(insights, insights.c.id == mentions.c.insight_id)
        .where(mentions.c.brief_id == brief_id)
        .order_by(mentions.c.position)
    )
    return db.execute(query).mappings().all()


def episodes_of(db: Connection, feed_id: int, most: int) -> Sequence[RowMapping]:
    """The newest that were looked at: (title, url, published, state, reason, insights)."""
    names = "title", "url", "published", "state", "reason", "insights", "changed_at"
    newest = func.coalesce(episodes.c.published, func.date(episodes.c.changed_at)).desc()
    query = (
        select(*(episodes.c[name] for name in names))
        .where(episodes.c.feed_id == feed_id, episodes.c.state != "passed")
        .order_by(newest, episodes.c.title)
        .limit(most)
    )
    return db.execute(query).mappings().all()


def episode_counts(db: Connection, feed_id: int) -> dict[str, int]:
    """How many episodes of a feed are in each state."""
    query = select(episodes.c.state, func.count()).where(episodes.c.feed_id == feed_id)
    rows: Any = db.execute(query.group_by(episodes.c.state))
    return {state: number for state, number in rows}  # noqa: C416
