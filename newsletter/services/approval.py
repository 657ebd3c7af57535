"""Dates that wait for the operator's approval: what waits, and giving it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from newsletter.domain.errors import UsageError
from newsletter.storage import Store, approvals
from newsletter.storage.approvals import Approval

_LAST_ZONE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A date whose issues wait: for how many readers, and from when to when they are sent anyway.

    ``approval``: it was given, and they are being let go.
    """

    date: date
    readers: int
    first: datetime
    last: datetime
    approval: Approval | None


@dataclass(frozen=True, slots=True)
class Approved:
    """``again``: it was approved before, and ``approval`` is that one. ``readers`` waited."""

    approval: Approval
    readers: int
    again: bool


def waiting(store: Store) -> Sequence[Waiting]:
    """The earliest date first."""
    with store.reading() as db:
        pairs = [(approvals.held(db, day), approvals.find(db, day)) for day in approvals.days(db)]
    return [
        Waiting(held.date, held.readers, held.first, held.last, approval)
        for held, approval in pairs
        if held
    ]


def approval_of(store: Store, day: date) -> Approval | None:
    """The approval of a date."""
    with store.reading() as db:
        return approvals.find(db, day)


def approve(store: Store, day: date, who: str, now: datetime, *, asked: bool) -> Approved:
    """Let the issues of a date go at each reader's hour, with all that was edited up to now.

    It holds for those that are not composed yet, too. Raises UsageError for a date that is over,
    and where nothing waits and none is ``asked`` for.
    """
    with store.writing(durable=True) as db:
        before, held = approvals.find(db, day), approvals.held(db, day)
        if not held and day < (now - _LAST_ZONE).date():
            raise UsageError(f"{day} is over in every time zone, and nothing waits: check the year")
        if not (held or asked):
            advice = "set schedule.approval = true to have issues wait for it"
            raise UsageError(f"no issue of {day} waits for an approval", advice)
        approval = approvals.approve(db, day, who, now)
    return Approved(approval, held.readers if held else 0, before is not None)


def the_one_that_waits(store: Store) -> date:
    """Raises UsageError where none does, or several do: the operator has to say which."""
    days = [entry.date for entry in waiting(store) if not entry.approval]
    if len(days) == 1:
        return days[0]
    named = ", ".join(map(str, days))
    raise UsageError(
        f"several dates wait for approval: {named}" if days else "no date waits for approval",
        "name it with --date",
    )
