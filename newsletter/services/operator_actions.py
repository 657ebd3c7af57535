"""What the operator decides: pause, resume, cancel a date, settle what is unknown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from newsletter.domain.errors import StoreError, UsageError
from newsletter.services.clock import steady
from newsletter.services.readers import find_subscriber
from newsletter.storage import Store, heartbeats, operator_actions, recovery, reports

# The last places where a date is still today are twelve hours behind UTC.
_LAST_ZONE = timedelta(hours=12)
_NEVER = datetime.min.replace(tzinfo=UTC)

STILL_SENDING = (
    "still being sent, or their lease is not over yet (delivery.lease_seconds): try again then"
)


@dataclass(frozen=True)
class Cancelled:
    """How many readers waited for the issue, and how many messages are being sent now."""

    waited: int
    sending: int


@dataclass(frozen=True)
class Resolved:
    """How many were resolved. ``too_old`` of them will not be sent again; ``sending`` more were not
    resolved, because a process may still send them."""

    count: int
    too_old: int
    sending: int


def pause(store: Store, now: datetime) -> None:
    with store.writing(durable=True) as db:
        operator_actions.pause(db, now)


def resume(store: Store) -> bool:
    """Whether it was paused."""
    with store.writing(durable=True) as db:
        return operator_actions.resume(db)


def cancel(store: Store, day: date, now: datetime) -> Cancelled:
    """Raises UsageError for a past date: a slip, and the issue that was meant would go out."""
    with store.writing(durable=True) as db:
        sending = operator_actions.count(db, "sending", None, day)
        waited = operator_actions.cancel(db, day, now)
        if not waited + sending and day < (now - _LAST_ZONE).date():
            raise UsageError(f"{day} is over in every time zone, and nothing waits: check the year")
    return Cancelled(waited, sending)


@dataclass(frozen=True)
class Standing:
    """How a date stands: deliveries that wait, are being sent and were sent. ``skipped`` are those
    that it was cancelled for."""

    waiting: int
    sending: int
    sent: int
    skipped: int
    cancelled: bool


def standing(store: Store, day: date) -> Standing:
    with store.reading() as db:
        outcomes = reports.outcomes(db, day)
        cancelled = operator_actions.is_cancelled(db, day)
    states = Counter[str]()
    for state, reason, count in outcomes:
        states[state if reason != "cancelled" else "cancelled"] += count
    return Standing(
        waiting=states["pending"],
        sending=states["sending"],
        sent=states["sent"],
        skipped=states["cancelled"],
        cancelled=cancelled,
    )


def take_back_cancel(store: Store, day: date) -> int:
    """Returns how many readers stay skipped. Raises UsageError if the date is not cancelled."""
    with store.writing(durable=True) as db:
        was_cancelled = operator_actions.allow(db, day)
        outcomes = reports.outcomes(db, day)
    if not was_cancelled:
        advice = f"see `newsletter status --date {day}`"
        raise UsageError(f"{day} was not cancelled", advice)
    return sum(count for _, reason, count in outcomes if reason == "cancelled")


def without_sender(store: Store, now: datetime) -> int:
    """How many deliveries are listed as sending though their process is gone. Changes nothing."""
    with store.reading() as db:
        return sum(map(len, recovery.lapsed(db, now, steady(), store.journal).values()))


def end_expired_leases(store: Store, now: datetime) -> str:
    """Settle the deliveries of dead processes by the journal, or as unknown. Returns a warning if
    that cannot be written.

    A full disk must not keep the operator from looking.
    """
    count = without_sender(store, now)
    if not count:
        return ""
    try:
        with store.writing(durable=True) as db:
            recovery.lapse(db, now, steady(), store.journal)
    except StoreError as error:
        return f"{count:,} that are listed as sending have no sender; it cannot be written: {error}"
    return ""


def remember_unknown_were_listed(store: Store, now: datetime) -> None:
    """Note that the operator was shown every unknown delivery, as ``resolve`` requires."""
    with store.writing() as db:
        heartbeats.show(db, now)


def resolve(
    store: Store,
    outcome: str,
    now: datetime,
    addresses: Sequence[str] = (),
    day: date | None = None,
) -> Resolved:
    """Settle unknown deliveries as ``sent`` or ``pending``.

    Raises UsageError if some became unknown after the operator last listed them: nobody looked for
    those in the server's log. Deliveries of ``addresses`` need no list.
    """
    ids = [find_subscriber(store, address).id for address in addresses] or None
    with store.writing(durable=True) as db:
        new = recovery.lapse(db, now, steady(), store.journal)
    with store.writing(durable=True) as db:
        if not (new or ids):
            listed_at = heartbeats.shown(db, now) or _NEVER
            new = operator_actions.count(db, "unknown", None, day, since=listed_at)
        if new:
            raise UsageError(_not_listed(new))
        if outcome == "pending" and (lost := operator_actions.count_without_issue(db, ids, day)):
            raise UsageError(
                f"{lost:,} cannot be sent again: what they held is not known after a restore",
                "resolve those `--as sent` (`--to`, `--date`); their readers get the next issue",
            )
        too_old = operator_actions.count(db, "unknown", ids, day, over=now)
        count = operator_actions.resolve(db, outcome, now, ids, day)
        sending = operator_actions.count(db, "sending", ids, day)
    if not count and addresses:
        raise UsageError(f"{', '.join(addresses)}: {_why_nothing(sending)}")
    return Resolved(count, too_old, sending)


def _not_listed(count: int) -> str:
    return (
        f"{count:,} became unknown since you last listed them, and nothing was resolved: run"
        " `newsletter deliveries --state unknown`, look for their Message-IDs in the mail server's"
        " log, and then run this command again"
    )


def _why_nothing(sending: int) -> str:
    if sending:
        return STILL_SENDING
    return "nothing is unknown: see `newsletter deliveries --state unknown`"
