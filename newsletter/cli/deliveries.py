"""``newsletter deliveries``, ``pause``, ``resume``, ``cancel``: the operator's decisions."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.output import say, say_json, say_json_each, warn
from newsletter.domain.due import local_date
from newsletter.domain.text import counted
from newsletter.services import operator_actions as actions
from newsletter.services.deliveries import listed
from newsletter.services.wording import local_time, next_attempt, state_and_reason

_STATE_WIDTH = len("skipped (unsubscribed)")


def list_(app: App, args: Namespace) -> int:
    """Read and written row by row: a ledger may be longer than memory."""
    now = app.clock()
    today = local_date(now, app.settings.newsletter.timezone)
    day = args.date or (None if args.state else today)
    if warning := actions.end_expired_leases(app.store, now):
        warn(warning)
    with listed(app.store, args.state, day) as deliveries:
        if args.json:
            say_json_each(deliveries)
        else:
            _print_all(app, deliveries)
    if args.state == "unknown" and not day:
        actions.remember_unknown_were_listed(app.store, now)
    return 0


def _print_all(app: App, deliveries: Iterator[Mapping[str, Any]]) -> None:
    row = None
    for row in deliveries:
        _print(app, row)
    if row is None:
        say("no such deliveries")


def _print(app: App, row: Mapping[str, Any]) -> None:
    state = state_and_reason(row).ljust(_STATE_WIDTH)
    say(f"{row['date']}  {state}  {row['address']}  {row['message_id']}")
    timezone = app.settings.newsletter.timezone
    for line in _replies(row) if row["state"] != "sent" else ():
        say(f"    {line}")
    if row["state"] == "sent" and row["came_back"]:
        say(f"    {local_time(row['back_at'], timezone)}: {row['back_words']}")
    if row["state"] == "pending":
        say(f"    {next_attempt(row['next_attempt_at'], app.clock(), timezone)}")


def _replies(row: Mapping[str, Any]) -> Iterator[str]:
    """The server's replies at the last attempt, and what stands for an answer."""
    for step in ("rcpt", "data"):
        if row[step]:
            yield f"{step.upper()}: {row[step]}"
    if row["answer"] not in ("", row["rcpt"], row["data"]):
        yield row["answer"]


def resolve(app: App, args: Namespace) -> int:
    resolved = actions.resolve(app.store, args.as_, app.clock(), args.to or (), args.date)
    if args.json:
        say_json({"resolved": resolved.count, "as": args.as_, "sending": resolved.sending})
        return 0
    say(f"{counted(resolved.count, 'unknown delivery')} resolved as {args.as_}")
    if args.as_ == "pending" and resolved.count:
        say(_what_follows(resolved))
    if resolved.sending:
        say(f"{resolved.sending} more {actions.STILL_SENDING}")
    return 0


def _what_follows(resolved: actions.Resolved) -> str:
    if resolved.too_old == resolved.count:
        return "too old to be sent again: the next issue is due, so they will be failed (expired)"
    but = f"; {resolved.too_old} of them are too old, and will be failed (expired)"
    return f"sent again by the next `run` or `send`{but if resolved.too_old else ''}"


def pause(app: App, args: Namespace) -> int:  # noqa: ARG001
    actions.pause(app.store, app.clock())
    say("paused: no more messages are sent until `newsletter resume`")
    return 0


def resume(app: App, args: Namespace) -> int:
    if args.date:
        skipped = actions.take_back_cancel(app.store, args.date)
        but = f"; {counted(skipped, 'reader')} skipped by then stay so" if skipped else ""
        say(f"the issue of {args.date} goes out to those whose hour is still to come{but}")
    elif actions.resume(app.store):
        say("resumed: the next `run` or `send` goes on")
    else:
        say("it was not paused")
    return 0


def cancel(app: App, args: Namespace) -> int:
    cancelled = actions.cancel(app.store, args.date, app.clock())
    waited = counted(cancelled.waited, "reader")
    say(f"cancelled: nobody else gets the issue of {args.date}; {waited} waited for it")
    if cancelled.sending:
        say(f"{cancelled.sending} more are being sent; each is checked again right before it goes")
    say(f"`newsletter resume --date {args.date}` takes it back for those whose hour has not come")
    return 0
