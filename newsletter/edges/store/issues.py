"""What was composed: issues and their picks, kept as they were then. Readers may share one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, String, cast, func, select

from newsletter.edges.store.database import chunks
from newsletter.edges.store.schema import insight as insights
from newsletter.edges.store.schema import issue as issues
from newsletter.edges.store.schema import pick as picks
from newsletter.editorial.model import Citation, Echo, Issue, Pick, RunnerUp


def save(db: Connection, issue: Issue, *, house: bool = False) -> int:
    """Store an issue and return its id."""
    runners_up = [asdict(one) for one in issue.runners_up]
    values = {"date": issue.date, "house": house, "runners_up": runners_up}
    made = db.execute(issues.insert().values(**values)).inserted_primary_key
    assert made
    db.execute(picks.insert(), [_row(int(made[0]), pick) for pick in issue.picks])
    return int(made[0])


def load(db: Connection, issue_id: int) -> Issue:
    """The issue as it was composed."""
    head = db.execute(select(issues).where(issues.c.id == issue_id)).one()
    query = (
        select(picks, insights.c.text)
        .join(insights, insights.c.id == picks.c.insight_id)
        .where(picks.c.issue_id == issue_id)
        .order_by(picks.c.rank)
    )
    runners_up = tuple(RunnerUp(**one) for one in head.runners_up)
    return Issue(head.date, tuple(map(_pick, db.execute(query).mappings())), runners_up)


def house(db: Connection, day: date) -> int | None:
    """The id of the house issue of a date."""
    found: int | None = db.scalar(select(issues.c.id).where(issues.c.house, issues.c.date == day))
    return found


def house_history(db: Connection) -> tuple[int, ...]:
    """The ids of every house issue so far."""
    return tuple(db.scalars(select(issues.c.id).where(issues.c.house).order_by(issues.c.id)))


def heard(db: Connection, ids: Sequence[int]) -> dict[int, tuple[date, tuple[int, ...]]]:
    """Issue id to its date and the insights in it."""
    query = (
        select(
            issues.c.id,
            issues.c.date,
            func.aggregate_strings(cast(picks.c.insight_id, String), ","),
        )
        .join(picks, picks.c.issue_id == issues.c.id)
        .group_by(issues.c.id, issues.c.date)
    )
    found: dict[int, tuple[date, tuple[int, ...]]] = {}
    for some in chunks(ids, 10_000):
        for issue_id, day, joined in db.execute(query.where(issues.c.id.in_(some))):
            found[issue_id] = (day, tuple(map(int, joined.split(","))))
    return found


def _row(issue_id: int, pick: Pick) -> dict[str, Any]:
    return {
        "issue_id": issue_id,
        "rank": pick.rank,
        "insight_id": pick.insight_id,
        "score": pick.score,
        "signals": dict(pick.signals),
        "citation": asdict(pick.citation),
        "echoes": [_echo_out(one) for one in pick.echoes],
        "related": [_echo_out(one) for one in pick.related],
        "reason": pick.reason,
    }


def _pick(row: Mapping[Any, Any]) -> Pick:
    return Pick(
        rank=row["rank"],
        insight_id=row["insight_id"],
        text=row["text"],
        citation=Citation(**row["citation"]),
        score=row["score"],
        signals=row["signals"],
        echoes=tuple(map(_echo_in, row["echoes"])),
        related=tuple(map(_echo_in, row["related"])),
        reason=row["reason"],
    )


def _echo_out(echo: Echo) -> dict[str, Any]:
    return {**asdict(echo), "heard": echo.heard and echo.heard.isoformat()}


def _echo_in(stored: Mapping[str, Any]) -> Echo:
    heard_on = stored["heard"]
    return Echo(**{**stored, "heard": heard_on and date.fromisoformat(heard_on)})
