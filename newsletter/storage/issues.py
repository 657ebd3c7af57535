"""Issues and their picks, kept as they were composed. Readers may share one.

The insights of an issue are kept for ever. Its ``explanation``, which also makes its message again,
is dropped by ``pruning`` after a while.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import BindParameter, Connection, bindparam, select, text

from newsletter.domain.model import Citation, Issue, Pick
from newsletter.storage import explanations, sets
from newsletter.storage.database import chunks
from newsletter.storage.explanations import Explanation
from newsletter.storage.schema import explanation as explanation_table
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import issue as issues
from newsletter.storage.schema import pick as picks

# Written as in the index: with SQLAlchemy's issue.house = 1 every issue would be read.
_HOUSE = text("issue.house")
_MOST_TEXTS = 10_000


def save(db: Connection, issue: Issue, now: datetime, *, house: bool = False) -> int:
    """Store an issue composed ``now`` and return its id."""
    return save_all(db, [issue], now, house=house)[0]


def save_all(
    db: Connection, new: Sequence[Issue], now: datetime, *, house: bool = False
) -> list[int]:
    """Store issues composed ``now`` and return their ids, in order."""
    if not new:
        return []
    rows = [{"date": issue.date, "house": house, "first": issue.first} for issue in new]
    insert = issues.insert().returning(issues.c.id, sort_by_parameter_order=True)
    ids = list(db.scalars(insert, rows))
    numbered = list(zip(ids, new, strict=True))
    sets.insert(
        db,
        picks,
        [
            {"issue_id": issue_id, "rank": pick.rank, "insight_id": pick.insight_id}
            for issue_id, issue in numbered
            for pick in issue.picks
        ],
    )
    sets.insert(
        db,
        explanation_table,
        [
            {"issue_id": issue_id, "composed_at": now, "body": explanations.pack(issue)}
            for issue_id, issue in numbered
        ],
    )
    return ids


def load(db: Connection, issue_id: int) -> Issue:
    """The issue as it was composed."""
    return load_all(db, [issue_id])[issue_id]


def load_all(
    db: Connection,
    ids: Sequence[int],
    texts: dict[int, str] | None = None,
    *,
    runners_up: bool = True,
) -> dict[int, Issue]:
    """Issues by their id, as they were composed; those ``pruned`` have only the texts of picks.

    Without ``runners_up``, which no message shows, they are read faster. ``texts`` remembers the
    texts of insights from one call to the next: they never change.
    """
    known = {} if texts is None else texts
    if len(known) > _MOST_TEXTS:
        known.clear()
    loaded: dict[int, Issue] = {}
    for batch in chunks(ids):
        loaded |= _load_batch(db, batch, known, runners_up=runners_up)
    return loaded


def _load_batch(
    db: Connection, ids: Sequence[int], texts: dict[int, str], *, runners_up: bool
) -> dict[int, Issue]:
    chosen: dict[int, list[int]] = defaultdict(list)
    for issue_id, insight_id in db.execute(_PICKS, {"ids": ids}):
        chosen[issue_id].append(insight_id)
    heads = db.execute(_HEADS, {"ids": ids}).all()
    bodies = {
        row[0]: explanations.unpack(row[3], runners_up=runners_up)
        for row in heads
        if row[3] is not None
    }
    needed = {insight_id for insight_ids in chosen.values() for insight_id in insight_ids}
    for body in bodies.values():
        needed.update(body.insight_ids())
    _read_texts(db, needed, texts)
    return {
        issue_id: _issue(day, chosen[issue_id], texts, bodies.get(issue_id), first=first)
        for issue_id, day, first, _ in heads
    }


def _read_texts(db: Connection, needed: set[int], texts: dict[int, str]) -> None:
    for batch in chunks(sorted(needed - texts.keys())):
        texts.update({row.id: row.text for row in db.execute(_TEXTS, {"ids": batch})})


def _issue(
    day: date,
    insight_ids: list[int],
    texts: dict[int, str],
    explanation: Explanation | None,
    *,
    first: bool,
) -> Issue:
    if explanation is None:
        bare = tuple(
            Pick(rank, insight_id, texts[insight_id], Citation(), 0.0, {})
            for rank, insight_id in enumerate(insight_ids, start=1)
        )
        return Issue(day, bare, first=first, pruned=True)
    explained, runners_up = explanations.written_out(explanation, insight_ids, texts)
    return Issue(day, explained, runners_up, first, note=explanation.note)


def house(db: Connection, day: date) -> int | None:
    """The id of the house issue of a date."""
    issue_id: int | None = db.scalar(select(issues.c.id).where(_HOUSE, issues.c.date == day))
    return issue_id


def drop_house(db: Connection, day: date) -> None:
    """The house issue of a date is composed anew: it is in nobody's ledger."""
    issue_id = house(db, day)
    for table in (picks, explanation_table):
        db.execute(table.delete().where(table.c.issue_id == issue_id))
    db.execute(issues.delete().where(issues.c.id == issue_id))


def house_heard(db: Connection) -> dict[int, date]:
    """Each insight of the house issues so far, and the date it stood there."""
    query = select(picks.c.insight_id, issues.c.date).join(issues, issues.c.id == picks.c.issue_id)
    of_house = picks.c.issue_id.in_(select(issues.c.id).where(_HOUSE))
    return {row.insight_id: row.date for row in db.execute(query.where(of_house))}


_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_PICKS = (
    select(picks.c.issue_id, picks.c.insight_id)
    .where(picks.c.issue_id.in_(_IDS))
    .order_by(picks.c.issue_id, picks.c.rank)
)
_HEADS = (
    select(issues.c.id, issues.c.date, issues.c.first, explanation_table.c.body)
    .outerjoin(explanation_table, explanation_table.c.issue_id == issues.c.id)
    .where(issues.c.id.in_(_IDS))
)
_TEXTS = select(insights.c.id, insights.c.text).where(insights.c.id.in_(_IDS))
