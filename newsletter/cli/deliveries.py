"""``newsletter deliveries``, ``pause``, ``resume``, ``cancel``: what the operator decides."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.clocks import lapse
from newsletter.cli.output import say, say_json, say_json_each
from newsletter.cli.status import next_try
from newsletter.domain.due import local_date
from newsletter.domain.errors import UsageError
from newsletter.domain.text import counted
from newsletter.storage import heartbeats, operator_actions, reports

# The last places where a date is still today are twelve hours behind UTC.
_LAST_ZONE = timedelta(hours=12)
_WIDEST = len("skipped (unsubscribed)")


def list_(app: App, args: Namespace) -> int:
    """Read and written row by row: a ledger may be longer than memory."""
    today = local_date(app.clock(), app.settings.newsletter.timezone)
    day = args.date or (None if args.state else today)
    lapse(app)
    now = app.clock()
    with app.store.reading() as db:
        rows = operator_actions.listed(db, args.state, None, day)
        if args.json:
            say_json_each(rows)
        else:
            _tell(app, rows)
    if args.state == "unknown" and not day:
        with app.store.writing() as db:
            heartbeats.show(db, now)
    return 0


def _tell(app: App, rows: Iterator[Mapping[str, Any]]) -> None:
    row = None
    for row in rows:
        _show(app, row)
    if row is None:
        say("no such deliveries")


def _show(app: App, row: Mapping[str, Any]) -> None:
    reason = f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""
    state = f"{row['state']}{reason}".ljust(_WIDEST)
    say(f"{row['date']}  {state}  {row['address']}  {row['message_id']}")
    for line in _answers(row) if row["state"] != "sent" else ():
        say(f"    {line}")
    if row["state"] == "pending":
        say(f"    {next_try(app, row['next_attempt_at'])}")


def _answers(row: Mapping[str, Any]) -> Iterator[str]:
    """What the server said at the last attempt, step by step, and what stands for an answer."""
    for step in ("rcpt", "data"):
        if row[step]:
            yield f"{step.upper()}: {row[step]}"
    if row["answer"] not in ("", row["rcpt"], row["data"]):
        yield row["answer"]


def resolve(app: App, args: Namespace) -> int:
    """Raises UsageError where some became unknown only now, or since all were listed: nobody was
    shown them, nor looked. Whom the operator names was looked for.
    """
    now = app.clock()
    fresh = lapse(app)
    ids = [app.subscriber(address).id for address in args.to] if args.to else None
    with app.store.writing(durable=True) as db:
        since = heartbeats.shown(db, now) or _NEVER
        if new := fresh or (
            not ids and operator_actions.count(db, "unknown", ids, args.date, since=since)
        ):
            raise UsageError(f"{new:,} {_UNSEEN}")
        over = operator_actions.count(db, "unknown", ids, args.date, over=now)
        done = operator_actions.resolve(db, args.as_, now, ids, args.date)
        taken = operator_actions.count(db, "sending", ids, args.date)
    if not done and args.to:
        raise UsageError(_nothing(args.to, taken))
    if args.json:
        say_json({"resolved": done, "as": args.as_, "sending": taken})
        return 0
    say(f"{done} unknown {'delivery' if done == 1 else 'deliveries'} resolved as {args.as_}")
    if args.as_ == "pending" and done:
        say(_again(done, over))
    if taken:
        say(f"{taken} more {_TAKEN}")
    return 0


_UNSEEN = (
    "became unknown since you were shown them all, and nothing was resolved: see `newsletter"
    " deliveries --state unknown`, look for their Message-IDs in the mail server's log, and say it"
    " again"
)
_NEVER = datetime.min.replace(tzinfo=UTC)
_TAKEN = "still at a sender, or its lease is not over (delivery.lease_seconds): try again then"


def _nothing(addresses: Sequence[str], taken: int) -> str:
    found = _TAKEN if taken else "nothing unknown: see `newsletter deliveries --state unknown`"
    return f"{', '.join(addresses)}: {found}"


def _again(done: int, over: int) -> str:
    """What becomes of them now; ``over``: those whose next issue is due already."""
    if over == done:
        return "too old to be sent again: the next issue is due, and they will be failed (expired)"
    but = f"; {over} of them are too old, and will be failed (expired)" if over else ""
    return f"sent again by the next `run` or `send`{but}"


def pause(app: App, args: Namespace) -> int:  # noqa: ARG001
    with app.store.writing(durable=True) as db:
        operator_actions.pause(db, app.clock())
    say("paused: no message more is handed over until `newsletter resume`")
    return 0


def resume(app: App, args: Namespace) -> int:
    if args.date:
        return _resume_date(app, args.date)
    with app.store.writing(durable=True) as db:
        was = operator_actions.resume(db)
    say("it goes on with the next `run` or `send`" if was else "it was not paused")
    return 0


def _resume_date(app: App, day: date) -> int:
    with app.store.writing(durable=True) as db:
        was = operator_actions.allow(db, day)
        found = reports.outcomes(db, day)
    gone = sum(count for _, reason, count in found if reason == "cancelled")
    if not was:
        raise UsageError(f"{day} was not cancelled: `newsletter status --date {day}` tells")
    but = f"; {counted(gone, 'reader')} skipped by then stay so" if gone else ""
    say(f"the issue of {day} goes out to those whose hour is still to come{but}")
    return 0


def cancel(app: App, args: Namespace) -> int:
    """Raises UsageError for a date that is over: it is a slip, and another issue would go out."""
    day, now = args.date, app.clock()
    with app.store.writing(durable=True) as db:
        taken = operator_actions.count(db, "sending", None, day)
        waited = operator_actions.cancel(db, day, now)
        if not waited + taken and _is_over(day, now):
            raise UsageError(f"{day} is over everywhere, and nothing waits: is it another year?")
    say(
        f"cancelled: nobody more gets the issue of {day}; {counted(waited, 'reader')} waited for it"
    )
    if taken:
        say(f"{taken} more are at a sender: each is looked at again right before it is handed over")
    say(f"`newsletter resume --date {day}` takes it back for those whose hour has not come")
    return 0


def _is_over(day: date, now: datetime) -> bool:
    return day < (now - _LAST_ZONE).date()
