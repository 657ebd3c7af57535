"""``newsletter status``: what came in, what went out, what did not and why, what is due next."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from newsletter.bootstrap import App
from newsletter.bootstrap.rate_limits import rate_limits
from newsletter.cli.output import say, say_json, table, warn
from newsletter.domain.due import local_date
from newsletter.domain.text import counted
from newsletter.services.operator_actions import end_expired_leases
from newsletter.services.status import (
    MOST_TROUBLES,
    DayStatus,
    day_status,
    elsewhere,
    too_old_count,
)
from newsletter.services.wording import (
    approve_it,
    awaiting,
    being_sent,
    local_time,
    next_attempt,
    roughly,
    state_and_reason,
    too_old,
    warming_up,
)

_MOST_DOMAINS = 20
_INDENT = " " * 13


def status(app: App, args: Namespace) -> int:
    now, settings = app.clock(), app.settings
    if warning := end_expired_leases(app.store, now):
        warn(warning)
    today = local_date(now, settings.newsletter.timezone)
    others = {} if args.date else elsewhere(app.store, today, now)
    day = day_status(
        app.store,
        args.date or today,
        now,
        inbox=app.beside(settings.inbox.path),
        window_days=settings.selection.window_days,
        minimum=settings.selection.minimum,
        limits=rate_limits(settings),
    )
    if args.json:
        say_json(asdict(day) | {"elsewhere": {str(on): states for on, states in others.items()}})
    else:
        _print(app, day, now, others)
    return 0


def _print(
    app: App, day: DayStatus, now: datetime, others: Mapping[date, Mapping[str, int]]
) -> None:
    timezone = app.settings.newsletter.timezone
    _print_inbox(day)
    _print_feeds(day, timezone)
    states = [f"{count:,} {state}" for state, count in sorted(day.subscribers.items())]
    say(f"Subscribers  {', '.join(states) or 'none yet: newsletter subscribers add ADDRESS'}")
    _print_issue(day, app.settings.selection.window_days)
    _print_elsewhere(others)
    _print_troubles(day, now, timezone)
    _print_deferred_domains(day.held_back, timezone)
    _print_rate_limited(day.paced)
    for row in day.warm_up:
        say(f"Warm-up      {warming_up(row)}")
    if day.leased["until"]:
        say(f"Sending      {being_sent(day.leased['count'], day.leased['until'], timezone)}")
    _print_unknown(day.unknown)
    if day.notices:
        counts = (f"{row['count']:,} {row['purpose']} {row['state']}" for row in day.notices)
        say(f"Notices      in two days: {', '.join(counts)}")
    for approval in day.approvals:
        then = "" if approval.approval else f"; {approve_it(approval)}"
        say(f"Approval     {awaiting(approval, timezone)}{then}")
    if day.unanswered:
        say(f"Still there  {counted(day.unanswered, 'reader')} asked, without an answer yet")
    for storm in day.storms:
        say(f"Bounces      {storm}")
    if day.paused:
        say(f"Paused       since {local_time(day.paused, timezone)}: `newsletter resume` goes on")
    say(f"Next due     {next_due_time(day.next_due, timezone)}")


def next_due_time(instant: datetime | None, timezone: str) -> str:
    return local_time(instant, timezone) if instant else "nobody: no active subscribers"


def what_is_too_old(app: App, day: date) -> str:
    """Of a date with too little that is new; empty where nothing is too old for it."""
    window_days = app.settings.selection.window_days
    return too_old(too_old_count(app.store, day, window_days), window_days)


def _print_inbox(day: DayStatus) -> None:
    say(f"Inbox        {day.inbox}")
    counts = counted(day.briefs, "brief"), counted(day.insights, "insight")
    read = ", ".join([*counts, counted(day.mentions, "mention")])
    say(f"{_INDENT}{read}; {counted(day.boilerplate, 'paragraph')} dropped as boilerplate")
    for file in day.rejected:
        where = f", line {file['line']}" if file["line"] else ""
        say(f"  rejected   {file['path']}{where}: {file['reason']}")


def _print_feeds(day: DayStatus, timezone: str) -> None:
    if not day.feeds:
        return
    failing, ended = day.failing_feeds, day.ended_feeds
    also = f", {len(ended):,} ended" if ended else ""
    say(f"Feeds        {counted(day.feeds, 'feed')} followed, {len(failing):,} failing{also}")
    for row in failing[:MOST_TROUBLES]:
        since = local_time(row["failing_since"], timezone)
        then = f"next try {local_time(row['next_try'], timezone)}"
        say(f"  {row['url']}  since {since}, {then}: {row['reason']}")
    for row in day.faulty_feeds[:MOST_TROUBLES]:
        say(f"  {row['url']}  {row['reason']}")
    for row in ended[:MOST_TROUBLES]:
        say(f"  {row['url']}  ended at {local_time(row['ended_at'], timezone)}: {row['reason']}")
    if max(len(failing), len(day.faulty_feeds), len(ended)) > MOST_TROUBLES:
        say("  and more: newsletter sources list")
    if day.waiting_episodes:
        waiting = counted(day.waiting_episodes, "episode")
        say(f"  waiting    {waiting}: `newsletter sources list --episodes` says for what")


def _print_issue(day: DayStatus, window_days: int) -> None:
    candidates = f"{counted(day.candidates, 'candidate')} of the last {counted(window_days, 'day')}"
    cancelled = "; cancelled: nobody else gets it" if day.cancelled else ""
    say(f"Issue of     {day.date}: {candidates}{cancelled}")
    if day.too_old:
        say(f"{_INDENT}{too_old(day.too_old, window_days)}")
    outcomes: list[tuple[str, ...]] = [
        (f"{row['count']:,}", row["state"], (row["reason"] or "").replace("_", " "))
        for row in day.deliveries
    ]
    table(outcomes or [("nothing composed yet",)], indent=_INDENT)


def _print_elsewhere(others: Mapping[date, Mapping[str, int]]) -> None:
    for on, states in others.items():
        counts = ", ".join(f"{count:,} {state}" for state, count in states.items())
        say(f"{_INDENT}{counts} where it is {on}")


def _print_troubles(day: DayStatus, now: datetime, timezone: str) -> None:
    for row in day.troubles[:MOST_TROUBLES]:
        say(f"  {_whose(row)}  {state_and_reason(row)}: {row['answer']}")
        if row["next_attempt_at"]:
            say(f"    {next_attempt(row['next_attempt_at'], now, timezone)}")
    if len(day.troubles) > MOST_TROUBLES:
        say(f"  and more: newsletter deliveries --date {day.date}")


def _whose(row: Mapping[str, Any]) -> str:
    more = row["count"] - 1
    domain = f" of @{row['domain']}" if row["domain"] else ""
    return f"{row['address']} and {more:,} more{domain}" if more else row["address"]


def _print_deferred_domains(domains: Sequence[Mapping[str, Any]], timezone: str) -> None:
    for row in domains[:_MOST_DOMAINS]:
        when = f"asked to wait; next try at {local_time(row['until'], timezone)}"
        say(f"  @{row['domain']}  {when}: {row['pending']:,} pending of any date")
    _print_more_domains(domains)


def _print_rate_limited(domains: Sequence[Mapping[str, Any]]) -> None:
    for row in domains[:_MOST_DOMAINS]:
        name = f"  @{row['domain']}  " if row["domain"] else "Pace         "
        when = f"pending of any date, the last in {roughly(row['seconds'])} at the earliest"
        say(f"{name}{row['per_second']:g} a second: {row['pending']:,} {when}")
    _print_more_domains(domains)


def _print_more_domains(domains: Sequence[Mapping[str, Any]]) -> None:
    if (more := len(domains) - _MOST_DOMAINS) > 0:
        say(f"  and {counted(more, 'domain')} more: newsletter status --json")


def _print_unknown(count: int) -> None:
    if count:
        say(f"Unknown      {count:,} of any date: the server may have the message or not.")
        say(f"{_INDENT}`newsletter deliveries --state unknown` lists their Message-IDs: look for")
        say(f"{_INDENT}those in its log, and settle them with")
        say(f"{_INDENT}`newsletter deliveries resolve --as sent` (or `--as pending`)")
