"""``newsletter status``: what came in, what went out, what did not and why, what is due next."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from newsletter.bootstrap import App
from newsletter.cli.clocks import lapse, steady
from newsletter.cli.output import say, say_json, table
from newsletter.domain.due import due_at, local_date, zone
from newsletter.domain.text import counted
from newsletter.storage import Connection, archive, ledger, operator_actions, reports, subscribers

_MOST = 20


def status(app: App, args: Namespace) -> int:
    day = args.date or local_date(app.clock(), app.settings.newsletter.timezone)
    lapse(app)
    found = _look(app, day)
    if args.json:
        say_json(found)
    else:
        _tell(app, found)
    return 0


def next_due(app: App) -> datetime | None:
    """The instant, in UTC, at which somebody not yet served is due next: no cancelled date's."""
    now = app.clock()
    near = [now.date() + timedelta(days=after) for after in range(-1, 4)]
    with app.store.reading() as db:
        days = [day for day in near if not operator_actions.is_cancelled(db, day)]
        places = reports.places(db)
        instants = sorted((due_at(day, p[1], p[0]), day, p) for day in days for p in places)
        for due, day, place in instants:
            if due > now and reports.is_waited_for(db, day, place):
                return due
    return None


def _look(app: App, day: date) -> dict[str, object]:
    selection = app.settings.selection
    first = day - timedelta(days=selection.window_days - 1)
    with app.store.reading() as db:
        totals = archive.totals(db)
        return {
            "date": day.isoformat(),
            "inbox": str(app.beside(app.settings.inbox.path)),
            "briefs": totals.briefs,
            "insights": totals.insights,
            "mentions": totals.mentions,
            "boilerplate": totals.dropped,
            "rejected": [dict(row) for row in archive.rejected(db)],
            "subscribers": subscribers.counts(db),
            "candidates": reports.candidate_count(db, first, day),
            "deliveries": [
                {"state": state, "reason": reason, "count": count}
                for state, reason, count in reports.outcomes(db, day)
            ],
            "troubles": [dict(row) for row in reports.troubles(db, day, _MOST + 1)],
            "held_back": [
                {"domain": domain, "until": until, "waiting": count}
                for domain, until, count in reports.held_back(db, app.clock())
            ],
            "paced": [
                {
                    "domain": name or None,
                    "per_second": app.pace.rate(name),
                    "waiting": count,
                    "seconds": round(least.total_seconds(), 1),
                }
                for name, count, least in reports.paced(db, app.clock(), app.pace)
            ],
            "leased": _leased(db, app),
            "unknown": reports.unresolved(db),
            "paused": ledger.paused(db),
            "cancelled": operator_actions.is_cancelled(db, day),
            "next_due": next_due(app),
        }


def _leased(db: Connection, app: App) -> Mapping[str, object]:
    count, until = ledger.leased(db, app.clock(), steady())
    return {"count": count, "until": until}


def _tell(app: App, found: Mapping[str, Any]) -> None:
    say(f"Inbox        {found['inbox']}")
    parts = ", ".join(counted(found[f"{one}s"], one) for one in ("brief", "insight", "mention"))
    dropped = counted(found["boilerplate"], "paragraph")
    say(f"             {parts}; {dropped} dropped as boilerplate")
    for one in found["rejected"]:
        where = f", line {one['line']}" if one["line"] else ""
        say(f"  rejected   {one['path']}{where}: {one['reason']}")
    states = [f"{count:,} {state}" for state, count in sorted(found["subscribers"].items())]
    say(f"Subscribers  {', '.join(states) or 'none yet: newsletter subscribers add ADDRESS'}")
    off = "; cancelled: nobody more gets it" if found["cancelled"] else ""
    of = f"of the last {counted(app.settings.selection.window_days, 'day')}"
    say(f"Issue of     {found['date']}: {counted(found['candidates'], 'candidate')} {of}{off}")
    table(
        [
            (f"{one['count']:,}", one["state"], (one["reason"] or "").replace("_", " "))
            for one in found["deliveries"]
        ]
        or [("nothing composed yet",)],
        indent="             ",
    )
    _tell_troubles(app, found)
    _tell_waits(app, found)
    _tell_paced(found["paced"])
    if found["leased"]["until"]:
        say(f"Sending      {in_hand(app, **found['leased'])}")
    _tell_unknown(found["unknown"])
    if found["paused"]:
        say(f"Paused       since {local(app, found['paused'])}: `newsletter resume` goes on")
    say(f"Next due     {local(app, found['next_due'])}")


def _tell_troubles(app: App, found: Mapping[str, Any]) -> None:
    for row in found["troubles"][:_MOST]:
        reason = f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""
        say(f"  {_who(row)}  {row['state']}{reason}: {row['answer']}")
        if row["next_attempt_at"]:
            say(f"    {next_try(app, row['next_attempt_at'])}")
    if len(found["troubles"]) > _MOST:
        say(f"  and more: newsletter deliveries --date {found['date']}")


def _who(row: Mapping[str, Any]) -> str:
    more = row["count"] - 1
    where = f" of @{row['domain']}" if row["domain"] else ""
    return f"{row['address']} and {more:,} more{where}" if more else row["address"]


def _tell_waits(app: App, found: Mapping[str, Any]) -> None:
    """Whole domains: what waits for whom."""
    waits = found["held_back"]
    for one in waits[:_MOST]:
        when = f"asked to wait; next try at {local(app, one['until'])}"
        say(f"  @{one['domain']}  {when}: {one['waiting']:,} pending of any date")
    if (more := len(waits) - _MOST) > 0:
        say(f"  and {counted(more, 'domain')} more: newsletter status --json")


def _tell_paced(waits: Sequence[Mapping[str, Any]]) -> None:
    """What goes no faster because it is not to."""
    for one in waits[:_MOST]:
        who = f"  @{one['domain']}  " if one["domain"] else "Pace         "
        when = f"pending of any date, the last in {roughly(one['seconds'])} at the earliest"
        say(f"{who}{one['per_second']:g} a second: {one['waiting']:,} {when}")
    if (more := len(waits) - _MOST) > 0:
        say(f"  and {counted(more, 'domain')} more: newsletter status --json")


def roughly(seconds: float) -> str:
    """How long at least, as people say it: rounded down."""
    if seconds <= 120:
        return f"{int(seconds)} s"
    return f"{int(seconds / 60)} min" if seconds <= 120 * 60 else f"{int(seconds / 3600)} h"


def in_hand(app: App, count: int, until: datetime) -> str:
    return f"{count:,} in a sender's hand; should it be dead, unknown from {local(app, until)}"


def _tell_unknown(count: int) -> None:
    if count:
        say(f"Unknown      {count:,} of any date: the server may have the message or not.")
        say(
            "             `newsletter deliveries --state unknown` names their Message-IDs: look for"
        )
        say("             those in its log, and settle them with")
        say("             `newsletter deliveries resolve --as sent` (or `--as pending`)")


def next_try(app: App, instant: datetime) -> str:
    """Of what is pending; a wait that is over ends with whoever sends next."""
    if instant <= app.clock():
        return "next try at the next `send` or `run`"
    return f"next try at {local(app, instant)}"


def local(app: App, instant: datetime | None) -> str:
    if instant is None:
        return "nobody: no active subscribers"
    return f"{instant.astimezone(zone(app.settings.newsletter.timezone)):%Y-%m-%d %H:%M %Z}"
