"""What was composed: issues and their picks, kept as they were then. Readers may share one."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from msgspec.json import Decoder
from sqlalchemy import Connection, Text, bindparam, cast, select, text

from newsletter.domain.model import Citation, Echo, Issue, Pick, RunnerUp
from newsletter.storage.database import chunks
from newsletter.storage.schema import insight as insights
from newsletter.storage.schema import issue as issues
from newsletter.storage.schema import pick as picks

# As the index has it: issue.house = 1, which SQLAlchemy would write, reads every issue there is.
_HOUSE = text("issue.house")


def save(db: Connection, issue: Issue, *, house: bool = False) -> int:
    """Store an issue and return its id."""
    return save_all(db, [issue], house=house)[0]


def save_all(db: Connection, some: Sequence[Issue], *, house: bool = False) -> list[int]:
    """Store issues and return their ids, in order."""
    if not some:
        return []
    rows = [
        {"date": one.date, "house": house, "first": one.first, "runners_up": one.runners_up}
        for one in some
    ]
    made = issues.insert().returning(issues.c.id, sort_by_parameter_order=True)
    ids = list(db.scalars(made, rows))
    db.execute(
        picks.insert(),
        [_row(number, pick) for number, one in zip(ids, some, strict=True) for pick in one.picks],
    )
    return ids


def load(db: Connection, issue_id: int) -> Issue:
    """The issue as it was composed."""
    return load_all(db, [issue_id])[issue_id]


def load_all(db: Connection, ids: Sequence[int]) -> dict[int, Issue]:
    """Issues by their id, as they were composed."""
    found: dict[int, Issue] = {}
    for some in chunks(ids):
        chosen: dict[int, list[Pick]] = {number: [] for number in some}
        for row in db.execute(_PICKS, {"ids": some}):
            chosen[row[0]].append(_pick(row))
        for issue_id, day, first, runners_up in db.execute(_HEADS, {"ids": some}):
            left = _runners_up(runners_up)
            found[issue_id] = Issue(day, tuple(chosen[issue_id]), left, first)
    return found


def house(db: Connection, day: date) -> int | None:
    """The id of the house issue of a date."""
    found: int | None = db.scalar(select(issues.c.id).where(_HOUSE, issues.c.date == day))
    return found


def house_heard(db: Connection) -> dict[int, date]:
    """Each insight of the house issues so far, and the date it stood there."""
    query = select(picks.c.insight_id, issues.c.date).join(issues, issues.c.id == picks.c.issue_id)
    theirs = picks.c.issue_id.in_(select(issues.c.id).where(_HOUSE))
    return {row.insight_id: row.date for row in db.execute(query.where(theirs))}


def _row(issue_id: int, pick: Pick) -> dict[str, Any]:
    return {
        "issue_id": issue_id,
        "rank": pick.rank,
        "insight_id": pick.insight_id,
        "score": pick.score,
        "signals": pick.signals,
        "citation": pick.citation,
        "echoes": pick.echoes,
        "related": pick.related,
        "reason": pick.reason,
    }


# Read as text: decoded straight into what they are, they cost a third.
_PICKS = (
    select(
        picks.c.issue_id,
        picks.c.rank,
        picks.c.insight_id,
        insights.c.text,
        cast(picks.c.citation, Text),
        picks.c.score,
        *(cast(picks.c[name], Text) for name in ("signals", "echoes", "related")),
        picks.c.reason,
    )
    .join(insights, insights.c.id == picks.c.insight_id)
    .where(picks.c.issue_id.in_(bindparam("ids", expanding=True)))
    .order_by(picks.c.issue_id, picks.c.rank)
)
_HEADS = select(issues.c.id, issues.c.date, issues.c.first, cast(issues.c.runners_up, Text)).where(
    issues.c.id.in_(bindparam("ids", expanding=True))
)
_signals = Decoder(dict[str, float]).decode
_echoes = Decoder(tuple[Echo, ...]).decode
# An insight is cited alike for all its readers, and often nothing earlier is on it.
_citation = lru_cache(maxsize=1024)(Decoder(Citation).decode)
_related = lru_cache(maxsize=1024)(_echoes)
_runners_up = lru_cache(maxsize=64)(Decoder(tuple[RunnerUp, ...]).decode)


def _pick(row: Sequence[Any]) -> Pick:
    """By their places: names would take a third longer."""
    _, rank, insight_id, text, citation, score, signals, echoes, related, reason = row
    return Pick(
        rank,
        insight_id,
        text,
        _citation(citation),
        score,
        _signals(signals),
        _echoes(echoes),
        _related(related),
        reason,
    )
