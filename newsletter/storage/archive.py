"""Files, briefs and insights that came in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    delete,
    func,
    select,
    update,
)

from newsletter.domain.model import Brief, digest, normalise
from newsletter.domain.numbers import GREATEST_ID
from newsletter.storage.database import chunks
from newsletter.storage.parts import Part, briefs_held, matched
from newsletter.storage.schema import brief as briefs
from newsletter.storage.schema import feed as feeds
from newsletter.storage.schema import file as files
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import mention as mentions
from newsletter.storage.sets import insert_new


@dataclass(frozen=True, slots=True)
class Read:
    """One file as it was read: a brief for each of its episodes, or the reason why it is none.

    ``source`` names the machine that read it: the same path elsewhere is another file.
    ``emptied``: it is whole, and says nothing.
    """

    path: str
    size: int
    mtime_ns: int
    briefs: tuple[Brief, ...]
    reason: str | None = None
    line: int | None = None
    source: str = ""
    emptied: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts of the store now; a copy or an old version of a brief does not count."""

    briefs: int
    insights: int
    mentions: int
    rejected: int
    dropped: int


def known(db: Connection, source: str) -> dict[str, tuple[int, int]]:
    """Path to (size, mtime) of every file of a source as it was last read."""
    rows = db.execute(select(files).where(files.c.source == source))
    return {row.path: (row.size, row.mtime_ns) for row in rows}


def forget(db: Connection, source: str, paths: Sequence[str]) -> None:
    """Files that are gone release their brief: a renamed file is the same brief again.

    The brief stays.
    """
    for batch in chunks(paths):
        db.execute(delete(files).where(files.c.source == source, files.c.path.in_(batch)))


def record(db: Connection, reads: Iterable[Read], now: datetime, today: date) -> None:
    """Enter a batch of files; ``today`` dates the briefs that carry no date of their own.

    What a file says no longer is withdrawn; a file that cannot be read any more keeps its briefs.
    """
    touched: set[int] = set()
    for read in reads:
        if read.briefs or read.emptied:
            _enter_briefs(db, read, now, today, touched)
        if not read.briefs:
            _enter_reason(db, read, now)
    _date_insights(db, sorted(touched))


def _enter_briefs(
    db: Connection, read: Read, now: datetime, today: date, touched: set[int]
) -> None:
    pairs = matched(db, read.source, read.path, read.briefs)
    for part, brief in pairs:
        brief_id = _settle_brief(db, part, brief, today, touched)
        values = {"brief_id": brief_id, "reason": None, "line": None}
        dropped = [[paragraph.line, paragraph.text] for paragraph in brief.dropped]
        _enter_part(db, part, read, now, **values, dropped=dropped)
    left = briefs_held(db, read.source, read.path)
    for part in left.keys() - {part for part, _ in pairs}:
        _withdraw(db, left[part], part, touched)
        db.execute(delete(files).where(part.is_it))


def _enter_reason(db: Connection, read: Read, now: datetime) -> None:
    first = Part(read.source, read.path, "")
    held = briefs_held(db, read.source, read.path) or {first: None}
    reason = {"reason": read.reason, "line": read.line}
    for part, brief_id in held.items():
        _enter_part(db, part, read, now, **reason, brief_id=brief_id, dropped=[])
        reason = {"reason": None, "line": None}  # once a file


def _settle_brief(db: Connection, part: Part, brief: Brief, today: date, touched: set[int]) -> int:
    """The id of the brief: a known one, a new version of one, or a new one."""
    current: int | None = db.scalar(select(files.c.brief_id).where(part.is_it))
    same = db.scalar(select(briefs.c.id).where(briefs.c.fingerprint == brief.fingerprint))
    if current is not None and same in (None, current) and _may_rewrite(db, current, part, same):
        return _rewrite(db, current, brief, touched)
    if same is None:
        return _write(db, brief, today, touched)
    _withdraw(db, current, part, touched)
    return int(same)


def _may_rewrite(db: Connection, brief_id: int, part: Part, same: int | None) -> bool:
    """An unchanged copy in another file keeps the old version; the same file on another machine is
    corrected here first. A feed changes nothing, not even around the words, that others hold too:
    anybody can publish a copy of a public episode, and edit it.
    """
    is_feed = db.scalar(select(feeds.c.id).where(feeds.c.url == part.source)) is not None
    if same == brief_id:
        return not (is_feed and _holds(db, brief_id, files.c.source != part.source))
    return not _holds(db, brief_id, ~part.is_it if is_feed else part.is_another)


def _holds(db: Connection, brief_id: int, condition: ColumnElement[bool]) -> bool:
    query = select(files.c.path).where(files.c.brief_id == brief_id, condition)
    return db.scalar(query.limit(1)) is not None


def _withdraw(db: Connection, brief_id: int | None, part: Part, touched: set[int]) -> None:
    """A brief that a file does not hold any more, unless another file holds it."""
    if brief_id is None or _holds(db, brief_id, ~part.is_it):
        return
    touched.update(db.scalars(select(mentions.c.insight_id).where(mentions.c.brief_id == brief_id)))
    db.execute(update(files).where(part.is_it).values(brief_id=None))
    db.execute(delete(mentions).where(mentions.c.brief_id == brief_id))
    db.execute(delete(briefs).where(briefs.c.id == brief_id))


def _write(db: Connection, brief: Brief, today: date, touched: set[int]) -> int:
    values = {**_columns(brief), "version": 1, "first_seen": today}
    inserted = db.execute(briefs.insert().values(**values)).inserted_primary_key
    assert inserted
    touched.update(_write_mentions(db, int(inserted[0]), brief))
    return int(inserted[0])


def _rewrite(db: Connection, brief_id: int, brief: Brief, touched: set[int]) -> int:
    """A new version if an insight's words changed; a correction around them is none."""
    newer = case((briefs.c.fingerprint == brief.fingerprint, 0), else_=1)
    values = {**_columns(brief), "version": briefs.c.version + newer}
    touched.update(db.scalars(select(mentions.c.insight_id).where(mentions.c.brief_id == brief_id)))
    db.execute(update(briefs).where(briefs.c.id == brief_id).values(**values))
    db.execute(delete(mentions).where(mentions.c.brief_id == brief_id))
    touched.update(_write_mentions(db, brief_id, brief))
    return brief_id


def _columns(brief: Brief) -> dict[str, Any]:
    return {
        "fingerprint": brief.fingerprint,
        "podcast": brief.podcast,
        "episode": brief.episode,
        "title": brief.title,
        "url": brief.url,
        "topics": list(brief.topics),
        "published": brief.published,
    }


def _write_mentions(db: Connection, brief_id: int, brief: Brief) -> Sequence[int]:
    keys = [digest(normalise(mention.text)) for mention in brief.mentions]
    texts = zip(keys, brief.mentions, strict=True)
    insert_new(db, insights, [{"key": key, "text": mention.text} for key, mention in texts])
    ids = {}
    for batch in chunks(keys):
        query = select(insights.c.key, insights.c.id).where(insights.c.key.in_(batch))
        ids.update({row.key: row.id for row in db.execute(query)})
    rows = [
        {
            "brief_id": brief_id,
            "position": position,
            "insight_id": ids[key],
            "role": mention.role,
            "speaker": brief.speaker_of(mention),
            "at": mention.at,
            "topics": list(mention.topics),
            "link": mention.link,
            "origin": mention.origin,
        }
        for position, (key, mention) in enumerate(zip(keys, brief.mentions, strict=True))
    ]
    db.execute(mentions.insert(), rows)
    return list(ids.values())


def _enter_part(db: Connection, part: Part, read: Read, now: datetime, **columns: Any) -> None:
    values = {"size": read.size, "mtime_ns": read.mtime_ns, "seen_at": now, **columns}
    changed = db.execute(update(files).where(part.is_it).values(**values))
    if not changed.rowcount:
        names = {"source": part.source, "path": part.path, "part": part.name}
        db.execute(files.insert().values(**names, **values))


def _date_insights(db: Connection, ids: Sequence[int]) -> None:
    """An insight's date is that of its earliest brief; without a brief it has none.

    Where no brief of it has a date of its own, an insight stays as old as it was: a brief is new
    where a file is parted, or moves, and what it says is not.
    """
    its = mentions.c.insight_id == insights.c.id
    joined = select(briefs.c.id).join(mentions, mentions.c.brief_id == briefs.c.id).where(its)
    dated = func.min(func.coalesce(briefs.c.published, briefs.c.first_seen))
    earliest = joined.with_only_columns(dated).scalar_subquery()
    undated = ~joined.where(briefs.c.published.is_not(None)).exists()
    kept = case((and_(undated, insights.c.date < earliest), insights.c.date), else_=earliest)
    for batch in chunks(ids):
        db.execute(update(insights).where(insights.c.id.in_(batch)).values(date=kept))


def totals(db: Connection) -> Totals:
    def count(query: Any) -> int:
        return int(db.scalar(query) or 0)

    per_brief = select(func.max(func.json_array_length(files.c.dropped)).label("count"))
    once = per_brief.where(files.c.brief_id.is_not(None)).group_by(files.c.brief_id).subquery()
    return Totals(
        briefs=count(select(func.count()).select_from(briefs)),
        insights=count(select(func.count(mentions.c.insight_id.distinct()))),
        mentions=count(select(func.count()).select_from(mentions)),
        rejected=count(select(func.count()).where(files.c.reason.is_not(None))),
        dropped=count(select(func.sum(once.c.count))),
    )


def rejected(db: Connection) -> Sequence[RowMapping]:
    """Rows of (path, reason, line, seen_at)."""
    query = select(files.c.path, files.c.reason, files.c.line, files.c.seen_at)
    query = query.where(files.c.reason.is_not(None)).order_by(files.c.path)
    return db.execute(query).mappings().all()


def dropped(db: Connection) -> Sequence[tuple[str, int, str]]:
    """(path, line, text) of every paragraph that was taken for boilerplate."""
    rows = db.execute(select(files.c.path, files.c.dropped).order_by(files.c.path))
    return [(path, line, text) for path, paragraphs in rows for line, text in paragraphs]


def after(db: Connection, last: int, most: int) -> Sequence[RowMapping]:
    """Rows of (id, key, text, date): the next insights in order of id. Their text never changes."""
    columns = insights.c.id, insights.c.key, insights.c.text, insights.c.date
    query = select(*columns).where(insights.c.id > last)
    return db.execute(query.order_by(insights.c.id).limit(most)).mappings().all()


def holds(db: Connection, last: int, key: str, count: int) -> bool:
    """Whether there are ``count`` insights up to the one numbered ``last``, and it has this key."""
    counted = select(func.count()).select_from(insights).where(insights.c.id <= last)
    same = select(insights.c.key).where(insights.c.id == last)
    return db.scalar(counted) == count and (db.scalar(same) or "") == key


def text(db: Connection, insight_id: int) -> str:
    """The words of an insight. Raises KeyError where there is none with this id."""
    if insight_id > GREATEST_ID:
        raise KeyError(insight_id)
    words = db.scalar(select(insights.c.text).where(insights.c.id == insight_id))
    if words is None:
        raise KeyError(insight_id)
    return str(words)


def topics(db: Connection, insight_id: int) -> list[str]:
    """The insight's own, each once."""
    query = select(mentions.c.topics).where(mentions.c.insight_id == insight_id)
    rows = db.scalars(query.order_by(mentions.c.brief_id))
    return list(dict.fromkeys(topic for topics in rows for topic in topics))


def newest(db: Connection) -> datetime | None:
    """When a file was last read."""
    seen_at: datetime | None = db.scalar(select(func.max(files.c.seen_at)))
    return seen_at
